"""Creating, renaming, moving and removing: the tree stays a tree, and every refusal names why."""

from __future__ import annotations

import pytest

from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.tree import queries, services
from lagan.hub.tree.models import Entity
from lagan.hub.tree.permissions import Permission
from lagan.hub.tree.rules import ids_in
from lagan.kit.errors import BadInput, Conflict, Forbidden, NotFound
from tests.hub.people import People


def group(name: str, parent: Entity, by: Actor = SYSTEM) -> Entity:
    return services.create_entity(by=by, type="GROUP", name=name, parent=parent.id)


def allow(who: Actor, place: Entity, *permissions: Permission) -> None:
    assert who.entity is not None
    services.set_grants(by=SYSTEM, subject=who.entity, object=place.id, grant=permissions)


def test_the_ground_is_laid_once(db: None) -> None:
    first = services.ensure_root()
    events = Event.objects.count()
    again = services.ensure_root()
    assert (first.root, first.administrators, first.users) == (
        again.root,
        again.administrators,
        again.users,
    )
    assert Event.objects.count() == events
    assert first.root.parent_id == first.root.id
    assert services.ground() == again


def test_without_ground_there_is_nothing_to_stand_on(db: None) -> None:
    with pytest.raises(Conflict, match="not been set up"):
        services.ground()


def test_creating_needs_the_permission_on_the_group(people: People) -> None:
    allow(people.owner, people.team, Permission.GROUP_CREATE, Permission.GROUP_READ)
    allow(people.mate, people.team, Permission.GROUP_READ)
    made = group("lab", people.team, people.owner)
    assert ids_in(made.path) == [people.ground.root.id, people.team.id, made.id]
    with pytest.raises(Forbidden):
        group("other", people.team, people.mate)
    with pytest.raises(NotFound):
        group("other", people.team, people.stranger)
    assert Event.objects.filter(kind="entity.created", subject=made.id, actor="owner").count() == 1


@pytest.mark.parametrize("name", ["", "  ", "a/b", "a\x00b", "line\nfeed", "x" * 501, "\ud800"])
def test_odd_names_are_refused(people: People, name: str) -> None:
    before = Entity.objects.count()
    with pytest.raises(BadInput):
        group(name, people.team)
    assert Entity.objects.count() == before


def test_siblings_of_a_type_have_different_names(people: People) -> None:
    group("lab", people.team)
    with pytest.raises(Conflict, match="already has a GROUP named lab"):
        group("lab", people.team)
    with pytest.raises(Conflict, match="named twice"):
        services.create_entities(
            by=SYSTEM, type="GROUP", names=["twice", "twice"], parent=people.team.id
        )
    services.create_entity(by=SYSTEM, type="DATASET", name="lab", parent=people.team.id)


def test_only_groups_have_children(people: People) -> None:
    leaf = services.create_entity(by=SYSTEM, type="DATASET", name="leaf", parent=people.team.id)
    with pytest.raises(BadInput, match="Only groups"):
        group("below", leaf)
    with pytest.raises(BadInput, match="no type"):
        services.create_entity(by=SYSTEM, type="CASTLE", name="x", parent=people.team.id)


def test_renaming_needs_change_and_is_recorded(people: People) -> None:
    lab = group("lab", people.team)
    allow(people.owner, lab, Permission.GROUP_CHANGE)
    assert services.rename(by=people.owner, entity=lab.id, name="room").name == "room"
    with pytest.raises(NotFound):
        services.rename(by=people.stranger, entity=lab.id, name="mine")
    event = Event.objects.filter(kind="entity.renamed").get()
    assert event.data == '{"from":"lab","to":"room"}'


def test_moving_takes_everything_beneath_along(people: People) -> None:
    lab = group("lab", people.team)
    inner = group("inner", lab)
    leaf = services.create_entity(by=SYSTEM, type="DATASET", name="leaf", parent=inner.id)
    other = group("other", people.ground.root)
    services.move(by=SYSTEM, entity=lab.id, parent=other.id)
    assert queries.full_path([leaf.id])[leaf.id] == "/root/other/lab/inner/leaf"
    assert {each.id for each in other.children.all()} == {lab.id}


def test_moving_changes_who_may(people: People) -> None:
    lab, other = group("lab", people.team), group("other", people.ground.root)
    allow(people.owner, people.team, Permission.GROUP_READ)
    allow(people.mate, other, Permission.GROUP_READ)
    services.move(by=SYSTEM, entity=lab.id, parent=other.id)
    assert not queries.may(people.owner, "GROUP_READ", lab.id)
    assert queries.may(people.mate, "GROUP_READ", lab.id)


def test_moving_needs_move_here_and_create_there(people: People) -> None:
    lab, other = group("lab", people.team), group("other", people.ground.root)
    allow(people.owner, lab, Permission.GROUP_MOVE)
    with pytest.raises(NotFound):
        services.move(by=people.owner, entity=lab.id, parent=other.id)
    allow(people.owner, other, Permission.GROUP_CREATE)
    assert services.move(by=people.owner, entity=lab.id, parent=other.id).parent_id == other.id


def test_nothing_moves_into_itself(people: People) -> None:
    lab = group("lab", people.team)
    inner = group("inner", lab)
    for target in (lab, inner):
        with pytest.raises(BadInput, match="lies within"):
            services.move(by=SYSTEM, entity=lab.id, parent=target.id)


def test_what_the_hub_stands_on_stays(people: People) -> None:
    ground = people.ground
    for entity in (ground.root, ground.administrators, ground.users):
        with pytest.raises(Conflict, match="stands on"):
            services.rename(by=SYSTEM, entity=entity.id, name="else")
        with pytest.raises(Conflict, match="stands on"):
            services.remove(by=SYSTEM, entity=entity.id)


def test_removing_needs_an_empty_group_and_never_takes_a_user(people: People) -> None:
    lab = group("lab", people.team)
    inner = group("inner", lab)
    with pytest.raises(Conflict, match="not empty"):
        services.remove(by=SYSTEM, entity=lab.id)
    services.remove(by=SYSTEM, entity=inner.id)
    services.remove(by=SYSTEM, entity=lab.id)
    assert not Entity.objects.filter(id__in=[lab.id, inner.id]).exists()
    assert people.owner.entity is not None
    with pytest.raises(Conflict, match="anonymous"):
        services.remove(by=SYSTEM, entity=people.owner.entity)


def test_found_is_the_topmost_of_that_name(people: People) -> None:
    lab = group("lab", people.team)
    deeper = group("lab", lab)
    assert queries.find(type="GROUP", name="lab") == lab.id
    assert queries.find(type="GROUP", name="lab", parent=lab.id) == deeper.id
    assert queries.find(type="GROUP", name="nowhere\x00") is None
    assert queries.rows([lab.id, 2**80])[lab.id].parent == people.team.id
