"""The icon in the tray: what goes on, a menu, and a word when something fails."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from lagan.window import pictures
from lagan.window.actions import Actions

MENU = ("window", "", "sync", "stop", "web", "", "settings", "help", "about", "", "quit")
"""Names of actions, empty for a line between them."""
LONG = 10_000
"""Milliseconds that a word about a failure stays."""


class Tray(QObject):
    """`clicked` asks for the window. On a desktop without a tray there is only the menu."""

    clicked = Signal()

    def __init__(self, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self.menu = QMenu()
        for name in MENU:
            if name:
                self.menu.addAction(actions[name])
            else:
                self.menu.addSeparator()
        self.icon = QSystemTrayIcon(pictures.icon("lagan"), self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._activated)
        self.icon.messageClicked.connect(self.clicked)
        self.show_now("Lagan agent")

    def is_there(self) -> bool:
        """Whether a window that is closed can be found again."""
        return self.icon.isVisible()

    def show(self) -> None:
        """Appear, where there is a tray."""
        if QSystemTrayIcon.isSystemTrayAvailable():
            self.icon.show()

    def show_now(self, text: str) -> None:
        """What goes on, for a pointer that rests on the icon."""
        self.icon.setToolTip(f"Lagan agent: {text}"[:120])

    def tell(self, title: str, text: str, *, failed: bool) -> None:
        """A word on the desktop; failures stay longer."""
        kind = QSystemTrayIcon.MessageIcon
        sign = kind.Warning if failed else kind.Information
        self.icon.showMessage(title, text, sign, LONG if failed else LONG // 2)

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is not QSystemTrayIcon.ActivationReason.Context:
            self.clicked.emit()
