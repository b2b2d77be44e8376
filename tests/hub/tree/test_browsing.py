"""Walking and searching show what the asker sees, the groups on the way to it, and nothing else."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lagan.hub.base.actors import NOBODY, SYSTEM, Actor
from lagan.hub.tree import browsing, finding, queries, services
from lagan.hub.tree.models import Entity
from lagan.hub.tree.permissions import Permission
from lagan.kit.errors import BadInput, NotFound
from tests.hub.people import People


def make(type: str, name: str, parent: Entity) -> Entity:
    return services.create_entity(by=SYSTEM, type=type, name=name, parent=parent.id)


def allow(who: Actor, place: Entity, *permissions: Permission) -> None:
    assert who.entity is not None
    services.set_grants(by=SYSTEM, subject=who.entity, object=place.id, grant=permissions)


def names(actor: Actor, parent: Entity, **more: object) -> list[str]:
    return [each.name for each in browsing.children(actor, parent.id, **more).items]  # type: ignore[arg-type]


def found(actor: Actor, text: str, **more: object) -> list[str]:
    return [each.name for each in finding.find(actor, text, **more).items]  # type: ignore[arg-type]


def test_groups_come_first_then_types_each_by_name(people: People) -> None:
    for type, name in (("COMPUTER", "b"), ("COMPUTER", "a"), ("TASK", "a"), ("GROUP", "z")):
        make(type, name, people.team)
    rows = browsing.children(SYSTEM, people.team.id).items
    assert [(row.type, row.name) for row in rows] == [
        ("GROUP", "team_member"), ("GROUP", "z"), ("COMPUTER", "a"), ("COMPUTER", "b"),
        ("TASK", "a"),
    ]  # fmt: skip
    assert people.ground.root.name not in names(SYSTEM, people.ground.root)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pages_of_children_are_the_whole(people: People, size: int) -> None:
    for number in range(4):
        make("GROUP", f"g{number}", people.team)
        make("DATASET", f"d{number}", people.team)
    whole, seen, after = names(SYSTEM, people.team), [], None
    while True:
        page = browsing.children(SYSTEM, people.team.id, after=after, size=size)
        seen += [each.name for each in page.items]
        if (after := page.next) is None:
            break
    assert seen == whole
    assert len(seen) == 9


@pytest.mark.parametrize(
    "cursor", ["x", "e30", "WyJHUk9VUCIsIDNd", "WyJDQVNUTEUiLCAieCJd", "\ud800"]
)
def test_a_foreign_cursor_is_refused(people: People, cursor: str) -> None:
    with pytest.raises(BadInput, match="cursor"):
        browsing.children(SYSTEM, people.team.id, after=cursor)


def test_a_group_on_the_way_is_passed_but_not_seen(people: People) -> None:
    lab = make("GROUP", "lab", people.team)
    other = make("GROUP", "other", people.team)
    make("COMPUTER", "pc", lab)
    seen = make("DATASET", "seen", lab)
    make("DATASET", "hidden", lab)
    allow(people.owner, seen, Permission.DATASET_READ)
    top = browsing.top(people.owner)
    (team,) = (n for n in browsing.children(people.owner, top.id).items if n.name == "team")
    assert not team.sees
    assert names(people.owner, people.team) == ["lab"]
    assert names(people.owner, lab) == ["seen"]
    with pytest.raises(NotFound):
        browsing.children(people.owner, other.id)
    with pytest.raises(NotFound):
        browsing.children(people.stranger, people.team.id)
    with pytest.raises(NotFound):
        browsing.children(NOBODY, people.ground.root.id)
    assert [each.name for each in browsing.line(people.owner, seen.id)] == [
        "root",
        "team",
        "lab",
        "seen",
    ]


def test_a_denial_hides_a_branch_and_a_grant_within_it_opens_the_way(people: People) -> None:
    lab = make("GROUP", "lab", people.team)
    closed = make("GROUP", "closed", lab)
    inner = make("GROUP", "inner", closed)
    open_ = make("GROUP", "open", lab)
    allow(people.owner, lab, Permission.GROUP_READ)
    assert people.owner.entity
    services.set_grants(
        by=SYSTEM, subject=people.owner.entity, object=closed.id, deny=[Permission.GROUP_READ]
    )
    assert names(people.owner, lab) == ["open"]
    allow(people.owner, inner, Permission.GROUP_READ)
    rows = {each.name: each.sees for each in browsing.children(people.owner, lab.id).items}
    assert rows == {"closed": False, "open": True}
    assert names(people.owner, closed) == ["inner"]
    assert names(people.owner, open_) == []


def test_tasks_lie_in_users_and_computers_too_and_nothing_else_does(people: People) -> None:
    pc = make("COMPUTER", "pc", people.team)
    assert people.owner.entity
    user = Entity.objects.get(id=people.owner.entity)
    for place in (pc, user):
        task = make("TASK", "copy", place)
        assert names(SYSTEM, place) == ["copy"]
        for type in ("GROUP", "COMPUTER", "DATASET", "USER", "TEMPLATE"):
            with pytest.raises(BadInput, match="Only groups"):
                make(type, "x", place)
        other = make("DATASET", f"d{place.id}", people.team)
        with pytest.raises(BadInput, match="Only groups hold a DATASET"):
            services.move(by=SYSTEM, entity=other.id, parent=place.id)
        services.move(by=SYSTEM, entity=task.id, parent=people.team.id)
        services.move(by=SYSTEM, entity=task.id, parent=place.id)
        with pytest.raises(BadInput, match="Only groups, users and computers hold a TASK"):
            make("TASK", "x", other)
    own = browsing.node(people.owner, people.owner.entity)
    assert own.holds
    task = Entity.objects.get(parent=user, type="TASK")
    assert queries.sees(people.owner, task)
    assert not queries.sees(people.mate, task)


def test_search_by_id_exact_name_and_wildcards(people: People) -> None:
    for name in ("TEM-Lab", "tem-store", "x TEM", "50% ok_now", "Økologi", "økonomi"):
        make("GROUP", name, people.team)
    assert found(SYSTEM, str(people.team.id)) == ["team"]
    assert found(SYSTEM, "TEM-Lab") == ["TEM-Lab"]
    assert found(SYSTEM, "tem-lab") == []
    assert found(SYSTEM, "TEM*") == ["TEM-Lab", "tem-store"]
    assert found(SYSTEM, "*tem*") == ["TEM-Lab", "tem-store", "x TEM"]
    assert found(SYSTEM, "*tem") == ["x TEM"]
    assert found(SYSTEM, "t*b") == ["TEM-Lab"]
    assert found(SYSTEM, "50%*") == ["50% ok_now"]
    assert found(SYSTEM, "*%*k_n*") == ["50% ok_now"]
    assert found(SYSTEM, "*5_%*") == []
    assert found(SYSTEM, "ØKO*") == ["Økologi", "økonomi"]
    assert found(SYSTEM, "") == []
    assert found(SYSTEM, "te*", types=["COMPUTER"]) == []


def test_a_number_that_is_also_a_name_finds_both(people: People) -> None:
    named = make("GROUP", str(people.team.id), people.team)
    hits = finding.find(SYSTEM, str(people.team.id)).items
    assert [each.id for each in hits] == [people.team.id, named.id]
    assert found(SYSTEM, "9" * 30) == []


def test_search_finds_what_the_asker_sees_page_by_page(people: People) -> None:
    mine = make("GROUP", "mine", people.team)
    for number in range(5):
        make("DATASET", f"scan {number}", mine)
        make("DATASET", f"scan {number} of others", people.team)
    allow(people.owner, mine, Permission.DATASET_LIST)
    seen, after = [], None
    while True:
        page = finding.find(people.owner, "SCAN*", after=after, size=2)
        seen += [each.name for each in page.items]
        if (after := page.next) is None:
            break
    assert seen == [f"scan {number}" for number in range(5)]
    hidden = Entity.objects.get(name="scan 1 of others")
    assert found(people.owner, str(hidden.id)) == []
    assert found(people.stranger, "scan*") == []


def test_a_renamed_entity_is_found_by_its_new_name(people: People) -> None:
    lab = make("GROUP", "old", people.team)
    services.rename(by=SYSTEM, entity=lab.id, name="New")
    assert found(SYSTEM, "NEW*") == ["New"]
    assert found(SYSTEM, "old*") == []


def test_places_are_named_by_id_or_path(people: People) -> None:
    lab = make("GROUP", "lab", people.team)
    for text in (str(lab.id), "/team/lab", "/root/team/lab/", " /team/lab "):
        assert browsing.resolve(SYSTEM, text).id == lab.id
    assert browsing.resolve(SYSTEM, "/").id == people.ground.root.id
    for text in ("/team/nowhere", "/team/lab/x", str(2**70), "lab", "/a\x00"):
        with pytest.raises(NotFound):
            browsing.resolve(SYSTEM, text)
    with pytest.raises(NotFound):
        browsing.resolve(people.stranger, "/team/lab")
    with pytest.raises(BadInput):
        browsing.resolve(SYSTEM, " ")
    user = people.owner.entity
    assert browsing.resolve(SYSTEM, people.owner.name).id == user
    with pytest.raises(NotFound):
        browsing.resolve(people.stranger, people.owner.name)
    make("DATASET", "lab", people.team)
    with pytest.raises(BadInput, match="names several"):
        browsing.resolve(SYSTEM, "/team/lab")


def test_many_rows_cost_no_more_readings_than_few(people: People) -> None:
    few, many = make("GROUP", "few", people.team), make("GROUP", "many", people.team)
    make("GROUP", "only", few)
    services.create_entities(
        by=SYSTEM, type="GROUP", names=[f"g{n}" for n in range(150)], parent=many.id
    )
    allow(people.owner, people.team, Permission.GROUP_READ, Permission.GROUP_CHANGE)

    def readings(place: Entity) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            rows = browsing.children(people.owner, place.id).items
            held = browsing.permissions_of(people.owner, [each.path for each in rows])
        assert all(Permission.GROUP_CHANGE in each for each in held.values())
        return len(captured)

    assert readings(many) == readings(few) <= 14


def test_permissions_of_rows_are_those_of_each(people: People) -> None:
    lab = make("GROUP", "lab", people.team)
    inner = make("GROUP", "inner", lab)
    allow(people.owner, people.team, Permission.GROUP_READ, Permission.GROUP_MOVE)
    assert people.owner.entity
    services.set_grants(
        by=SYSTEM, subject=people.owner.entity, object=lab.id,
        grant=[Permission.GROUP_DELETE], deny=[Permission.GROUP_MOVE],
    )  # fmt: skip
    rows = [people.team, lab, inner]
    rows = list(Entity.objects.filter(id__in=[each.id for each in rows]))
    for who in (people.owner, people.stranger, SYSTEM, NOBODY):
        held = browsing.permissions_of(who, [each.path for each in rows])
        for row in rows:
            assert held[row.path] == queries.permissions_on(who, row.id)


def test_counts_are_of_what_is_seen_and_end_somewhere(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("DATASET", "a", people.team)
    make("DATASET", "b", people.team)
    assert browsing.counts(SYSTEM, people.team.id) == {"GROUP": 1, "DATASET": 2}
    allow(people.owner, people.team, Permission.DATASET_READ)
    monkeypatch.setattr(browsing, "MOST_COUNTED", 1)
    assert browsing.counts(SYSTEM, people.team.id)["DATASET"] == 1


def test_one_starts_where_grants_begin_and_sees_ones_groups(people: People) -> None:
    lab = make("GROUP", "lab", people.team)
    make("GROUP", "inner", lab)
    allow(people.owner, lab, Permission.DATASET_CREATE)
    starts = browsing.starts(people.owner, Permission.DATASET_CREATE)
    assert [each.name for each in starts] == ["lab"]
    assert browsing.starts(people.stranger, Permission.DATASET_CREATE) == []
    assert [each.name for each in browsing.memberships(people.owner)] == ["team_member"]
    assert browsing.memberships(people.stranger) == browsing.memberships(NOBODY) == []
