"""What the demo says: one calm line a step, and a summary with links at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from lagan.hub.ops.demo.errors import Broken
from lagan.kit.errors import LaganError

TITLE = 16
"""Columns of a step's title."""


class Teller:
    """Writes to standard output; colours and a sign of work only on a terminal."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        signs = ("✓", "✗") if _can_say("✓✗") else ("+", "x")
        self._good, self._bad = signs

    @contextmanager
    def working(self, title: str, act: str) -> Iterator[None]:
        """Show on a terminal what is being done."""
        if not self._console.is_terminal:
            yield
            return
        with self._console.status(Text(f"{title}: {act}", style="dim")):
            yield

    def held(self, title: str, found: str, seconds: float) -> None:
        """A step held: what was checked."""
        line = Text.assemble(
            (f"{self._good} ", "green"),
            (f"{title:<{TITLE}} ", "bold"),
            found,
            (f"  {seconds:.1f} s", "dim"),
        )
        self._console.print(line)

    def broke(self, title: str, error: LaganError, logs: Iterable[str]) -> None:
        """A step did not hold: what was expected, what was found, where to look."""
        line = Text.assemble(
            (f"{self._bad} ", "red"), (f"{title:<{TITLE}} ", "bold"), error.sentence
        )
        self._console.print(line)
        if isinstance(error, Broken):
            self._console.print(Text(f"    expected: {error.expected}"))
            self._console.print(Text(f"    found:    {error.found}"))
        for place in logs:
            self._console.print(Text(f"    log:      {place}", style="dim"))

    def say(self, text: str = "", *, style: str = "") -> None:
        """One more line."""
        self._console.print(Text(text, style=style))

    def rows(self, rows: Iterable[tuple[str, str]]) -> None:
        """Names and what they stand for."""
        for name, value in rows:
            self._console.print(Text.assemble((f"  {name:<{TITLE}} ", "bold"), value))


def _can_say(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
