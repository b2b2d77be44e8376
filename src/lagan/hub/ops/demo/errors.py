"""What ends a demo: a step that did not hold, with what was expected and what was found."""

from __future__ import annotations

from typing import Any

from lagan.kit.errors import LaganError


class Broken(LaganError):
    """A step of the demo did not hold."""

    code = "demo-broken"

    def __init__(self, what: str, *, expected: Any, found: Any) -> None:
        super().__init__(what, expected=str(expected), found=str(found))
        self.expected, self.found = str(expected), str(found)
