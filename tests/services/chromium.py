"""Where Chromium is; Playwright starts it, with this path as `executable_path`."""

from __future__ import annotations

from tests.services.process import find_program


def path() -> str:
    """The browser's program. ServiceFailed when it is not installed."""
    return find_program("chromium", package="chromium")
