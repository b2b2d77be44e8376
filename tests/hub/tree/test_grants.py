"""Members, grants and metadata: who may set them, and that nobody gives what they do not hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM
from lagan.hub.tree import queries, services
from lagan.hub.tree.models import Grant
from lagan.hub.tree.permissions import Permission
from lagan.kit.errors import BadInput, Forbidden, NotFound
from tests.hub.people import People

READ, SET, DELETE = Permission.GROUP_READ, Permission.GROUP_PERM_SET, Permission.GROUP_DELETE


@pytest.fixture
def keeper(people: People) -> People:
    """The owner may read the team's group and set permissions on it."""
    give(people.owner.entity, people, {READ, SET})
    return people


def give(subject: int | None, people: People, grant: set[Permission]) -> None:
    assert subject is not None
    services.set_grants(by=SYSTEM, subject=subject, object=people.team.id, grant=grant)


def test_setting_replaces_what_the_subject_had_there(keeper: People) -> None:
    team, role = keeper.team.id, keeper.role.id
    services.set_grants(by=keeper.owner, subject=role, object=team, grant={READ}, deny={SET})
    granted, denied = queries.grants_on(team)[role]
    assert (set(granted), set(denied)) == ({str(READ)}, {str(SET)})
    services.set_grants(by=keeper.owner, subject=role, object=team)
    assert role not in queries.grants_on(team)


def test_setting_the_same_again_writes_nothing(keeper: People) -> None:
    for _ in range(2):
        services.set_grants(by=SYSTEM, subject=keeper.role.id, object=keeper.team.id, grant={READ})
    assert Event.objects.filter(kind="grants.set", subject=keeper.team.id).count() == 2


def test_nobody_gives_what_they_do_not_hold(keeper: People) -> None:
    assert keeper.owner.entity is not None
    for subject in (keeper.owner.entity, keeper.role.id):
        with pytest.raises(Forbidden, match="GROUP_DELETE"):
            services.set_grants(
                by=keeper.owner, subject=subject, object=keeper.team.id, grant={READ, SET, DELETE}
            )
    assert not Grant.objects.filter(permission=DELETE, object=keeper.team.id).exists()


def test_nobody_lifts_a_denial_of_what_they_do_not_hold(keeper: People) -> None:
    team, role = keeper.team.id, keeper.role.id
    services.set_grants(by=SYSTEM, subject=role, object=team, deny={DELETE})
    with pytest.raises(Forbidden, match="GROUP_DELETE"):
        services.set_grants(by=keeper.owner, subject=role, object=team)


def test_setting_needs_the_permission(keeper: People) -> None:
    give(keeper.mate.entity, keeper, {READ})
    for actor, refusal in ((keeper.mate, Forbidden), (keeper.stranger, NotFound)):
        with pytest.raises(refusal):
            services.set_grants(
                by=actor, subject=keeper.role.id, object=keeper.team.id, grant={READ}
            )


def test_members_are_set_by_who_may(people: People) -> None:
    assert people.stranger.entity is not None
    services.set_grants(
        by=SYSTEM,
        subject=people.owner.entity or 0,
        object=people.role.id,
        grant={Permission.GROUP_MEMBER_SET},
    )
    for _ in range(2):
        services.add_member(by=people.owner, member=people.stranger.entity, group=people.role.id)
    names = [each.name for each in queries.members(people.role.id)]
    assert names == ["mate", "owner", "stranger"]
    with pytest.raises(NotFound):
        services.remove_member(by=people.mate, member=people.stranger.entity, group=people.role.id)
    services.remove_member(by=people.owner, member=people.stranger.entity, group=people.role.id)
    with pytest.raises(NotFound, match="not a member"):
        services.remove_member(by=people.owner, member=people.stranger.entity, group=people.role.id)


def test_only_groups_have_members(people: People) -> None:
    dataset = services.create_entity(by=SYSTEM, type="DATASET", name="d", parent=people.team.id)
    with pytest.raises(BadInput, match="Only groups have members"):
        services.add_member(by=SYSTEM, member=people.role.id, group=dataset.id)


def test_groups_in_a_circle_share_their_roles(people: People) -> None:
    services.add_member(by=SYSTEM, member=people.team.id, group=people.role.id)
    services.add_member(by=SYSTEM, member=people.role.id, group=people.team.id)
    assert people.role.id in queries.roles(people.team.id)


def test_metadata_keeps_text_numbers_and_times_in_order(people: People) -> None:
    at = datetime(2024, 2, 29, 12, tzinfo=UTC)
    values: dict[str, list[object]] = {
        ".Creator": ["Ada", "Grace"],
        ".size": [3, -2.5],
        ".taken": [at],
        ".gone": ["x"],
    }
    services.set_metadata(by=SYSTEM, entity=people.team.id, values=values)
    services.set_metadata(by=SYSTEM, entity=people.team.id, values={".gone": []})
    del values[".gone"]
    assert queries.metadata(people.team.id) == {
        ".Creator": ["Ada", "Grace"],
        ".size": ["3", "-2.5"],
        ".taken": [at.isoformat()],
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [("bad key", "x"), (".k", "\x00"), (".k", float("nan")), (".k", True), (".k", None)],
)
def test_odd_metadata_is_refused(people: People, key: str, value: object) -> None:
    with pytest.raises(BadInput):
        services.set_metadata(by=SYSTEM, entity=people.team.id, values={key: [value]})
    assert queries.metadata(people.team.id) == {}


def test_the_systems_keys_are_for_the_system_alone(people: People) -> None:
    services.set_grants(
        by=SYSTEM,
        subject=people.owner.entity or 0,
        object=people.team.id,
        grant={Permission.GROUP_CHANGE},
    )
    services.set_metadata(by=people.owner, entity=people.team.id, values={".open": ["x"]})
    with pytest.raises(Forbidden, match="system.life"):
        services.set_metadata(by=people.owner, entity=people.team.id, values={"system.life": [1]})
