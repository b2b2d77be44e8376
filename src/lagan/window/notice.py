"""A line of words with the icon of a state, and a button that takes a suggestion."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from lagan.window import pictures


class Notice(QFrame):
    """Hidden while it has nothing to say; `taken` tells the setting and the suggested value."""

    taken = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._icon, self._words, self._button = QLabel(), QLabel(), QPushButton()
        self._words.setWordWrap(True)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._suggested = ("", "")
        self._button.clicked.connect(lambda: self.taken.emit(*self._suggested))
        row = QHBoxLayout(self)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)
        row.addWidget(self._button)
        self.clear()

    def show_words(
        self, tone: str, words: str, setting: str | None = None, suggestion: str | None = None
    ) -> None:
        """Say something; with a suggestion there is a button to take it."""
        self._icon.setPixmap(pictures.icon(tone).pixmap(QSize(20, 20)))
        self._words.setText(words)
        self._suggested = (setting or "", suggestion or "")
        self._button.setText(f"Use “{suggestion}”")
        self._button.setVisible(bool(setting and suggestion))
        self.setVisible(True)

    def clear(self) -> None:
        """Say nothing."""
        self._words.setText("")
        self._button.setVisible(False)
        self.setVisible(False)

    def words(self) -> str:
        """What it says now."""
        return self._words.text()

    def take(self) -> None:
        """Press the button."""
        self._button.click()
