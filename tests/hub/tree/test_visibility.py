"""Who sees what: absent for strangers, forbidden for those who only see, open to those who may."""

from __future__ import annotations

import pytest

from lagan.hub.base.actors import NOBODY, SYSTEM
from lagan.hub.tree import queries, services
from lagan.hub.tree.models import Entity
from lagan.hub.tree.permissions import ALL, DATASET_CREATOR, FAMILIES, Permission
from lagan.kit.errors import BadInput, Forbidden, NotFound
from tests.hub.people import People


@pytest.fixture
def dataset(people: People) -> Entity:
    made = services.create_entity(by=SYSTEM, type="DATASET", name="scan", parent=people.team.id)
    grant(people.owner.entity, made, DATASET_CREATOR)
    grant(people.role.id, people.team, {Permission.DATASET_READ})
    return made


def grant(
    subject: int | None, place: Entity, permissions: frozenset[Permission] | set[Permission]
) -> None:
    assert subject is not None
    services.set_grants(by=SYSTEM, subject=subject, object=place.id, grant=permissions)


def test_the_owner_closes_the_mate_reads_the_stranger_sees_nothing(
    people: People, dataset: Entity
) -> None:
    close = Permission.DATASET_CLOSE
    found = services.require(actor=people.owner, permission=close, entity=dataset.id)
    assert found.name == "scan"
    with pytest.raises(Forbidden, match="DATASET_CLOSE"):
        services.require(actor=people.mate, permission=close, entity=dataset.id)
    with pytest.raises(NotFound):
        services.require(actor=people.stranger, permission=close, entity=dataset.id)


def test_the_refusal_of_something_hidden_is_that_of_something_absent(
    people: People, dataset: Entity
) -> None:
    with pytest.raises(NotFound) as hidden:
        services.require(actor=people.stranger, permission="DATASET_READ", entity=dataset.id)
    services.remove(by=SYSTEM, entity=dataset.id)
    with pytest.raises(NotFound) as absent:
        services.require(actor=people.stranger, permission="DATASET_READ", entity=dataset.id)
    assert hidden.value.sentence == absent.value.sentence
    assert hidden.value.facts == absent.value.facts


def test_lists_show_what_single_checks_allow(people: People, dataset: Entity) -> None:
    for actor, expected in (
        (people.owner, ["scan"]),
        (people.mate, ["scan"]),
        (people.stranger, []),
        (NOBODY, []),
        (SYSTEM, ["scan"]),
    ):
        page = queries.visible_entities(actor, "DATASET")
        assert [each.name for each in page.items] == expected


def test_everybody_sees_their_own_entity(people: People) -> None:
    assert people.stranger.entity is not None
    page = queries.visible_entities(people.stranger, "USER")
    assert [each.id for each in page.items] == [people.stranger.entity]
    assert services.require_sight(actor=people.stranger, entity=people.stranger.entity)


def test_a_denial_for_a_role_hides_from_its_members_only(people: People, dataset: Entity) -> None:
    services.set_grants(
        by=SYSTEM, subject=people.role.id, object=dataset.id, deny={Permission.DATASET_READ}
    )
    assert not queries.may(people.mate, "DATASET_READ", dataset.id)
    assert queries.may(people.owner, "DATASET_READ", dataset.id)


def test_leaving_the_team_ends_what_it_gave(people: People, dataset: Entity) -> None:
    assert people.mate.entity is not None
    services.remove_member(by=SYSTEM, member=people.mate.entity, group=people.role.id)
    assert not queries.may(people.mate, "DATASET_READ", dataset.id)


def test_the_system_may_everything_and_nobody_nothing(people: People) -> None:
    assert queries.permissions_on(SYSTEM, people.team.id) == ALL
    assert queries.permissions_on(NOBODY, people.team.id) == frozenset()
    assert not queries.may(SYSTEM, "GROUP_READ", 2**70)
    assert not queries.may(NOBODY, "GROUP_READ", people.team.id)


def test_administrators_hold_everything_everywhere(people: People, dataset: Entity) -> None:
    assert people.stranger.entity is not None
    administrators = people.ground.administrators.id
    services.add_member(by=SYSTEM, member=people.stranger.entity, group=administrators)
    assert queries.permissions_on(people.stranger, dataset.id) == ALL


def test_creators_get_neither_move_nor_delete_nor_unlimited() -> None:
    missing = {each.removeprefix("DATASET_") for each in FAMILIES["DATASET"] - DATASET_CREATOR}
    assert missing == {"MOVE", "DELETE", "EXTEND_UNLIMITED"}


def test_every_permission_belongs_to_one_family() -> None:
    assert sorted(ALL) == sorted(each for family in FAMILIES.values() for each in family)


def test_an_unknown_permission_is_refused(people: People) -> None:
    with pytest.raises(BadInput, match="FLY"):
        services.set_grants(by=SYSTEM, subject=people.role.id, object=people.team.id, grant={"FLY"})


def test_pages_go_by_name_and_search_by_part_of_it(people: People) -> None:
    names = ["b", "a", "d", "c"]
    services.create_entities(by=SYSTEM, type="GROUP", names=names, parent=people.role.id)
    first = queries.visible_entities(SYSTEM, "GROUP", parent=people.role.id, size=3)
    assert [each.name for each in first.items] == ["a", "b", "c"]
    rest = queries.visible_entities(SYSTEM, "GROUP", parent=people.role.id, after=first.next)
    assert [each.name for each in rest.items] == ["d"]
    assert rest.next is None
    assert [
        each.name for each in queries.visible_entities(SYSTEM, "GROUP", text="MEMBER").items
    ] == ["team_member"]


def test_full_paths_are_read_for_all_at_once(people: People, django_assert_num_queries) -> None:
    with django_assert_num_queries(2):
        found = queries.full_path([people.role.id, people.ground.root.id])
    assert found == {people.role.id: "/root/team/team_member", people.ground.root.id: "/root"}
