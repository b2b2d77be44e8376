"""One value of a configuration by its simplified XPath: `NgamsCfg.Streams[1].Stream[2].PlugIn`.

Counted from 1; an element without a number is the first. Source: reference/ngas-http.md section 10.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lagan.hub.doors.node.config.xml import DEEPEST, Element
from lagan.kit.errors import BadInput, NotFound

_PART = re.compile(r"([A-Za-z_][\w-]{0,100})(?:\[(\d{1,6})\])?", re.ASCII)
MOST_SIBLINGS = 10_000
"""The highest number that a path may have: a row of a table makes no more elements than that."""


@dataclass(frozen=True, slots=True)
class ValuePath:
    """The elements from the root, each with its number, and the attribute."""

    elements: tuple[tuple[str, int], ...]
    attribute: str

    def __str__(self) -> str:
        inner = [name if i == 0 else f"{name}[{n}]" for i, (name, n) in enumerate(self.elements)]
        return ".".join([*inner, self.attribute])

    @property
    def top(self) -> str:
        """The element beneath the root that it is in; empty for an attribute of the root."""
        return self.elements[1][0] if len(self.elements) > 1 else ""


def read_path(text: str) -> ValuePath:
    """The path that a text is. BadInput."""
    parts = text.strip().split(".")
    matches = [_PART.fullmatch(each) for each in parts]
    if len(parts) < 2 or len(parts) > DEEPEST or not all(matches):
        raise _no_path(text)
    found = [(each[1], each[2]) for each in matches if each is not None]
    *elements, (attribute, number) = found
    if number is not None:
        raise _no_path(text)
    numbered = tuple((name, int(n or 1)) for name, n in elements)
    if any(not 1 <= n <= MOST_SIBLINGS for _, n in numbered):
        raise _no_path(text)
    return ValuePath(numbered, attribute)


def _no_path(text: str) -> BadInput:
    return BadInput(
        f"{text[:100]!r} is no path such as NgamsCfg.Server[1].PortNo.", path=text[:200]
    )


def get(root: Element, path: ValuePath) -> str:
    """The value at a path. NotFound."""
    element = _find(root, path)
    if element is None or path.attribute not in element.attributes:
        raise NotFound(f"The configuration has no {path}.", path=str(path))
    return element.attributes[path.attribute]


def changed(root: Element, path: ValuePath, value: str) -> Element:
    """The configuration with another value at a path; the one given stays as it was. NotFound when
    there is no such element."""
    made = _copy(root)
    element = _find(made, path)
    if element is None:
        raise NotFound(f"The configuration has no element of {path}.", path=str(path))
    element.attributes[path.attribute] = value
    return made


def built(values: Iterable[tuple[ValuePath, str]]) -> Element:
    """The configuration that values make. BadInput when there are none, or of two roots."""
    root: Element | None = None
    for path, value in values:
        if root is None:
            root = Element(path.elements[0][0], 0)
        elif root.name != path.elements[0][0]:
            raise BadInput(f"{path} is not beneath {root.name}.", path=str(path))
        _make(root, path).attributes[path.attribute] = value
    if root is None:
        raise BadInput("The configuration has no values.")
    return root


def values(root: Element) -> Iterator[tuple[ValuePath, str]]:
    """Every value by its path: what `built` takes."""
    yield from _values(root, ((root.name, 1),))


def _values(
    element: Element, place: tuple[tuple[str, int], ...]
) -> Iterator[tuple[ValuePath, str]]:
    for name, value in element.attributes.items():
        yield ValuePath(place, name), value
    seen: dict[str, int] = {}
    for child in element.children:
        seen[child.name] = seen.get(child.name, 0) + 1
        yield from _values(child, (*place, (child.name, seen[child.name])))


def _find(root: Element, path: ValuePath) -> Element | None:
    if path.elements[0] != (root.name, 1):
        return None
    here = root
    for name, number in path.elements[1:]:
        known = here.named(name)
        if len(known) < number:
            return None
        here = known[number - 1]
    return here


def _make(root: Element, path: ValuePath) -> Element:
    here = root
    for name, number in path.elements[1:]:
        missing = number - len(here.named(name))
        here.children += [Element(name, 0) for _ in range(missing)]
        here = here.named(name)[number - 1]
    return here


def _copy(element: Element) -> Element:
    children = [_copy(each) for each in element.children]
    return Element(element.name, element.line, dict(element.attributes), children)
