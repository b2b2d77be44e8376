"""What a preview is made of: plain values that pass from the drawing process to a page, which
escapes every word of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

Block = dict[str, Any]

WORDS = 300
"""Characters of a value that are shown."""


@dataclass(slots=True)
class Drawn:
    """A preview: its blocks in order and the pictures that they name by number; `page` of `pages`
    where there are several (`more`: there are further ones that were not counted)."""

    kind: str = ""
    blocks: list[Block] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    page: int = 0
    pages: int = 1
    more: bool = False
    pages_are: str = "page"

    def picture(self, data: bytes, width: int, height: int, words: str = "") -> None:
        """A picture with its size in pixels as it is sent."""
        shown = {"number": len(self.pictures), "width": width, "height": height}
        self.blocks.append({"type": "picture", "words": short(words), **shown})
        self.pictures.append(data)

    def facts(self, title: str, rows: Iterable[tuple[str, object]]) -> None:
        """Names and values."""
        shown = [[short(name), short(value)] for name, value in rows]
        if shown:
            self.blocks.append({"type": "facts", "title": short(title), "rows": shown})

    def lines(self, lines: Sequence[str], *, first: int = 1, numbered: bool = True) -> None:
        """Lines of text, numbered from `first`."""
        self.blocks.append(
            {"type": "lines", "lines": list(lines), "first": first, "numbered": numbered}
        )

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Rows beneath a head."""
        self.blocks.append({"type": "table", "head": list(head), "rows": [list(r) for r in rows]})

    def tree(self, nodes: Sequence[Block]) -> None:
        """Things within things: `depth`, `name`, `what`, `kind`, and `attributes` as pairs."""
        self.blocks.append({"type": "tree", "nodes": list(nodes)})

    def note(self, code: str, **facts: object) -> None:
        """Something the viewer should know; the page has the sentence for `code`."""
        self.blocks.append({"type": "note", "code": code, "facts": facts})


class NotDrawn(Exception):  # noqa: N818 - a decision, not a fault
    """Why there is no preview, as a code that the page has a sentence for."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


def short(value: object, most: int = WORDS) -> str:
    """A value in so many characters, without any that a terminal or a page would obey."""
    text = value if isinstance(value, str) else str(value)
    if len(text) > most:
        text = text[:most] + "…"
    return "".join(each if each.isprintable() else " " for each in text).strip()
