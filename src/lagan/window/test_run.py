"""A test run in a window of its own: what a run would do, as text that can be saved."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice

from PySide6.QtGui import QCloseEvent, QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from lagan.agent.check import check_here
from lagan.agent.errors import BadSetting
from lagan.agent.preview import lines, preview
from lagan.agent.schedule import local_now
from lagan.agent.settings import Settings
from lagan.kit.errors import LaganError
from lagan.window import pictures
from lagan.window.errands import Errand
from lagan.window.journal import save_text
from lagan.window.notice import Notice

AT_ONCE = 500
"""Lines that go into the window together."""


class TestRunWindow(QDialog):
    """Begins at once; closing it ends the test run."""

    __test__ = False  # no test of pytest's, whatever its name

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Test run: what would be uploaded")
        self.resize(820, 560)
        self.text, self.notice = QPlainTextEdit(), Notice()
        self.text.setReadOnly(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName("What would be uploaded")
        standard = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(standard.Save | standard.Close)
        pictures.without_icons(self.buttons)
        self.buttons.button(standard.Save).setText("Save as…")
        self.buttons.button(standard.Save).setIcon(pictures.icon("save"))
        self.buttons.button(standard.Save).clicked.connect(self._choose)
        self.buttons.button(standard.Save).setEnabled(False)
        self.buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.addWidget(self.notice)
        column.addWidget(self.text, 1)
        column.addWidget(self.buttons)
        self.notice.show_words("busy", "Looking and asking; nothing is made and nothing is sent…")
        self._errand = Errand(lambda stop: _tell(settings, stop))
        self._errand.told.connect(self.text.appendPlainText)
        self._errand.ended.connect(self._ended)
        self._errand.failed.connect(self._failed)
        self._errand.start()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Nobody reads the rest."""
        self._errand.stop()
        super().closeEvent(event)

    def save(self, path: str) -> None:
        """Write the text to a file."""
        try:
            save_text(path, self.text.toPlainText() + "\n")
            self.notice.show_words("good", f"Saved as {path}.")
        except LaganError as error:
            self.notice.show_words("bad", error.sentence)

    def _choose(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save the test run", "test-run.txt")
        if path:
            self.save(path)

    def _ended(self) -> None:
        self.notice.show_words("good", "The test run has ended. The hub is as it was.")
        self._let_save()

    def _failed(self, sentence: str) -> None:
        self.text.appendPlainText(sentence)
        self.notice.show_words("bad", sentence)
        self._let_save()

    def _let_save(self) -> None:
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(True)


def _tell(settings: Settings, stop: threading.Event) -> Iterator[str]:
    yield f"Looking into {settings.data_directory}, folder structure {settings.folder_structure}."
    for finding in check_here(settings, local_now()):
        if finding.level == "error":
            raise BadSetting(finding.text)
        yield f"{finding.level}: {finding.text}"
        if stop.is_set():
            return
    told = lines(preview(settings))
    while piece := list(islice(told, AT_ONCE)):
        if stop.is_set():
            return
        yield "\n".join(piece)
