"""The settings dialogue: fill in or drop a file, OK judges in the documented order, then saves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lagan.agent import saving
from lagan.agent.check import Finding, check
from lagan.agent.renaming import rename
from lagan.agent.schedule import local_now
from lagan.agent.settings import Settings
from lagan.kit.errors import LaganError
from lagan.window import asking, draft, pictures
from lagan.window.errands import Errand
from lagan.window.help import HelpWindow
from lagan.window.notice import Notice
from lagan.window.privileges import Privileges
from lagan.window.settings_form import SettingsForm

_FIRST = (
    "Fill in what the hub's administrator told you, or drop a settings file here."
    " OK checks everything before anything is saved."
)
RENAME, OTHER, DISCARD = "Rename It", "Another Instrument", "Keep the Name"
NAMES = (RENAME, OTHER, DISCARD)
_OTHER_NAME = """The instrument was called {0}; now it is {1}.
Is {0} called {1} from now on, with all that it sent? Or is {1} another instrument, and what {0}
sent stays with {0}?"""
Work = Callable[[threading.Event], Iterable[Finding]]
MOST_WARNINGS = 12
"""Lines of warnings in the question before saving."""


class SettingsDialog(QDialog):
    """`saved` tells that the file at `path` was written. Escape and Cancel change nothing."""

    saved = Signal()

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._errand: Errand | None = None
        self._before = ""  # what the instrument is called until it is renamed
        self._warnings: list[str] = []
        self._counted = ""
        self._privileges = Privileges(self)
        self._privileges.granted.connect(lambda: self._keep_lock(False))
        self._privileges.denied.connect(lambda text: self.notice.show_words("doubt", text))
        self.setWindowTitle("Settings of the Lagan agent")
        self.setAcceptDrops(True)
        self.resize(760, 620)
        self.form = SettingsForm()
        self.notice: Notice = Notice()
        self.lock_button = QPushButton()
        self.buttons = self._make_buttons()
        column = QVBoxLayout(self)
        column.addWidget(self.form, 1)
        column.addWidget(self.notice)
        column.addWidget(self.buttons)
        self.form.changed.connect(lambda _: self.notice.clear())
        self.notice.taken.connect(self._take)
        QShortcut(QKeySequence.StandardKey.Save, self, self.save_copy)
        self._open(path)

    def load(self, path: Path) -> None:
        """Show the settings of a file, as dropped or as saved; a file that is none is refused."""
        try:
            values = draft.read(path)
        except LaganError as error:
            self.notice.show_words("bad", error.sentence)
            return
        if path != self._path:
            # Another instrument's lock and identity are not ours.
            mine = self.form.values()
            values |= {name: mine.get(name, "") for name in ("locked", "uuid")}
            self.notice.show_words("good", f"Filled in from {path.name}. OK checks and saves it.")
        self._show(values)

    def save_copy(self) -> None:
        """Save what the fields say to a file of somebody's choice, unjudged (Ctrl+S)."""
        name, _ = QFileDialog.getSaveFileName(self, "Save a copy of the settings", "agent.ini")
        if name:
            self._write(Path(name), f"A copy is in {name}. It holds the key: keep it safe.")

    def accept(self) -> None:
        """OK: judge, ask, save. Locked settings are as they were."""
        if self._is_locked():
            super().accept()
        elif self._errand is None:
            self._judge()

    def reject(self) -> None:
        """Cancel: end what is being judged, and keep the file as it is."""
        self._end_errand()
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Closing is cancelling."""
        self._end_errand()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """One file may be dropped, unless the settings are locked."""
        if _dropped(event) is not None and not self._is_locked():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Fill in the dropped file's settings; nothing is saved before OK."""
        path = _dropped(event)
        if path is not None:
            event.acceptProposedAction()
            self.load(path)

    def toggle_lock(self) -> None:
        """Lock after a question; unlock after the system has asked for an administrator."""
        if not self._is_locked():
            question = "Lock the settings? Nobody can change them here until they are unlocked."
            if asking.confirm(self, "Lock the settings", question, "Lock"):
                self._keep_lock(True)
            return
        self._privileges.ask()

    def _make_buttons(self) -> QDialogButtonBox:
        standard = QDialogButtonBox.StandardButton
        made = QDialogButtonBox(standard.Ok | standard.Cancel | standard.Help)
        pictures.without_icons(made)
        made.addButton(self.lock_button, QDialogButtonBox.ButtonRole.ResetRole)
        made.accepted.connect(self.accept)
        made.rejected.connect(self.reject)
        made.helpRequested.connect(lambda: HelpWindow(self).show())
        self.lock_button.clicked.connect(self.toggle_lock)
        return made

    def _open(self, path: Path) -> None:
        if path.exists():
            self._show(draft.defaults())
            self.load(path)
        else:
            self._show(draft.defaults())
            self.notice.show_words("waits", _FIRST)

    def _show(self, values: draft.Values) -> None:
        self.form.put(values)
        self._follow_lock()

    def _is_locked(self) -> bool:
        return self.form.values().get("locked", "").lower() in ("1", "yes", "true", "on")

    def _follow_lock(self) -> None:
        locked = self._is_locked()
        self.form.lock(locked)
        self.lock_button.setText("Unlock…" if locked else "Lock…")
        self.lock_button.setIcon(pictures.icon("unlock" if locked else "lock"))

    def _keep_lock(self, locked: bool) -> None:
        """Write the lock, and nothing else that may stand in the fields, to the file."""
        try:
            if locked:
                saving.lock(self._path)
            else:
                saving.unlock(self._path, vouched=True)
        except LaganError as error:
            self.notice.show_words("bad", error.sentence)
            return
        self.load(self._path)
        words = "Locked: nobody changes them by accident now." if locked else "Unlocked."
        self.notice.show_words("good", words)

    def _judge(self) -> None:
        values = self.form.values()
        try:
            settings = draft.settings_of(values)
        except LaganError as error:
            self._refuse(Finding("error", error.sentence, error.facts.get("setting")))
            return
        self._before, before = "", draft.name_before(self._path, values)
        if before and not self._settle_name(before, values["instrument_name"]):
            return
        self._warnings, self._counted = [], ""
        # Checking makes an instrument that is missing: what is to be renamed goes by its old name.
        known = settings.changed({"instrument_name": self._before}) if self._before else settings
        self._run(lambda _: check(known, local_now()), "Checking the settings…", self._judged)

    def _settle_name(self, before: str, name: str) -> bool:
        """Ask what another name of the instrument means; whether to go on."""
        answer = asking.choose(
            self, "Another instrument name", _OTHER_NAME.format(before, name), NAMES
        )
        self._before = before if answer == RENAME else ""
        if answer == DISCARD:
            self.form.put_one("instrument_name", before)
            self.notice.show_words("good", f"The instrument is {before} again. Nothing was saved.")
        return answer != DISCARD

    def _run(self, work: Work, words: str, then: Callable[[], None]) -> None:
        """Do it in a thread of its own; what it finds is heard, and nobody edits meanwhile."""
        self.notice.show_words("busy", words)
        self._let(False)
        self._errand = Errand(work)
        self._errand.told.connect(self._hear)
        self._errand.ended.connect(then)
        self._errand.failed.connect(lambda text: self._refuse(Finding("error", text)))
        self._errand.start()

    def _hear(self, finding: Finding) -> None:
        if finding.level == "error":
            self._refuse(finding)
            return
        if finding.setting == "folder_structure":
            self._counted = finding.text
        if finding.level == "warning":
            self._warnings.append(finding.text)
        self.notice.show_words("busy", f"Checking the settings… {finding.text}")

    def _refuse(self, finding: Finding) -> None:
        self._end_errand()
        self.notice.show_words("bad", finding.text, finding.setting, finding.suggestion)
        if finding.setting:
            self.form.show_field(_shown_field(finding.setting))

    def _judged(self) -> None:
        self._end_errand()
        self.notice.clear()
        first = self._counted or "The settings are right."
        text = "\n".join([f"{first} Save these settings?", *_list(self._warnings, self._counted)])
        if not asking.confirm(self, "Save the settings", text, "Save"):
            return
        if self._before:
            settings, before = draft.settings_of(self.form.values()), self._before
            self._run(lambda _: _renamed(settings, before), f"Renaming {before}…", self._save)
        else:
            self._save()

    def _save(self) -> None:
        self._end_errand()
        if self._write(self._path, ""):
            self.saved.emit()
            super().accept()

    def _write(self, path: Path, words: str, values: draft.Values | None = None) -> bool:
        try:
            draft.save(path, values or self.form.values())
        except LaganError as error:
            self.notice.show_words("bad", error.sentence)
            return False
        if words:
            self.notice.show_words("good", words)
        return True

    def _take(self, setting: str, suggestion: str) -> None:
        self.form.put_one(_shown_field(setting), suggestion)
        self._judge()

    def _let(self, enabled: bool) -> None:
        self.form.setEnabled(enabled)
        self.lock_button.setEnabled(enabled)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(enabled)

    def _end_errand(self) -> None:
        if self._errand is not None:
            self._errand.stop()
            self._errand = None
        self._let(True)


def _renamed(settings: Settings, before: str) -> Iterator[Finding]:
    rename(settings, before)
    return iter(())


def _shown_field(setting: str) -> str:
    return "hub_url" if setting == "mytardis_url" else setting


def _list(warnings: list[str], counted: str) -> list[str]:
    shown = [f"• {text}" for text in warnings if text != counted]
    more = len(shown) - MOST_WARNINGS
    return ["", *shown[:MOST_WARNINGS], *([f"• and {more} more"] if more > 0 else [])]


def _dropped(event: QDropEvent) -> Path | None:
    urls = event.mimeData().urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
