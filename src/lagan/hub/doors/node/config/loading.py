"""From a configuration file to a `NodeConfig`, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, TypeVar

from lagan.hub.doors.node.config import xml
from lagan.hub.doors.node.config.attributes import (
    SOURCE,
    FromAttribute,
    FromChild,
    FromChildren,
    FromRest,
)
from lagan.hub.doors.node.config.checking import Problem, Refused, problems
from lagan.hub.doors.node.config.shape import RETIRED, NodeConfig
from lagan.kit.errors import BadInput

ROOT = "NgamsCfg"
S = TypeVar("S")
Tell = Callable[[Problem], None]
_EVERYWHERE = frozenset({"Id"})
"""Attributes that every element has."""


def load(path: Path) -> NodeConfig:
    """The configuration in a file. Refused with every reason; BadInput when it cannot be read or is
    no XML."""
    root = read(path)
    try:
        return judge(root, str(path))
    except Refused:
        raise
    except BadInput as error:
        raise BadInput(f"{path}: {error.sentence}", **error.facts) from None


def read(path: Path) -> xml.Element:
    """The elements in a file, not judged yet. BadInput."""
    try:
        document = path.read_bytes()
    except OSError as error:
        raise BadInput(f"Cannot read the configuration {path}: {error.strerror}.") from None
    try:
        return xml.read(document)
    except BadInput as error:
        raise BadInput(f"{path}: {error.sentence}", **error.facts) from None


def parse(document: bytes, file: str = "") -> NodeConfig:
    """The configuration in these bytes; `file` names them in refusals."""
    return judge(xml.read(document), file)


def judge(root: xml.Element, file: str = "") -> NodeConfig:
    """The configuration that these elements are; `file` names them in refusals."""
    if root.name != ROOT:
        raise BadInput(f"The document is a {root.name}, not a {ROOT}.", element=root.name)
    found: list[Problem] = []
    config = _shaped(NodeConfig, root, root.name, found.append)
    # What is there is judged only when it could be read: one mistake, one reason.
    found += [] if found else problems(config)
    if found:
        raise Refused(file, found)
    return config


def start_of(root: xml.Element, file: str = "") -> NodeConfig:
    """Only what is needed to find a configuration that is kept in the database: `Db` and
    `Server.RootDirectory`; everything else has a default or is None. Refused."""
    found: list[Problem] = []
    config = _shaped(NodeConfig, root, root.name, found.append)
    wanted = [each for each in found if _is_needed_first(each)]
    if wanted:
        raise Refused(file, wanted)
    return config


def _is_needed_first(each: Problem) -> bool:
    absent = each.element == ROOT and each.attribute in ("Db", "Server")
    root = (each.element, each.attribute) == ("Server", "RootDirectory")
    return absent or root or each.element == "Db"


def unknown(document: bytes) -> list[Problem]:
    """Elements and attributes that mean nothing here: they are passed over, as deployed
    configurations expect, and worth a warning."""
    root = xml.read(document)
    return list(_unknown(NodeConfig, root, root.name))


def _shaped(shape: type[S], element: xml.Element, place: str, tell: Tell) -> S:
    """The element as its dataclass; what is wrong with it is told, and has its default then."""
    values: dict[str, Any] = {}
    for each in fields(shape):  # type: ignore[arg-type]  # every shape is a dataclass
        match each.metadata[SOURCE]:
            case FromAttribute() as source:
                _read_attribute(values, each, source, element, place, tell)
            case FromChild() as source:
                _read_child(values, each, source, element, place, tell)
            case FromChildren() as source:
                values[each.name] = _read_children(source, element, place, tell)
            case FromRest():
                values[each.name] = _rest(shape, element.attributes)
    return shape(**values)


def _read_attribute(
    values: dict[str, Any],
    each: Field[Any],
    source: FromAttribute,
    element: xml.Element,
    place: str,
    tell: Tell,
) -> None:
    given = next(
        (
            element.attributes[name]
            for name in (source.name, *source.aliases)
            if name in element.attributes
        ),
        None,
    )
    if given is None or (not given.strip() and not source.required):
        if source.required:
            tell(Problem(place, source.name, element.line, "it is missing"))
        return
    try:
        values[each.name] = source.kind(given)
    except BadInput as refusal:
        tell(Problem(place, source.name, element.line, refusal.sentence))


def _read_child(
    values: dict[str, Any],
    each: Field[Any],
    source: FromChild,
    element: xml.Element,
    place: str,
    tell: Tell,
) -> None:
    found = element.first(source.name)
    if found is not None:
        values[each.name] = _shaped(source.shape, found, _beneath(place, source.name), tell)
    elif source.required:
        tell(Problem(place, source.name, element.line, "this element is missing"))


def _read_children(
    source: FromChildren, element: xml.Element, place: str, tell: Tell
) -> tuple[Any, ...]:
    made: list[Any] = []
    for number, found in enumerate(element.named(source.name), 1):
        here = f"{_beneath(place, source.name)}[{number}]"
        if source.shape is not None:
            made.append(_shaped(source.shape, found, here, tell))
        elif source.attribute is not None:
            text = found.attributes.get(source.attribute, "").strip()
            if text:
                made.append(text)
            elif source.attribute not in found.attributes:
                tell(Problem(here, source.attribute, found.line, "it is missing"))
    return tuple(made)


def _beneath(place: str, name: str) -> str:
    """`Server` rather than `NgamsCfg.Server`: what a person looks for in the file."""
    return name if place == ROOT else f"{place}.{name}"


def _rest(shape: type, attributes: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in attributes.items()
        if name not in _names(shape) and name not in _EVERYWHERE
    }


def _names(shape: type) -> frozenset[str]:
    sources = [each.metadata[SOURCE] for each in fields(shape)]
    return frozenset(
        name
        for source in sources
        if isinstance(source, FromAttribute)
        for name in (source.name, *source.aliases)
    )


_IGNORED = frozenset({"Header", "Description"})
"""Elements that describe the file itself."""


def _unknown(shape: type, element: xml.Element, place: str) -> Iterator[Problem]:
    sources = [each.metadata[SOURCE] for each in fields(shape)]
    if not any(isinstance(source, FromRest) for source in sources):
        known = _names(shape) | _EVERYWHERE | RETIRED.get(shape, frozenset())
        for name in sorted(element.attributes.keys() - known):
            yield Problem(place, name, element.line, "it means nothing here")
    shapes = {
        source.name: source.shape
        for source in sources
        if isinstance(source, FromChild | FromChildren)
    }
    for each in element.children:
        here = _beneath(place, each.name)
        if each.name not in shapes:
            if each.name not in _IGNORED:
                yield Problem(here, "", each.line, "this element means nothing here")
        elif (inner := shapes[each.name]) is not None:
            yield from _unknown(inner, each, here)
