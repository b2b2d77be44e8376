"""At a glance: what the agent does now, how far it is, how its last run ended, when the next is."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QProgressBar, QWidget

from lagan.kit.sizes import show_size
from lagan.window import pictures
from lagan.window.feed import Sent
from lagan.window.views import show_speed

STEPS = 1000
"""Of the bar."""


class Headline(QFrame):
    """Three lines and a bar; the bar is there while something is being sent."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("headline")
        self._tone = "waits"
        self._icon, self._now = QLabel(), QLabel()
        self._last, self._next, self._amount = QLabel(), QLabel(), QLabel()
        font = self._now.font()
        font.setPointSizeF(font.pointSizeF() * 1.25)
        font.setBold(True)
        self._now.setFont(font)
        for each in (self._now, self._last, self._next, self._amount):
            each.setTextFormat(Qt.TextFormat.PlainText)
        self._amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._next.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.bar = QProgressBar()
        self.bar.setRange(0, STEPS)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName("Sent of what this run shall send")
        self._lay_out()
        self.show_sent(Sent())
        self.show_next(None)
        self.show_last("No run has ended yet.")

    def show_now(self, tone: str, text: str) -> None:
        """What goes on."""
        self._tone = tone
        self._icon.setPixmap(pictures.icon(tone).pixmap(QSize(32, 32)))
        self._now.setText(text)

    def show_last(self, text: str) -> None:
        """How the last run ended."""
        self._last.setText(text)

    def show_next(self, moment: datetime | None) -> None:
        """When the next run begins by itself."""
        told = f"Next run {moment:%Y-%m-%d %H:%M}" if moment else "No run is scheduled"
        self._next.setText(told)

    def show_sent(self, sent: Sent, speed: float = 0.0) -> None:
        """How far the sending is."""
        is_sending = sent.of_files > 0
        self.bar.setVisible(is_sending)
        self._amount.setVisible(is_sending)
        if is_sending:
            share = sent.size / sent.of_size if sent.of_size else sent.files / sent.of_files
            self.bar.setValue(round(min(share, 1.0) * STEPS))
            told = f"{sent.files:,} of {sent.of_files:,} files, {show_size(sent.size)} of "
            rate = f", {show_speed(speed)}" if speed else ""
            self._amount.setText(f"{told}{show_size(sent.of_size)}{rate}")

    def repaint_icons(self) -> None:
        """The palette has changed."""
        self.show_now(self._tone, self._now.text())

    def now(self) -> str:
        """What it says goes on."""
        return self._now.text()

    def last(self) -> str:
        """What it says of the last run."""
        return self._last.text()

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(14, 10, 14, 10)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(4)
        grid.addWidget(self._icon, 0, 0, 2, 1)
        grid.addWidget(self._now, 0, 1)
        grid.addWidget(self._amount, 0, 2)
        grid.addWidget(self._last, 1, 1)
        grid.addWidget(self._next, 1, 2)
        grid.addWidget(self.bar, 2, 0, 1, 3)
        grid.setColumnStretch(1, 1)
