"""After any creates, moves, renames and removes, paths, names and what is seen are what a naive
tree says."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.tree import browsing, finding, queries, services
from lagan.hub.tree.models import Entity
from lagan.hub.tree.rules import holders, ids_in
from lagan.kit.errors import LaganError

pytestmark = pytest.mark.django_db
TYPES = ("GROUP", "COMPUTER", "TASK", "TEMPLATE")
place, name = st.integers(0, 30), st.sampled_from(("a", "B", "b", "Ø", "x y", "a%", "10"))
acts = st.lists(
    st.one_of(
        st.tuples(st.just("create"), st.sampled_from(TYPES), place, name),
        st.tuples(st.just("move"), place, place),
        st.tuples(st.just("rename"), place, name),
        st.tuples(st.just("remove"), place),
        st.tuples(st.just("grant"), place, st.sampled_from(TYPES), st.booleans()),
    ),
    max_size=25,
)


class Naive:
    """A tree as one would write it on a napkin: id to type, name and parent, and marks of one
    subject."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.nodes: dict[int, tuple[str, str, int]] = {root: ("GROUP", "root", root)}
        self.marks: dict[tuple[int, str], bool] = {}

    def line(self, id: int) -> list[int]:
        if id == self.root:
            return [id]
        return [*self.line(self.nodes[id][2]), id]

    def taken(self, kind: str, name: str, parent: int, besides: int = 0) -> bool:
        return any(
            id not in (besides, self.root)
            and (other, called) == (kind, name)
            and (kind == "TEMPLATE" or above == parent)
            for id, (other, called, above) in self.nodes.items()
        )

    def full(self, id: int) -> bool:
        return any(above == id and child != id for child, (_, _, above) in self.nodes.items())

    def sees(self, id: int) -> bool:
        kind = self.nodes[id][0]
        for each in reversed(self.line(id)):
            if (each, kind) in self.marks:
                return self.marks[each, kind]
        return False

    def passes(self, id: int) -> bool:
        """Whether a mark lets something at or beneath it be seen, were it there."""
        return any(
            granted and (id in self.line(at) or self._reaches(at, kind, id))
            for (at, kind), granted in self.marks.items()
        )

    def _reaches(self, at: int, kind: str, id: int) -> bool:
        """Whether a grant above is still in force at `id`."""
        line = self.line(id)
        if at not in line:
            return False
        return not any((each, kind) in self.marks for each in line[line.index(at) + 1 :])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts)
def test_the_tree_is_what_a_naive_one_says(db: None, given: list[tuple[object, ...]]) -> None:
    with transaction.atomic():
        ground = services.ensure_root()
        user = services.create_entity(by=SYSTEM, type="USER", name="walker", parent=ground.users.id)
        naive, own = Naive(ground.root.id), [ground.root.id]
        for act in given:
            _act(naive, own, user, act)
        _compare(naive, Actor(user.id, "walker", "jwt"))
        transaction.set_rollback(True)


def _act(naive: Naive, own: list[int], user: Entity, act: tuple[object, ...]) -> None:
    """Do it to both; where the napkin says it is refused, the tree refuses."""
    words, *rest = act
    at = {n: own[each % len(own)] for n, each in enumerate(rest) if isinstance(each, int)}
    match words:
        case "create":
            _, kind, _, called = act
            parent = at[1]
            refused = naive.nodes[parent][0] not in holders(str(kind)) or naive.taken(
                str(kind), str(called), parent
            )
            made = _tried(refused, lambda: services.create_entity(
                by=SYSTEM, type=str(kind), name=str(called), parent=parent
            ).id)  # fmt: skip
            if made:
                naive.nodes[made] = (str(kind), str(called), parent)
                own.append(made)
        case "move":
            entity, parent = at[0], at[1]
            kind, called, above = naive.nodes[entity]
            refused = (
                entity == naive.root
                or naive.nodes[parent][0] not in holders(kind)
                or entity in naive.line(parent)
                or (parent != above and naive.taken(kind, called, parent, besides=entity))
            )
            if _tried(refused, lambda: services.move(by=SYSTEM, entity=entity, parent=parent).id):
                naive.nodes[entity] = (kind, called, parent)
        case "rename":
            entity, called = at[0], str(act[2])
            kind, before, above = naive.nodes[entity]
            refused = entity == naive.root or (
                called != before and naive.taken(kind, called, above, besides=entity)
            )
            if _tried(refused, lambda: services.rename(by=SYSTEM, entity=entity, name=called).id):
                naive.nodes[entity] = (kind, called, above)
        case "remove":
            entity = at[0]
            refused = entity == naive.root or naive.full(entity)

            def gone() -> int:
                services.remove(by=SYSTEM, entity=entity)
                return entity

            if _tried(refused, gone):
                del naive.nodes[entity]
                own.remove(entity)
                for mark in [each for each in naive.marks if each[0] == entity]:
                    del naive.marks[mark]
        case "grant":
            _grant(naive, at[0], str(act[2]), bool(act[3]), user)


def _grant(naive: Naive, at: int, kind: str, granted: bool, user: Entity) -> None:
    naive.marks[at, kind] = granted
    of = {each: value for (place, each), value in naive.marks.items() if place == at}
    services.set_grants(
        by=SYSTEM,
        subject=user.id,
        object=at,
        grant=[f"{each}_READ" for each, value in of.items() if value],
        deny=[f"{each}_READ" for each, value in of.items() if not value],
    )


def _tried(refused: bool, act: object) -> int | None:
    assert callable(act)
    if not refused:
        return int(act())
    with pytest.raises(LaganError), transaction.atomic():
        act()
    return None


def _compare(naive: Naive, walker: Actor) -> None:
    rows = {row.id: row for row in Entity.objects.filter(id__in=list(naive.nodes))}
    assert set(rows) == set(naive.nodes)
    words = queries.full_path(list(rows))
    for id, row in rows.items():
        kind, called, parent = naive.nodes[id]
        line = naive.line(id)
        assert (row.type, row.name, row.parent_id, ids_in(row.path)) == (kind, called, parent, line)
        assert words[id] == "".join(f"/{naive.nodes[each][1]}" for each in line)
        assert queries.sees(walker, row) == naive.sees(id)
        found = {each.id for each in finding.find(walker, str(id)).items}
        assert (id in found) == naive.sees(id)
        if kind == "GROUP" and (naive.passes(id) or id == naive.root):
            listed = {each.id for each in browsing.children(walker, id).items}
            expected = {
                child
                for child, (other, _, above) in naive.nodes.items()
                if above == id and child != id
                and (naive.sees(child) or (other == "GROUP" and naive.passes(child)))
            }  # fmt: skip
            assert listed & set(naive.nodes) == expected
    for called in ("a", "B", "b", "Ø"):
        hits = {each.id for each in finding.find(walker, f"{called}*").items}
        fits = {
            id
            for id, (_, name, _) in naive.nodes.items()
            if name.lower().startswith(called.lower()) and naive.sees(id)
        }
        assert hits & set(naive.nodes) == fits
