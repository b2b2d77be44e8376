"""What can be done, once: the toolbar, the menu of the tray and the keyboard all use these."""

from __future__ import annotations

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from lagan.window import pictures

TABLE = {
    "sync": ("Sync Now", "Ctrl+R", "Look for data and send it, whatever the schedule"),
    "stop": ("Stop", "Ctrl+.", "End the run; the next one goes on from there"),
    "test": ("Test Run", "Ctrl+T", "Tell what a run would do; nothing is sent"),
    "folder": ("Open Folder", "Ctrl+O", "Show the chosen row, or the data directory"),
    "web": ("Web Browser", "Ctrl+B", "Open the chosen row's page at the hub"),
    "clean": ("Clean-up", "Ctrl+U", "Remove local files whose copies are verified"),
    "settings": ("Settings", "Ctrl+,", "Change the agent's settings"),
    "help": ("Help", "F1", "What the settings mean"),
    "about": ("About", "", "What this program is"),
    "window": ("Main Window", "", "Bring the window to the front"),
    "quit": ("Quit", "Ctrl+Q", "End the agent; nothing is scheduled any more"),
}
"""Words, keys and explanation of each; the name is that of its icon too."""


class Actions:
    """The actions by name."""

    def __init__(self, parent: QWidget) -> None:
        self._made = {name: _action(parent, name) for name in TABLE}
        # Keys work whether or not a toolbar shows the action.
        parent.addActions(list(self._made.values()))

    def __getitem__(self, name: str) -> QAction:
        return self._made[name]

    def repaint(self) -> None:
        """The palette has changed."""
        for name, action in self._made.items():
            action.setIcon(pictures.icon(name))


def _action(parent: QWidget, name: str) -> QAction:
    words, keys, hint = TABLE[name]
    made = QAction(pictures.icon(name), words, parent)
    made.setToolTip(f"{hint} ({keys})" if keys else hint)
    made.setStatusTip(hint)
    if keys:
        made.setShortcut(QKeySequence(keys))
    return made
