"""An XML document as elements with line numbers; nothing outside it is fetched, nothing in it
grows.

A document type may be named, as deployed configurations do, but it may define nothing: entities are
how a small file becomes a large one, and how a file reads another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from xml.parsers import expat

from lagan.kit.digests import Buffer
from lagan.kit.errors import BadInput

LARGEST = 4 << 20
"""Bytes of a configuration: deployed ones have some tens of thousands."""
DEEPEST = 32
"""Levels of elements; the deepest that is defined has four."""


@dataclass(slots=True)
class Element:
    """An element: its attributes as text, its children in order, the line on which it begins."""

    name: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)

    def named(self, name: str) -> list[Element]:
        """The children of this name."""
        return [each for each in self.children if each.name == name]

    def first(self, name: str) -> Element | None:
        """The first child of this name: of elements that are defined once, later ones do not
        count."""
        return next(iter(self.named(name)), None)


def read(document: bytes) -> Element:
    """The root element. BadInput names the line for what is no XML, or defines entities."""
    top = Element("", 0)
    open_elements = [top]

    def begin(name: str, attributes: dict[str, str], line: int) -> None:
        made = Element(name, line, attributes)
        open_elements[-1].children.append(made)
        open_elements.append(made)

    if len(document) > LARGEST:
        raise BadInput(f"A configuration has at most {LARGEST} bytes.", bytes=len(document))
    stream([document], begin, lambda _: open_elements.pop())
    return top.children[0]


def stream(
    pieces: Iterable[Buffer],
    begin: Callable[[str, dict[str, str], int], object],
    end: Callable[[str], object] = lambda _: None,
) -> None:
    """Tell of every element where it begins (name, attributes, line) and ends. BadInput, as
    `read`."""
    parser = expat.ParserCreate()
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    depth = 0

    def began(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise BadInput(f"Elements are at most {DEEPEST} levels deep.", line=_line())
        begin(name, dict(attributes), _line())

    def ended(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name)

    def refuse(name: str, *_: object) -> None:
        raise BadInput(
            f"Line {_line()}: the document defines the entity {name!r}.", line=_line(), entity=name
        )

    def _line() -> int:
        return parser.CurrentLineNumber

    parser.StartElementHandler = began
    parser.EndElementHandler = ended
    parser.EntityDeclHandler = refuse
    try:
        for piece in pieces:
            parser.Parse(bytes(piece), False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise BadInput(
            f"Line {error.lineno}: {expat.ErrorString(error.code)}.", line=error.lineno
        ) from None
    except (ValueError, LookupError) as error:
        raise BadInput(f"This encoding cannot be read: {error}.") from None
