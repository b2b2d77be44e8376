"""Asks the system whether an administrator is at the keyboard: a guard against accidents, not
against people, for the settings are a text file."""

from __future__ import annotations

import shutil
import sys

from PySide6.QtCore import QObject, QProcess, Signal

from lagan.agent.errors import NotAdministrator
from lagan.agent.saving import is_administrator


def question() -> list[str]:
    """The command by which the system asks for an administrator and then does nothing; it ends
    with 0 when one agreed. NotAdministrator when this system has none."""
    if sys.platform == "win32":
        script = "Start-Process cmd.exe -ArgumentList '/c exit' -Verb RunAs -Wait"
        return ["powershell.exe", "-NoProfile", "-Command", script]
    if sys.platform == "darwin":
        return ["osascript", "-e", 'do shell script "true" with administrator privileges']
    if shutil.which("pkexec"):
        return ["pkexec", shutil.which("true") or "/bin/true"]
    raise NotAdministrator(
        "This system cannot ask for an administrator. Start the window as one to unlock."
    )


class Privileges(QObject):
    """`ask` ends in `granted` or `denied`, the latter with the reason."""

    granted = Signal()
    denied = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None

    def ask(self) -> None:
        """Ask, without holding up the window; while it is being asked, nothing more."""
        if is_administrator():
            self.granted.emit()
        elif self._process is None:
            try:
                program, *arguments = question()
            except NotAdministrator as error:
                self.denied.emit(error.sentence)
                return
            self._process = QProcess(self)
            self._process.finished.connect(self._answered)
            self._process.errorOccurred.connect(lambda _: self._answered(1))
            self._process.start(program, arguments)

    def _answered(self, code: int) -> None:
        if self._process is None:
            return
        self._process.deleteLater()
        self._process = None
        if code == 0:
            self.granted.emit()
        else:
            self.denied.emit("No administrator agreed: the settings stay locked.")
