"""Role groups in one step: their names, what they are given, and who may make them."""

from __future__ import annotations

import pytest

from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.tree import browsing, queries, services
from lagan.hub.tree.models import Entity
from lagan.hub.tree.permissions import ALL, FAMILIES, Permission
from lagan.hub.tree.rolesets import LAB, RESEARCH, prefixed
from lagan.kit.errors import BadInput, Conflict, Forbidden, NotFound
from tests.hub.people import People
from tests.hub.research import NAME, Research


def test_the_group_and_its_roles_are_named_as_the_seed_names_them(research: Research) -> None:
    ids = [research.group.id, *(each.id for each in research.roles.values())]
    top = f"/root/NTNU/NV/IFY/Research Groups/{NAME}"
    paths = queries.full_path(ids)
    assert [paths[each] for each in ids] == [
        top,
        f"{top}/roles/{NAME}_adm",
        f"{top}/roles/{NAME}_member",
        f"{top}/roles/{NAME}_guest",
    ]


@pytest.mark.parametrize(
    ("names", "name", "full"),
    [
        (["NTNU", "NV", "IBI"], "Flies", "NTNU-NV-IBI Flies"),
        (["NTNU", "NV", "IBI"], "NTNU-NV-IBI Flies", "NTNU-NV-IBI Flies"),
        ([], "Flies", "Flies"),
    ],
)
def test_the_departments_names_come_before_the_groups(
    names: list[str], name: str, full: str
) -> None:
    assert prefixed(names, name) == full


def held(research: Research, who: str, place: int) -> set[str]:
    return {str(each) for each in queries.permissions_on(research.actor(who), place)}


def test_administrators_hold_everything_on_datasets_and_set_the_roles_members(
    research: Research,
) -> None:
    assert held(research, "adm", research.group.id) >= FAMILIES["DATASET"]
    for role in research.roles.values():
        assert "GROUP_MEMBER_SET" in held(research, "adm", role.id)
    assert "GROUP_MEMBER_SET" not in held(research, "adm", research.group.id)


def test_members_read_everything_and_guests_only_make_datasets(research: Research) -> None:
    datasets = held(research, "member", research.group.id) & FAMILIES["DATASET"]
    acts = {each.removeprefix("DATASET_") for each in datasets}
    assert acts == {"CREATE", "READ", "LIST", "METADATA_READ", "LOG_READ"}
    assert held(research, "guest", research.group.id) == {"DATASET_CREATE"}
    assert held(research, "stranger", research.group.id) == set()


def test_no_datasets_are_made_among_the_roles(research: Research) -> None:
    home = research.roles["_adm"].parent_id
    for who in ("adm", "member", "guest"):
        assert "DATASET_CREATE" not in held(research, who, home)


def test_guests_see_the_name_of_the_group_in_which_they_make_datasets(research: Research) -> None:
    names = {}
    for who in ("adm", "member", "guest", "stranger"):
        page = queries.visible_entities(research.actor(who), "GROUP")
        names[who] = {each.name for each in page.items}
    assert names["guest"] == {NAME}
    assert names["member"] == {
        NAME,
        "roles",
        *(f"{NAME}_{who}" for who in ("adm", "member", "guest")),
    }
    assert names["stranger"] == set()
    found = services.require_sight(actor=research.actor("guest"), entity=research.group.id)
    assert found.name == NAME
    with pytest.raises(NotFound):
        services.require_sight(actor=research.actor("guest"), entity=research.roles["_guest"].id)


def test_a_denial_among_the_roles_does_not_hide_where_datasets_may_be_made(
    research: Research,
) -> None:
    for who in ("adm", "member", "guest"):
        begun = browsing.starts(research.actor(who), Permission.DATASET_CREATE)
        assert [each.name for each in begun] == [NAME]


def test_making_the_roles_again_keeps_what_they_have_besides(research: Research) -> None:
    guest = research.roles["_guest"].id
    services.set_grants(
        by=SYSTEM,
        subject=guest,
        object=research.group.id,
        grant={Permission.DATASET_CREATE, Permission.GROUP_READ},
    )
    again = services.make_roles(by=SYSTEM, group=research.group.id)
    assert {suffix: each.id for suffix, each in again.roles.items()} == {
        suffix: each.id for suffix, each in research.roles.items()
    }
    assert "GROUP_READ" in held(research, "guest", research.group.id)


def test_a_second_group_of_the_name_is_refused_and_nothing_is_left(research: Research) -> None:
    with pytest.raises(Conflict, match=NAME):
        services.make_research_group(by=SYSTEM, within=research.department.id, name="Nortem")
    container = research.group.parent_id
    other = services.make_research_group(by=SYSTEM, within=container, name="Optics")
    assert (other.group.name, other.group.parent_id) == ("NTNU-NV-IFY Optics", container)


def test_a_lab_lets_its_members_use_its_computers(research: Research) -> None:
    made = services.make_lab(by=SYSTEM, within=research.department.id, name="TEM-Lab")
    names = {each.name for each in made.roles.values()}
    assert (made.group.name, names) == (
        "TEM-Lab",
        {"NTNU-NV-IFY TEM-Lab_adm", "NTNU-NV-IFY TEM-Lab_member"},
    )
    computer = services.create_entity(
        by=SYSTEM, type="COMPUTER", name="NMR400", parent=made.group.id
    )
    services.add_member(by=SYSTEM, member=research.entity("member"), group=made.roles["_member"].id)
    member = research.actor("member")
    for act, may in (("READ", True), ("REMOTE", True), ("WRITE", False), ("CHANGE", False)):
        assert queries.may(member, f"COMPUTER_{act}", computer.id) == may
    assert not queries.may(research.actor("guest"), "COMPUTER_READ", computer.id)


def test_only_who_holds_what_the_roles_get_may_make_them(people: People) -> None:
    assert people.owner.entity is not None
    services.set_grants(
        by=SYSTEM,
        subject=people.owner.entity,
        object=people.team.id,
        grant={Permission.GROUP_CREATE, Permission.GROUP_PERM_SET, Permission.GROUP_READ},
    )
    with pytest.raises(Forbidden, match="DATASET_CHANGE"):
        services.make_roles(by=people.owner, group=people.team.id)
    for actor in (people.mate, people.stranger, Actor(None, "", "none")):
        with pytest.raises(NotFound):
            services.make_roles(by=actor, group=people.team.id)
    assert queries.find(type="GROUP", name="roles") is None
    services.set_grants(by=SYSTEM, subject=people.owner.entity, object=people.team.id, grant=ALL)
    assert services.make_roles(by=people.owner, group=people.team.id).roles["_adm"]


def test_roles_are_for_groups_and_of_a_kind_that_is_known(people: People) -> None:
    with pytest.raises(BadInput, match="party"):
        services.make_roles(by=SYSTEM, group=people.team.id, kind="party")
    with pytest.raises(BadInput, match="Only groups"):
        services.make_roles(by=SYSTEM, group=people.owner.entity or 0)


@pytest.mark.parametrize("spec", [*RESEARCH, *LAB])
def test_every_role_is_given_something(spec: object) -> None:
    assert getattr(spec, "on_group", None)


@pytest.mark.parametrize("who", ["adm", "member", "guest", "stranger"])
def test_lists_and_single_checks_see_the_same(research: Research, who: str) -> None:
    actor = research.actor(who)
    for kind in ("GROUP", "USER"):
        listed = {each.id for each in queries.visible_entities(actor, kind).items}
        every = Entity.objects.filter(type=kind)
        assert listed == {each.id for each in every if queries.sees(actor, each)}
