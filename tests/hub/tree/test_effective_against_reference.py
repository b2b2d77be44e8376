"""On random trees of groups, what is in effect is what walking down by hand gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lagan.hub.tree import queries
from lagan.hub.tree.models import Entity, TemplateAssignment, TemplateField
from lagan.hub.tree.rules import path_of

pytestmark = pytest.mark.django_db
KEYS = (".a", ".b", ".c")
TYPES = ("DATASET", "COMPUTER")


@dataclass(frozen=True)
class World:
    """Group n lies in parents[n] (the root, 0, in itself). templates[n] says of each of its keys
    whether it is NONOVERRIDE; lists has templates in order by (group, type)."""

    parents: tuple[int, ...]
    templates: tuple[dict[str, bool], ...]
    lists: dict[tuple[int, str], list[int]]

    def line(self, group: int) -> list[int]:
        above = [] if group == 0 else self.line(self.parents[group])
        return [*above, group]

    def in_effect(self, group: int, type: str) -> dict[str, tuple[int, int]]:
        """Key to the group and template that it comes from."""
        found: dict[str, tuple[int, int]] = {}
        final: set[str] = set()
        for place in self.line(group):
            for template in self.lists.get((place, type), []):
                for key, nonoverride in self.templates[template].items():
                    if key not in final:
                        found[key] = (place, template)
                        final |= {key} if nonoverride else set()
        return found


@st.composite
def worlds(draw: st.DrawFn) -> World:
    size = draw(st.integers(1, 6))
    parents = (0, *(draw(st.integers(0, number - 1)) for number in range(1, size)))
    template = st.dictionaries(st.sampled_from(KEYS), st.booleans())
    templates = tuple(draw(st.lists(template, min_size=1, max_size=4)))
    order = st.lists(st.integers(0, len(templates) - 1), unique=True)
    places = st.tuples(st.integers(0, size - 1), st.sampled_from(TYPES))
    return World(parents, templates, draw(st.dictionaries(places, order, max_size=6)))


@contextmanager
def built(world: World) -> Iterator[tuple[list[int], list[int]]]:
    """The world in the database, for a while: the ids of its groups and of its templates."""
    with transaction.atomic():
        groups: list[Entity] = []
        # Ids fall as the tree goes down, so that neither they nor their order says who is above.
        for number, parent in enumerate(world.parents):
            entity = Entity(
                id=200 - number, type="GROUP", name=f"g{number}", parent_id=200 - parent
            )
            entity.path = path_of(entity.id, groups[parent].path if number else "")
            groups.append(entity)
        made = [
            Entity(
                id=300 + number,
                type="TEMPLATE",
                name=f"t{number}",
                parent_id=200,
                path=path_of(300 + number, groups[0].path),
            )
            for number in range(len(world.templates))
        ]
        Entity.objects.bulk_create([*groups, *made])
        TemplateField.objects.bulk_create(
            TemplateField(template=made[number], position=place, key=key, nonoverride=final)
            for number, keys in enumerate(world.templates)
            for place, (key, final) in enumerate(keys.items())
        )
        TemplateAssignment.objects.bulk_create(
            TemplateAssignment(group=groups[group], type=type, position=place, template=made[each])
            for (group, type), order in world.lists.items()
            for place, each in enumerate(order)
        )
        yield [each.id for each in groups], [each.id for each in made]
        transaction.set_rollback(True)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(worlds())
def test_what_is_in_effect_is_what_walking_down_gives(db: None, world: World) -> None:
    with built(world) as (groups, made):
        for number, group in enumerate(groups):
            for type in TYPES:
                found = queries.effective_template(group, type).origins
                told = {key: (each.place.group, each.place.template) for key, each in found.items()}
                assert told == {
                    key: (groups[place], made[template])
                    for key, (place, template) in world.in_effect(number, type).items()
                }
