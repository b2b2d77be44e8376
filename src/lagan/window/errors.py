"""What the window refuses."""

from __future__ import annotations

from lagan.kit.errors import Locked, Unavailable


class WindowOpen(Locked):
    """A window for the same settings is open already."""

    code = "window-open"


class NoQt(Unavailable):
    """PySide6 is not installed, or has no screen to draw on."""

    code, permanent = "no-qt", True
