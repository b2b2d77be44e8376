"""How a field of the configuration's shape says where it comes from: an attribute, a child, all
children of a name."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field
from typing import Any

from lagan.hub.doors.node.config.kinds import Kind

SOURCE = "source"
"""The key of a field's metadata."""


@dataclass(frozen=True, slots=True)
class FromAttribute:
    """An attribute of the element, by its name or an alias. `required`: the element cannot do
    without."""

    name: str
    kind: Kind[Any]
    required: bool
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FromChild:
    """The first child element of a name; `required`: the element cannot do without."""

    name: str
    shape: type
    required: bool


@dataclass(frozen=True, slots=True)
class FromChildren:
    """All child elements of a name, in order; with `attribute`, only that attribute's text of
    each."""

    name: str
    shape: type | None
    attribute: str | None


@dataclass(frozen=True, slots=True)
class FromRest:
    """Every attribute that no other field names, as text."""


def attribute(
    name: str,
    kind: Kind[Any],
    *,
    default: Any = MISSING,
    aliases: tuple[str, ...] = (),
) -> Any:
    """A field read from an attribute; without a default the attribute is required."""
    source = FromAttribute(name, kind, default is MISSING, aliases)
    # Every field has a default, so that an element can be told of all that it lacks.
    value = None if default is MISSING else default
    return field(default_factory=lambda: value, metadata={SOURCE: source})


def child(name: str, shape: type, *, default: Any = MISSING) -> Any:
    """A field read from the first child element of a name; without a default it is required."""
    source = FromChild(name, shape, default is MISSING)
    value = None if default is MISSING else default
    return field(default=value, metadata={SOURCE: source})


def children(name: str, shape: type | None = None, *, attribute: str | None = None) -> Any:
    """A field read from all children of a name."""
    return field(default=(), metadata={SOURCE: FromChildren(name, shape, attribute)})


def rest() -> Any:
    """A field with all other attributes."""
    return field(default_factory=dict, metadata={SOURCE: FromRest()})
