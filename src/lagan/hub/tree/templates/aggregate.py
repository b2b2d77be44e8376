"""Which definition of a key is in effect: pure arithmetic on the templates from the root down.

Templates of a group count in their order, groups from the root down. For each key the last
definition counts, but none after one that says NONOVERRIDE. Source: seeds/dataset-archive.txt, how
to assign templates, how to edit template.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lagan.hub.tree.templates.fields import Field


@dataclass(frozen=True, slots=True)
class Layer:
    """A template where it is assigned: the ids of the group and of the template, and its fields."""

    group: int
    template: int
    fields: Sequence[Field]


@dataclass(frozen=True, slots=True)
class Place:
    """A definition's place: the ids of a group and of a template that is assigned there."""

    group: int
    template: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the definition of a key in effect is, and where others are: those before it that it
    overrides, those after it that its NONOVERRIDE holds off."""

    place: Place
    overridden: tuple[Place, ...] = ()
    held_off: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class EffectiveTemplate:
    """What is asked of the metadata of an entity of a type in a group: `fields` by key, in the
    order in which they first appear from the root down, and the origin of each."""

    fields: dict[str, Field] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)

    def of_people(self) -> dict[str, Field]:
        """The fields that people fill in: those of open keys."""
        return {key: each for key, each in self.fields.items() if each.is_open}


def aggregate(layers: Iterable[Layer]) -> EffectiveTemplate:
    """The template that these amount to; they come from the root down, in their order."""
    result = EffectiveTemplate()
    for layer in layers:
        place = Place(layer.group, layer.template)
        for each in layer.fields:
            _lay(result, each, place)
    return result


def _lay(result: EffectiveTemplate, new: Field, place: Place) -> None:
    before, origin = result.fields.get(new.key), result.origins.get(new.key)
    if before is None or origin is None:
        result.fields[new.key], result.origins[new.key] = new, Origin(place)
    elif before.nonoverride:
        held = (*origin.held_off, place)
        result.origins[new.key] = Origin(origin.place, origin.overridden, held)
    else:
        result.fields[new.key] = new
        result.origins[new.key] = Origin(place, (*origin.overridden, origin.place))
