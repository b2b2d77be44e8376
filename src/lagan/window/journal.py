"""What the agent says while the window is open: kept for its Log view, bounded."""

from __future__ import annotations

import logging
import threading
from collections import deque
from datetime import datetime

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lagan.agent.log import SHORTEST, cleaned
from lagan.agent.settings import Settings
from lagan.kit.errors import BadInput, LaganError
from lagan.kit.files import write_atomically
from lagan.window import pictures

LINES = 10_000
"""Lines that are kept; the oldest go first."""


class Journal(logging.Handler):
    """Takes lines from any thread until the window fetches them."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.secrets: tuple[str, ...] = ()
        self._guard = threading.Lock()
        self._waiting: deque[str] = deque(maxlen=LINES)

    def keep_secret(self, settings: Settings) -> None:
        """What must not be read in any line."""
        given = (settings.api_key, settings.password)
        self.secrets = tuple(each for each in given if len(each) >= SHORTEST)

    def emit(self, record: logging.LogRecord) -> None:
        """A line of the program's log."""
        level = "" if record.levelno < logging.WARNING else f"{record.levelname.lower()}: "
        self.say(f"{level}{record.getMessage()}")

    def say(self, text: str) -> None:
        """A line, with the time and without anything secret."""
        moment = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")
        with self._guard:
            self._waiting.append(f"{moment}  {cleaned(text, self.secrets)}")

    def take(self) -> list[str]:
        """The lines since the last look."""
        with self._guard:
            lines = list(self._waiting)
            self._waiting.clear()
        return lines


class LogPage(QWidget):
    """The lines, newest last; it stays where somebody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setMaximumBlockCount(LINES)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.text.setAccessibleName("Log")
        self.text.setPlaceholderText("What the agent does is written here.")
        self.words = QLabel()
        save = QPushButton(pictures.icon("save"), "Save as…")
        save.clicked.connect(self._choose)
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self.words, 1)
        row.addWidget(save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.text, 1)
        column.addLayout(row)

    def add(self, lines: list[str]) -> None:
        """Write lines at the end."""
        if lines:
            self.text.appendPlainText("\n".join(lines))

    def search(self, text: str) -> None:
        """Go to the next place where `text` is written, from the top again after the last."""
        if text and not self.text.find(text):
            self.text.moveCursor(self.text.textCursor().MoveOperation.Start)
            self.text.find(text)

    def save(self, path: str) -> None:
        """Write all of it to a file."""
        try:
            save_text(path, self.text.toPlainText())
            self.words.setText(f"Saved as {path}.")
        except LaganError as error:
            self.words.setText(error.sentence)

    def _choose(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save the log", "lagan-agent.log")
        if path:
            self.save(path)


def save_text(path: str, text: str) -> None:
    """Put a text into a file, whole or not at all. BadInput when it cannot be."""
    from pathlib import Path

    try:
        write_atomically(Path(path), text.encode("utf-8", "replace"))
    except OSError as error:
        raise BadInput(f"Cannot write {path}: {error.strerror}.") from None
