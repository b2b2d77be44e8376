"""Metadata is set by those who may, is what the templates ask as a whole, and is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM
from lagan.hub.tree import queries, services
from lagan.hub.tree.errors import NotCompliant
from lagan.hub.tree.metadata import queries as metadata
from lagan.hub.tree.models import Entity, Metadata
from lagan.hub.tree.permissions import FAMILIES, Permission
from lagan.hub.tree.queries import Field
from lagan.hub.tree.services import metadata as writing
from lagan.kit.errors import Conflict, Forbidden, NotFound
from tests.hub.people import People

STAIN = Field(".Stain", defaults=("DAPI", "GFP"), mandatory=True, singular=True)
DEPTH = Field(".Depth", regex="[0-9]+ um", most=1)
SCOPE = Field(".Scope", persistent=True)
OPERATOR = Field(".Operator", mandatory=True)


@pytest.fixture
def lab(people: People) -> Entity:
    """Where datasets have a stain, a depth, a scope that stays, and an operator."""
    made = services.create_template(
        by=SYSTEM, name="lab", parent=people.team.id, fields=[STAIN, DEPTH, SCOPE, OPERATOR]
    )
    services.assign_template(by=SYSTEM, group=people.team.id, type="DATASET", template=made.id)
    return people.team


@pytest.fixture
def dataset(people: People, lab: Entity) -> Entity:
    """Compliant; the owner may change it, the mate read its metadata."""
    made = dataset_in(lab, {".Operator": ["Ada"]})
    for who, permissions in (
        (people.owner, FAMILIES["DATASET"]),
        (people.mate, {Permission.DATASET_METADATA_READ}),
    ):
        assert who.entity is not None
        services.set_grants(by=SYSTEM, subject=who.entity, object=made.id, grant=permissions)
    return made


def dataset_in(group: Entity, values: dict[str, list[str]], name: str = "scan") -> Entity:
    return services.create_entity(
        by=SYSTEM, type="DATASET", name=name, parent=group.id, metadata=values
    )


def codes(refusal: pytest.ExceptionInfo[NotCompliant]) -> set[tuple[str, str]]:
    return {(each["key"], each["code"]) for each in refusal.value.facts["reasons"]}


def test_a_new_entity_is_compliant_or_not_there(people: People, lab: Entity) -> None:
    with pytest.raises(NotCompliant) as refusal:
        dataset_in(lab, {".Stain": ["blue"], ".Depth": ["5", "6 um"], "bad key": ["x"][:0]})
    assert codes(refusal) == {("bad key", "bad-key")}
    with pytest.raises(NotCompliant) as refusal:
        dataset_in(lab, {".Stain": ["blue"], ".Depth": ["5", "6 um"]})
    assert codes(refusal) == {
        (".Stain", "not-a-choice"),
        (".Depth", "no-match"),
        (".Depth", "too-many"),
        (".Operator", "missing"),
    }
    assert not Entity.objects.filter(type="DATASET").exists()
    made = dataset_in(lab, {".Operator": ["Ada"]})
    assert queries.metadata(made.id) == {".Operator": ["Ada"], ".Stain": ["DAPI"]}


def test_people_set_no_system_keys_even_at_creation(lab: Entity) -> None:
    with pytest.raises(NotCompliant, match="Only the system"):
        dataset_in(lab, {".Operator": ["Ada"], "system.dataset.owner": ["me"]})


def test_changing_needs_change_and_reading_needs_metadata_read(
    people: People, dataset: Entity
) -> None:
    services.set_metadata(by=people.owner, entity=dataset.id, values={".Depth": ["5 um"]})
    assert metadata.metadata(people.mate, dataset.id)[".Depth"] == ["5 um"]
    with pytest.raises(NotFound):
        services.set_metadata(by=people.mate, entity=dataset.id, values={".Depth": []})
    with pytest.raises(NotFound):
        services.set_metadata(by=people.stranger, entity=dataset.id, values={".Depth": []})
    with pytest.raises(NotFound):
        metadata.metadata(people.stranger, dataset.id)
    with pytest.raises(NotFound):
        metadata.history(people.stranger, dataset.id)
    assert people.stranger.entity is not None
    services.set_grants(
        by=SYSTEM,
        subject=people.stranger.entity,
        object=dataset.id,
        grant={Permission.DATASET_READ},
    )
    with pytest.raises(Forbidden):
        metadata.metadata(people.stranger, dataset.id)


def test_the_whole_is_judged_at_every_write(people: People, dataset: Entity) -> None:
    act: dict[str, Any] = {"by": people.owner, "entity": dataset.id}
    with pytest.raises(NotCompliant) as refusal:
        services.set_metadata(values={".Operator": [], ".Depth": ["deep"], ".own": ["1"]}, **act)
    assert codes(refusal) == {(".Operator", "missing"), (".Depth", "no-match")}
    services.set_metadata(values={".Stain": [], ".own": ["1"]}, **act)
    assert queries.metadata(dataset.id)[".Stain"] == ["DAPI"]
    assert queries.metadata(dataset.id)[".own"] == ["1"]
    services.replace_metadata(values={".Operator": ["Eve"]}, **act)
    assert queries.metadata(dataset.id) == {".Operator": ["Eve"], ".Stain": ["DAPI"]}


def test_what_is_persistent_is_set_once_until_the_template_changes(
    people: People, lab: Entity, dataset: Entity
) -> None:
    act: dict[str, Any] = {"by": people.owner, "entity": dataset.id}
    services.set_metadata(values={".Scope": ["A1"]}, **act)
    services.set_metadata(values={".Scope": ["A1"]}, **act)
    for scope in (["B2"], []):
        with pytest.raises(NotCompliant) as refusal:
            services.set_metadata(values={".Scope": scope}, **act)
        assert codes(refusal) == {(".Scope", "persistent")}
    template = Entity.objects.get(type="TEMPLATE")
    services.set_field(by=SYSTEM, template=template.id, field=Field(".Scope"))
    services.set_metadata(values={".Scope": ["B2"]}, **act)
    services.set_field(by=SYSTEM, template=template.id, field=SCOPE)
    with pytest.raises(NotCompliant):
        services.set_metadata(values={".Scope": ["A1"]}, **act)


def test_texts_stay_as_given_and_are_comparable(people: People, dataset: Entity) -> None:
    values: dict[str, list[str]] = {".n": ["007", "1e3", "x"], ".t": ["2026-11-22T01:00:00+01:00"]}
    services.set_metadata(by=people.owner, entity=dataset.id, values=values)
    found = metadata.metadata(people.owner, dataset.id)
    assert {key: found[key] for key in values} == values
    rows = Metadata.objects.filter(entity=dataset.id, key=".n").order_by("position")
    assert list(rows.values_list("number", flat=True)) == [7.0, 1000.0, None]
    row = Metadata.objects.get(entity=dataset.id, key=".t")
    assert row.time is not None
    assert row.time.isoformat() == "2026-11-22T00:00:00+00:00"


def test_the_systems_keys_are_neither_shown_nor_changed(people: People, dataset: Entity) -> None:
    services.set_metadata(by=SYSTEM, entity=dataset.id, values={"system.x": ["1"]})
    assert "system.x" not in metadata.metadata(people.owner, dataset.id)
    assert metadata.metadata(SYSTEM, dataset.id)["system.x"] == ["1"]
    with pytest.raises(Forbidden):
        services.set_metadata(by=people.owner, entity=dataset.id, values={"system.x": []})
    services.replace_metadata(by=people.owner, entity=dataset.id, values={".Operator": ["A"]})
    assert queries.metadata(dataset.id)["system.x"] == ["1"]
    keys = {each.key for each in metadata.history(people.owner, dataset.id).items}
    assert "system.x" not in keys


def test_history_tells_every_change(people: People, dataset: Entity) -> None:
    act: dict[str, Any] = {"by": people.owner, "entity": dataset.id}
    services.set_metadata(values={".Depth": ["5 um"], ".Operator": ["Ada"]}, **act)
    services.set_metadata(values={".Depth": ["5 um"]}, **act)
    services.set_metadata(values={".Depth": []}, **act)
    page = metadata.history(people.mate, dataset.id, key=".Depth")
    told = [(each.by, each.before, each.after) for each in page.items]
    assert told == [("owner", ["5 um"], []), ("owner", [], ["5 um"])]
    first = metadata.history(people.mate, dataset.id).items[-1]
    assert (first.by, first.before) == ("system", [])
    pages = metadata.history(people.mate, dataset.id, size=1)
    assert len(pages.items) == 1
    assert pages.next is not None
    events = Event.objects.filter(kind="metadata.set", subject=dataset.id)
    assert [each.data for each in events.order_by("id")] == ['{"keys":[".Depth"]}'] * 2


def test_copying_respects_who_may_read_and_what_is_persistent(
    people: People, lab: Entity, dataset: Entity
) -> None:
    other = dataset_in(lab, {".Operator": ["Eve"], ".Scope": ["B2"], ".own": ["1"]}, "other")
    act: dict[str, Any] = {"by": people.owner, "source": other.id, "target": dataset.id}
    with pytest.raises(NotFound):
        services.copy_metadata(**act)
    services.set_metadata(by=people.owner, entity=dataset.id, values={".Scope": ["A1"]})
    assert people.owner.entity is not None
    services.set_grants(
        by=SYSTEM,
        subject=people.owner.entity,
        object=other.id,
        grant={Permission.DATASET_METADATA_READ},
    )
    assert services.copy_metadata(keys=[".own", ".none"], **act) == [".own"]
    assert services.copy_metadata(**act) == [".Operator", ".Stain", ".own"]
    found = queries.metadata(dataset.id)
    assert (found[".Operator"], found[".Scope"], found[".own"]) == (["Eve"], ["A1"], ["1"])
    with pytest.raises(NotFound):
        services.copy_metadata(by=people.mate, source=dataset.id, target=other.id)


def test_a_preview_tells_what_would_change_and_changes_nothing(
    people: People, dataset: Entity
) -> None:
    before = queries.metadata(dataset.id)
    act: dict[str, Any] = {"by": people.owner, "entity": dataset.id}
    changes, reasons = services.preview_metadata(values={".own": ["1"]}, **act)
    assert [(each.key, each.before, each.after) for each in changes] == [(".own", (), ("1",))]
    assert reasons == []
    changes, reasons = services.preview_metadata(values={".own": ["1"]}, replace=True, **act)
    assert {each.code for each in reasons} == {"missing"}
    assert {each.key for each in changes} == {".Operator", ".Stain", ".own"}
    assert queries.metadata(dataset.id) == before
    with pytest.raises(NotFound):
        services.preview_metadata(by=people.mate, entity=dataset.id, values={})


@pytest.fixture
def guarded() -> Iterator[None]:
    def refuse(entity: int) -> None:
        raise Conflict("Kept as it was.")

    services.register_guard("NOTICE", refuse)
    yield
    writing._GUARDS.pop("NOTICE")


@pytest.mark.usefixtures("guarded")
def test_a_room_above_can_say_that_nothing_changes_any_more(people: People) -> None:
    made = services.create_entity(by=SYSTEM, type="NOTICE", name="n", parent=people.team.id)
    with pytest.raises(Conflict, match="Kept"):
        services.set_metadata(by=SYSTEM, entity=made.id, values={".a": ["1"]})


def test_too_many_values_are_refused(people: People, dataset: Entity) -> None:
    with pytest.raises(NotCompliant, match="at most 1000 values"):
        services.set_metadata(
            by=people.owner, entity=dataset.id, values={".k": [str(n) for n in range(1001)]}
        )
    with pytest.raises(NotCompliant, match="at most 10000 characters"):
        services.set_metadata(by=people.owner, entity=dataset.id, values={".k": ["x" * 10_001]})


def test_presets_are_those_of_the_templates_first(lab: Entity) -> None:
    found = [each.key for each in metadata.presets_at(lab.id, "DATASET")]
    assert found[:4] == [".Stain", ".Depth", ".Scope", ".Operator"]
    assert {".Creator", ".Description", ".Title", ".Keywords"} <= set(found)
