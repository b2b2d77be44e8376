"""On random trees, checks and lists agree with the rule written down naively."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lagan.hub.base.actors import Actor
from lagan.hub.tree import closure, holders, queries, spans
from lagan.hub.tree.models import Entity, Grant, Membership
from lagan.hub.tree.permissions import Permission
from lagan.hub.tree.rules import ids_in, path_of

pytestmark = pytest.mark.django_db
READ = Permission.DATASET_READ


@dataclass(frozen=True)
class World:
    """Entity n has the parent parents[n] (the root, 0, itself); the rest are pairs of entities."""

    parents: tuple[int, ...]
    memberships: frozenset[tuple[int, int]]
    marks: frozenset[tuple[int, int, bool]]

    def roles(self, subject: int) -> set[int]:
        found: set[int] = set()
        waiting = [subject]
        while waiting:
            role = waiting.pop()
            if role not in found:
                found.add(role)
                waiting.append(self.parents[role])
                waiting += [group for member, group in self.memberships if member == role]
        return found

    def holds(self, role: int, place: int) -> bool:
        """effective(object) = (effective(parent) minus denies here) plus grants here."""
        if (role, place, False) in self.marks:
            return True
        if (role, place, True) in self.marks or place == 0:
            return False
        return self.holds(role, self.parents[place])

    def without(self, subject: int, place: int) -> World:
        """The same world without the marks that the subject has at the place."""
        own = {(subject, place, True), (subject, place, False)}
        return World(self.parents, self.memberships, self.marks - own)

    def steps(self, subject: int, role: int) -> int:
        """How many parents and memberships lie between a subject and its role, at the least."""
        reached, count = {subject}, 0
        while role not in reached:
            above = {self.parents[each] for each in reached}
            reached |= above | {group for member, group in self.memberships if member in reached}
            count += 1
        return count

    def may(self, subject: int, place: int) -> bool:
        return any(self.holds(role, place) for role in self.roles(subject))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    size = draw(st.integers(2, 10))
    parents = (0, *(draw(st.integers(0, number - 1)) for number in range(1, size)))
    entity = st.integers(0, size - 1)
    pairs = st.frozensets(st.tuples(entity, entity), max_size=8)
    return World(
        parents, draw(pairs), draw(st.frozensets(st.tuples(entity, entity, st.booleans())))
    )


@contextmanager
def built(world: World) -> Iterator[list[Entity]]:
    """The world in the database, for a while; only the numbers of the ids differ."""
    with transaction.atomic():
        yield _build(world)
        transaction.set_rollback(True)


def _build(world: World) -> list[Entity]:
    made: list[Entity] = []
    for number, parent in enumerate(world.parents):
        entity = Entity(id=number + 100, type="GROUP", name=f"g{number}", parent_id=parent + 100)
        entity.path = path_of(entity.id, made[parent].path if number else "")
        made.append(entity)
    Entity.objects.bulk_create(made)
    Membership.objects.bulk_create(
        Membership(member=made[a], group=made[b]) for a, b in world.memberships
    )
    Grant.objects.bulk_create(
        Grant(subject=made[a], object=made[b], permission=READ, deny=deny)
        for a, b, deny in world.marks
    )
    return made


def actor_of(entity: Entity) -> Actor:
    return Actor(entity.id, entity.name, "jwt")


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(worlds())
def test_check_list_and_reference_agree(db: None, world: World) -> None:
    with built(world) as made:
        for number, subject in enumerate(made):
            actor = Actor(subject.id, subject.name, "jwt")
            expected = {place for place in range(len(made)) if world.may(number, place)}
            checked = {n for n, each in enumerate(made) if queries.may(actor, READ, each.id)}
            listed = _numbers(Entity.objects.filter(queries.within(queries.allowed(actor, READ))))
            held = [queries.permissions_on(actor, each.id) for each in made]
            assert checked == listed == expected
            assert {n for n, each in enumerate(held) if READ in each} == expected


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(worlds())
def test_many_intervals_are_the_same_as_few(db: None, world: World) -> None:
    with built(world) as made, pytest.MonkeyPatch.context() as patch:
        intervals = queries.allowed(Actor(made[-1].id, "last", "jwt"), READ)
        few = _numbers(Entity.objects.filter(queries.within(intervals)))
        patch.setattr(spans, "MANY", 0)
        assert _numbers(Entity.objects.filter(queries.within(intervals))) == few
        through = Membership.objects.filter(queries.within(intervals, "group__path"))
        groups = {group for _, group in world.memberships}
        assert {row.group_id - 100 for row in through} == groups & few


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(worlds())
def test_roles_are_the_closure_and_cycles_do_no_harm(db: None, world: World) -> None:
    with built(world) as made:
        for number, entity in enumerate(made):
            assert {role - 100 for role in queries.roles(entity.id)} == world.roles(number)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(worlds())
def test_why_agrees_with_the_reference(db: None, world: World) -> None:
    with built(world) as made:
        for number, subject in enumerate(made):
            for place, entity in enumerate(made):
                _judge_explanation(world, number, place, queries.why(subject.id, READ, entity.id))


def _judge_explanation(
    world: World, subject: int, place: int, found: queries.Explanation | None
) -> None:
    assert found is not None
    assert found.holds == world.may(subject, place)
    roles = world.roles(subject)
    granting = {chain.role.id - 100 for chain in found.granting}
    assert granting == {role for role in roles if world.holds(role, place)}
    line = [each - 100 for each in ids_in(found.entity.path)]
    marked = {role for role, where, _ in world.marks if role in roles and where in line}
    chains = [*found.granting, *found.stopped, *found.denied]
    assert sorted(chain.role.id - 100 for chain in chains) == sorted(marked)
    for chain in chains:
        _judge_chain(world, subject, chain)
    assert all(chain.denied_at and not chain.granted_at for chain in found.denied)


def _judge_chain(world: World, subject: int, chain: queries.Chain) -> None:
    """Every step is a link of the world, there is no shorter way, and the marks are there."""
    here = subject
    for step in chain.steps:
        there = step.entity.id - 100
        if step.link == "member":
            assert (here, there) in world.memberships
        else:
            assert world.parents[here] == there
        here = there
    assert here == chain.role.id - 100
    assert len(chain.steps) == world.steps(subject, here)
    for end, deny in ((chain.granted_at, False), (chain.denied_at, True)):
        assert end is None or (here, end.id - 100, deny) in world.marks


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(worlds(), st.sampled_from([0, 5_000]), st.integers(1, 4))
def test_who_agrees_with_the_reference(db: None, world: World, few: int, size: int) -> None:
    with built(world) as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr(holders, "FEW", few)
        for place, entity in enumerate(made):
            expected = {n for n in range(len(made)) if world.may(n, place)}
            found = _everybody(entity.path, size)
            assert [each.name for each in found] == sorted(each.name for each in found)
            assert {each.id - 100 for each in found} == expected
            granted = {role for role in range(len(made)) if world.holds(role, place)}
            for each in found:
                through = {role - 100 for role in each.roles}
                assert through == granted & world.roles(each.id - 100)


def _everybody(path: str, size: int) -> list[queries.Holder]:
    found, after = [], None
    while True:
        page = queries.who(READ, path, type="GROUP", after=after, size=size)
        found += page.items
        if page.next is None:
            return found
        after = page.next


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(worlds())
def test_the_editor_agrees_with_the_reference(db: None, world: World) -> None:
    with built(world) as made:
        places = closure.places([each.id for each in made])
        for number, subject in enumerate(made):
            for place, entity in enumerate(made):
                rows = queries.columns(subject.id, places[entity.id])
                (row,) = [each for each in rows if each.permission == READ]
                assert row.effective == world.may(number, place)
                assert row.inherited == world.without(number, place).may(number, place)
                assert row.grant == ((number, place, False) in world.marks)
                assert row.deny == ((number, place, True) in world.marks)
                assert row.effective or not row.grant


def _numbers(rows: Iterable[Entity]) -> set[int]:
    return {entity.id - 100 for entity in rows}
