"""A column of a view: its title, what it shows of a row, and what it sorts by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """`order` is what rows are sorted by, the text itself when there is none; `fraction` (0 to 1)
    makes a bar of it; `tone` names the state's icon; `width` is in characters."""

    title: str
    text: Callable[[Row], str]
    width: int = 16
    order: Callable[[Row], Any] | None = None
    is_number: bool = False
    fraction: Callable[[Row], float | None] | None = None
    tone: Callable[[Row], str | None] | None = None
    ticked: Callable[[Row], bool] | None = None
    tick: Callable[[Row, bool], Row] | None = None
    """The row with its box ticked or not."""

    def rank(self, row: Row) -> Any:
        """What the row is sorted by in this column."""
        return self.order(row) if self.order else self.text(row).casefold()


@dataclass(frozen=True, slots=True)
class View(Generic[Row]):
    """A tab: its title, its columns, which row is which (`key`), and what to say while it is
    empty."""

    title: str
    columns: tuple[Column[Row], ...]
    key: Callable[[Row], Any]
    empty: str
    stretch: int = 0
    """The column that takes the room that is left."""
