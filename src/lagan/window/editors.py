"""A widget for each kind of setting; every one speaks the text that stands in the settings file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QDate, QSignalBlocker, Qt, QTime, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDateEdit,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTimeEdit,
    QWidget,
)

from lagan.agent.keys import Key
from lagan.window import pictures

NARROW = 170
"""Points that numbers, dates and times need."""
MOST = (1 << 31) - 1
"""What a spin box can hold."""
START = ("Normal window", "Minimized", "Maximized")
METHODS = ("ParallelSSH", "POST", "Chunked")
OFFERED = {"on_start_run": START, "upload_method": METHODS}
"""Values to choose from where the settings file itself takes any text."""
ZERO_WORDS = {"bandwidth_limit": "No limit", "clean_up_days": "Never by itself"}
"""What 0 means."""
DATES, TIMES = frozenset({"scheduled_date"}), frozenset({"scheduled_time"})
DAY_TIMES = frozenset({"timer_from_time", "timer_to_time"})
FOLDERS = frozenset({"data_directory", "state_directory"})


def plain_note(key: Key) -> str:
    """What the setting means, as a sentence without its full stop."""
    note = key.note.removeprefix("(kept)").removeprefix("(MyTardis)").strip()
    return f"{note[:1].upper()}{note[1:]}"


class Editor(QWidget):
    """`changed` tells that somebody changed it; `text` and `put` are what the file says."""

    changed = Signal()

    def __init__(self, key: Key, inner: QWidget, *beside: QWidget) -> None:
        super().__init__()
        self.key, self.inner = key, inner
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        is_narrow = isinstance(inner, QAbstractSpinBox)
        if is_narrow:
            inner.setFixedWidth(NARROW)
        row.addWidget(inner, 0 if is_narrow else 1)
        for each in beside:
            row.addWidget(each)
        if is_narrow:
            row.addStretch(1)
        self.setFocusProxy(inner)
        note = plain_note(key)
        inner.setToolTip(f"{note}.\nIn the file: {key.name}" if note else key.name)
        inner.setAccessibleDescription(note)

    def text(self) -> str:
        """The value as the settings file says it."""
        raise TypeError(f"{type(self).__name__} says no value.")

    def put(self, text: str) -> None:
        """Show a value of the settings file; what cannot be read is shown as the default."""
        raise TypeError(f"{type(self).__name__} takes no value.")


class LineEditor(Editor):
    """Any text."""

    def __init__(self, key: Key, *beside: QWidget) -> None:
        self.line = QLineEdit()
        super().__init__(key, self.line, *beside)
        self.line.textEdited.connect(self.changed)

    def text(self) -> str:
        """The words as written."""
        return self.line.text()

    def put(self, text: str) -> None:
        """Show the words."""
        self.line.setText(text)


class SecretEditor(LineEditor):
    """A text that nobody shall read over somebody's shoulder, until asked to show it."""

    def __init__(self, key: Key) -> None:
        super().__init__(key)
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self._show = QAction(pictures.icon("show"), "Show", self)
        self._show.setCheckable(True)
        self._show.toggled.connect(self._turn)
        self.line.addAction(self._show, QLineEdit.ActionPosition.TrailingPosition)

    def _turn(self, shown: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password
        self.line.setEchoMode(mode)


class PathEditor(LineEditor):
    """A file or folder, written or chosen."""

    def __init__(self, key: Key) -> None:
        self.button = QPushButton("Browse…")
        super().__init__(key, self.button)
        self.button.clicked.connect(self._choose)

    def _choose(self) -> None:
        begin = str(Path(self.text()).expanduser()) if self.text() else str(Path.home())
        if self.key.name in FOLDERS:
            found = QFileDialog.getExistingDirectory(self, "Choose a folder", begin)
        else:
            found, _ = QFileDialog.getOpenFileName(self, "Choose a file", begin)
        if found:
            self.put(found)
            self.changed.emit()


class FlagEditor(Editor):
    """A tick box; its words stand beside it."""

    def __init__(self, key: Key, words: str) -> None:
        self.box = QCheckBox(words)
        super().__init__(key, self.box)
        self.box.toggled.connect(self.changed)

    def text(self) -> str:
        """True or False."""
        return str(self.box.isChecked())

    def put(self, text: str) -> None:
        """Anything that an ini file takes for yes."""
        with QSignalBlocker(self.box):
            self.box.setChecked(text.strip().lower() in ("1", "yes", "true", "on"))


class NumberEditor(Editor):
    """A number within the setting's bounds."""

    def __init__(self, key: Key) -> None:
        self.box: QSpinBox | QDoubleSpinBox
        least, most = key.least or 0, MOST if key.most is None else min(key.most, MOST)
        if key.kind == "whole":
            self.box = QSpinBox()
            self.box.setRange(int(least), int(most))
        else:
            self.box = QDoubleSpinBox()
            self.box.setRange(least, most)
        self.box.setGroupSeparatorShown(True)
        if key.name in ZERO_WORDS:
            self.box.setSpecialValueText(ZERO_WORDS[key.name])
        super().__init__(key, self.box)
        self.box.valueChanged.connect(self.changed)

    def text(self) -> str:
        """Digits."""
        self.box.interpretText()
        return str(self.box.value())

    def put(self, text: str) -> None:
        """The number, or the default."""
        with QSignalBlocker(self.box):
            try:
                number = float(text)
            except ValueError:
                number = float(self.key.default)
            if isinstance(self.box, QSpinBox):
                self.box.setValue(int(number))
            else:
                self.box.setValue(number)


class ChoiceEditor(Editor):
    """One of several; a value that is none of them is added, to be refused by name."""

    def __init__(self, key: Key, choices: tuple[str, ...]) -> None:
        self.box = QComboBox()
        self.box.addItems(list(choices))
        super().__init__(key, self.box)
        self.box.currentIndexChanged.connect(self.changed)

    def text(self) -> str:
        """The chosen words."""
        return self.box.currentText()

    def put(self, text: str) -> None:
        """Choose the words, in any case of letters."""
        with QSignalBlocker(self.box):
            at = self.box.findText(text, Qt.MatchFlag.MatchFixedString)
            if at < 0:
                self.box.addItem(text)
                at = self.box.count() - 1
            self.box.setCurrentIndex(at)


class DateEditor(Editor):
    """A date, written as in 2026-05-31."""

    def __init__(self, key: Key) -> None:
        self.box = QDateEdit()
        self.box.setCalendarPopup(True)
        self.box.setDisplayFormat("yyyy-MM-dd")
        super().__init__(key, self.box)
        self.box.dateChanged.connect(self.changed)

    def text(self) -> str:
        """YYYY-MM-DD."""
        return self.box.date().toString("yyyy-MM-dd")

    def put(self, text: str) -> None:
        """The date, or today."""
        with QSignalBlocker(self.box):
            given = QDate.fromString(text.strip(), "yyyy-MM-dd")
            self.box.setDate(given if given.isValid() else QDate.currentDate())


class TimeEditor(Editor):
    """A time of day, written as in 14:30:00."""

    def __init__(self, key: Key) -> None:
        self.box = QTimeEdit()
        self.box.setDisplayFormat("HH:mm:ss")
        self.box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.UpDownArrows)
        super().__init__(key, self.box)
        self.box.timeChanged.connect(self.changed)

    def text(self) -> str:
        """HH:MM:SS."""
        return self.box.time().toString("HH:mm:ss")

    def put(self, text: str) -> None:
        """The time; else the default, which for a scheduled time is a minute from now."""
        with QSignalBlocker(self.box):
            for words in (text.strip(), str(self.key.default)):
                given = QTime.fromString(words, "HH:mm:ss" if words.count(":") > 1 else "HH:mm")
                if given.isValid():
                    self.box.setTime(given)
                    return
            self.box.setTime(QTime.currentTime().addSecs(60))


def editor(key: Key, words: str) -> Editor:
    """The widget that suits the setting; `words` stand in it where it is a tick box."""
    if key.kind == "flag":
        return FlagEditor(key, words)
    if key.kind in ("whole", "number"):
        return NumberEditor(key)
    if key.kind == "secret":
        return SecretEditor(key)
    if key.kind == "path":
        return PathEditor(key)
    if choices := key.choices or OFFERED.get(key.name, ()):
        return ChoiceEditor(key, choices)
    if key.name in DATES:
        return DateEditor(key)
    return TimeEditor(key) if key.name in TIMES | DAY_TIMES else LineEditor(key)
