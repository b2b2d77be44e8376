"""Templates are edited and assigned by those who may, and take effect down the tree."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest

from lagan.hub.archive.services.tables import put_rows, rows_of
from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.tree import queries, services
from lagan.hub.tree.errors import NotCompliant
from lagan.hub.tree.metadata import queries as metadata
from lagan.hub.tree.models import Entity, MetadataChange, TemplateAssignment, TemplateField
from lagan.hub.tree.permissions import FAMILIES, Permission
from lagan.hub.tree.queries import Field
from lagan.hub.tree.templates import queries as templates
from lagan.kit.errors import BadInput, Conflict, Forbidden, NotFound
from tests.hub.people import People

_numbers = count(1)
LIFE = "system.dataset.open.lifespan"


def allow(who: Actor, place: Entity, *permissions: str) -> None:
    assert who.entity is not None
    services.set_grants(by=SYSTEM, subject=who.entity, object=place.id, grant=permissions)


def template(people: People, *fields: Field, name: str = "") -> Entity:
    return services.create_template(
        by=SYSTEM, name=name or f"t{next(_numbers)}", parent=people.team.id, fields=fields
    )


def assign(group: Entity, *templates: Entity, type: str = "DATASET") -> None:
    services.set_assignments(
        by=SYSTEM, group=group.id, type=type, templates=[each.id for each in templates]
    )


def test_names_of_templates_are_unique_in_the_whole_tree(people: People) -> None:
    first = template(people, name="optics")
    root = people.ground.root.id
    with pytest.raises(Conflict, match="already is a template named optics"):
        services.create_template(by=SYSTEM, name="optics", parent=root)
    other = template(people, name="electron")
    with pytest.raises(Conflict, match="optics"):
        services.rename(by=SYSTEM, entity=other.id, name="optics")
    assert services.rename(by=SYSTEM, entity=first.id, name="light").name == "light"
    services.create_entity(by=SYSTEM, type="GROUP", name="electron", parent=root)


def test_editing_needs_template_change(people: People) -> None:
    made = template(people, Field(".a"))
    allow(people.owner, made, Permission.TEMPLATE_CHANGE, Permission.TEMPLATE_READ)
    allow(people.mate, made, Permission.TEMPLATE_READ)
    services.set_field(by=people.owner, template=made.id, field=Field(".b", comment="bee"))
    services.set_field(by=people.owner, template=made.id, field=Field(".c"), key=".a")
    assert [each.key for each in templates.fields(people.mate, made.id)] == [".c", ".b"]
    with pytest.raises(Forbidden):
        services.set_field(by=people.mate, template=made.id, field=Field(".d"))
    with pytest.raises(NotFound):
        services.remove_field(by=people.stranger, template=made.id, key=".b")
    with pytest.raises(NotFound):
        templates.fields(people.stranger, made.id)
    services.remove_field(by=people.owner, template=made.id, key=".b")
    with pytest.raises(NotFound, match="no key"):
        services.remove_field(by=people.owner, template=made.id, key=".b")
    assert Event.objects.filter(kind="template.changed", subject=made.id).count() == 4


def test_a_field_keeps_everything_it_says(people: People) -> None:
    every = Field(
        key="system.x-1",
        defaults=("b", "a"),
        regex="[ab]",
        mandatory=True,
        nonoverride=True,
        multiple=True,
        persistent=True,
        least=1,
        most=2,
        comment="Why",
    )
    made = template(people, every, Field(".plain"))
    assert templates.fields(SYSTEM, made.id) == [every, Field(".plain")]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (Field("bad key"), "letters, digits"),
        (Field(".k", regex="("), "no regular expression"),
        (Field(".k", regex=r"(?=x)"), "no regular expression"),
        (Field(".k", defaults=("9",), regex="[a-z]"), "does not match"),
        (Field(".k", defaults=("a", "a")), "twice"),
        (Field(".k", defaults=("",)), "not empty"),
        (Field(".k", least=3, most=2), "larger than"),
        (Field(".k", most=0), "1 or more"),
        (Field(".k", singular=True), "choose from"),
        (Field(".k", singular=True, defaults=("a",), least=2), "one value"),
        (Field(".k", comment="\x00"), "comment"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_changes(
    people: People, field: Field, said: str
) -> None:
    made = template(people, Field(".old"))
    with pytest.raises(BadInput, match=said) as refusal:
        services.set_template(by=SYSTEM, template=made.id, fields=[field, Field("b d")])
    assert {each["key"] for each in refusal.value.facts["reasons"]} == {field.key, "b d"}
    assert templates.fields(SYSTEM, made.id) == [Field(".old")]


def test_assigning_needs_template_assign_on_the_group_and_sight_of_the_template(
    people: People,
) -> None:
    made, other = template(people), template(people)
    allow(people.owner, people.team, Permission.GROUP_TEMPLATE_ASSIGN, Permission.GROUP_READ)
    allow(people.mate, people.team, Permission.GROUP_READ)
    act: dict[str, Any] = {"group": people.team.id, "type": "DATASET"}
    with pytest.raises(NotFound):
        services.assign_template(by=people.owner, template=made.id, **act)
    allow(people.owner, made, Permission.TEMPLATE_READ)
    services.assign_template(by=people.owner, template=made.id, **act)
    with pytest.raises(Forbidden):
        services.assign_template(by=people.mate, template=made.id, **act)
    with pytest.raises(NotFound):
        services.assign_template(by=people.stranger, template=made.id, **act)
    with pytest.raises(Conflict):
        services.assign_template(by=people.owner, template=made.id, **act)
    services.assign_template(by=SYSTEM, template=other.id, **act)
    services.shift_template(by=people.owner, template=other.id, up=True, **act)
    rows = templates.assignments(people.mate, people.team.id, "DATASET")
    assert [(each.template, each.name) for each in rows] == [(other.id, None), (made.id, None)]
    rows = templates.assignments(people.owner, people.team.id, "DATASET")
    assert [each.name for each in rows] == [None, made.name]
    services.shift_template(by=people.owner, template=other.id, up=True, **act)
    services.unassign_template(by=people.owner, template=other.id, **act)
    with pytest.raises(NotFound):
        services.unassign_template(by=people.owner, template=other.id, **act)
    kept = templates.assignments(SYSTEM, people.team.id, "DATASET")
    assert [each.template for each in kept] == [made.id]
    assert Event.objects.filter(kind="templates.assigned").count() == 4


def test_what_cannot_be_assigned_is_refused(people: People) -> None:
    made = template(people)
    for group, type, what, said in (
        (people.team.id, "CASTLE", made.id, "no type"),
        (made.id, "DATASET", made.id, "assigned to groups"),
        (people.team.id, "DATASET", people.role.id, "not a template"),
    ):
        with pytest.raises((BadInput, Forbidden, NotFound), match=said):
            services.assign_template(by=SYSTEM, group=group, type=type, template=what)
    with pytest.raises(BadInput, match="once"):
        services.set_assignments(
            by=SYSTEM, group=people.team.id, type="DATASET", templates=[made.id, made.id]
        )


def test_where_a_template_is_assigned_is_told_as_far_as_the_groups_are_seen(people: People) -> None:
    made = template(people)
    assign(people.team, made)
    assign(people.team, made, type="COMPUTER")
    assign(people.ground.users, made, type="USER")
    allow(people.owner, made, Permission.TEMPLATE_READ)
    allow(people.owner, people.ground.users, Permission.GROUP_LIST)
    told = templates.assigned(people.owner, made.id)
    assert [(each.path, each.type) for each in told] == [("/root/Users", "USER")]
    assert len(templates.assigned(SYSTEM, made.id)) == 3
    with pytest.raises(NotFound):
        templates.assigned(people.stranger, made.id)


def test_an_assigned_template_is_not_removed(people: People) -> None:
    made = template(people, Field(".k"))
    assign(people.team, made)
    with pytest.raises(Conflict, match="in use"):
        services.remove(by=SYSTEM, entity=made.id)
    assign(people.team)
    services.remove(by=SYSTEM, entity=made.id)


def test_lower_and_later_templates_win_and_every_origin_is_told(people: People) -> None:
    low = template(people, Field(".k", comment="low"), Field(".low"), name="low")
    first = template(people, Field(".k", comment="first"), name="first")
    fixed = template(people, Field(".fixed", comment="top", nonoverride=True), name="fixed")
    again = template(people, Field(".fixed", comment="again"), name="again")
    assign(people.ground.root, first, fixed)
    assign(people.team, low, again)
    found = queries.effective_template(people.team.id, "DATASET")
    said = {key: field.comment for key, field in found.fields.items()}
    assert said == {".k": "low", ".fixed": "top", ".low": ""}
    assert found == queries.effective_template(people.role.id, "DATASET")
    leaf = services.create_entity(by=SYSTEM, type="DATASET", name="d", parent=people.role.id)
    assert found == queries.effective_template(leaf.id, "DATASET")
    assert queries.effective_template(people.team.id, "GROUP").fields == {}
    rows = {each.field.key: each for each in templates.effective(SYSTEM, leaf.id, "DATASET")}
    assert (rows[".k"].origin.path, rows[".k"].origin.name) == ("/root/team", "low")
    assert [each.name for each in rows[".k"].overridden] == ["first"]
    assert [each.name for each in rows[".fixed"].held_off] == ["again"]


def test_what_is_in_effect_is_shown_without_names_that_are_hidden(people: People) -> None:
    made = template(people, Field(".k"), Field(LIFE, defaults=("60",)))
    assign(people.ground.root, made)
    allow(people.owner, people.team, *FAMILIES["GROUP"])
    (row,) = templates.effective(people.owner, people.team.id, "DATASET")
    assert (row.field.key, row.origin.path, row.origin.name) == (".k", None, None)
    allow(people.owner, made, Permission.TEMPLATE_READ)
    keys = [each.field.key for each in templates.effective(people.owner, people.team.id, "DATASET")]
    assert keys == [".k", LIFE]
    with pytest.raises(NotFound):
        templates.effective(people.stranger, people.team.id, "DATASET")


def test_a_policy_is_read_from_the_templates_alone(people: People) -> None:
    assign(people.ground.root, template(people, Field(LIFE, defaults=("86400",))))
    leaf = services.create_entity(by=SYSTEM, type="DATASET", name="d", parent=people.team.id)
    assert queries.policy(leaf.id, "DATASET", LIFE) == ["86400"]
    assert queries.metadata(leaf.id) == {LIFE: ["86400"]}
    intervals = ("86400", "3600")
    assign(people.team, template(people, Field(LIFE, defaults=intervals)))
    assert queries.policy(leaf.id, "DATASET", LIFE) == list(intervals)
    assert queries.policy(people.team.id, "DATASET", LIFE) == list(intervals)
    assert queries.policy(people.ground.root.id, "DATASET", LIFE) == ["86400"]
    assert queries.policy(people.team.id, "COMPUTER", LIFE) == []
    assert queries.policy(10**9, "DATASET", LIFE) == []
    assert queries.metadata(leaf.id) == {LIFE: ["86400"]}


def test_a_template_may_say_what_names_are_like(people: People) -> None:
    assign(people.team, template(people, Field("system.name", regex="[0-9]{4} .+")))
    with pytest.raises(NotCompliant, match="does not match"):
        services.create_entity(by=SYSTEM, type="DATASET", name="retina", parent=people.team.id)
    made = services.create_entity(
        by=SYSTEM, type="DATASET", name="2026 retina", parent=people.team.id
    )
    with pytest.raises(NotCompliant):
        services.rename(by=SYSTEM, entity=made.id, name="mine")


def test_reading_what_is_in_effect_costs_the_same_however_much_is_assigned(
    people: People, django_assert_num_queries: object
) -> None:
    assign(people.team, *(template(people, Field(f".k{n}"), Field(".same")) for n in range(10)))
    with django_assert_num_queries(3):  # type: ignore[operator]
        found = queries.effective_template(people.role.id, "DATASET")
    assert len(found.fields) == 11


def test_templates_and_history_come_back_from_a_snapshot(people: People) -> None:
    fields = [Field(".a", defaults=("1", "é"), most=2), Field(".b", regex="x+")]
    made = template(people, *fields)
    assign(people.team, made)
    leaf = services.create_entity(
        by=SYSTEM, type="DATASET", name="d", parent=people.team.id, metadata={".a": ["1"]}
    )
    before = queries.effective_template(people.team.id, "DATASET")
    for model in (TemplateField, TemplateAssignment, MetadataChange):
        rows = json.loads(json.dumps(list(rows_of(model))))
        put_rows(model, rows)
    assert queries.effective_template(people.team.id, "DATASET") == before
    assert [each.after for each in metadata.history(SYSTEM, leaf.id).items] == [["1"]]


def test_keys_change_places(people: People) -> None:
    made = template(people, Field(".a"), Field(".b"), Field(".c"))

    def order() -> list[str]:
        return [each.key for each in templates.fields(SYSTEM, made.id)]

    services.shift_field(by=SYSTEM, template=made.id, key=".c", up=True)
    assert order() == [".a", ".c", ".b"]
    services.shift_field(by=SYSTEM, template=made.id, key=".a", up=True)
    services.shift_field(by=SYSTEM, template=made.id, key=".b", up=False)
    assert order() == [".a", ".c", ".b"]
    with pytest.raises(NotFound):
        services.shift_field(by=SYSTEM, template=made.id, key=".x", up=False)


def test_many_are_made_at_the_same_cost(
    people: People, django_assert_max_num_queries: object
) -> None:
    assign(people.team, template(people, Field(".k", defaults=("1",), mandatory=True)))
    names = [f"d{number}" for number in range(20)]
    few = 17 + len(names)  # one event each
    with django_assert_max_num_queries(few):  # type: ignore[operator]
        made = services.create_entities(
            by=SYSTEM, type="DATASET", names=names, parent=people.team.id
        )
    assert queries.metadata(made[-1].id) == {".k": ["1"]}
