"""One window for one settings file: the second one finds the first, which comes to the front."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QStandardPaths, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from lagan.window.errors import WindowOpen

WAIT = 1000
"""Milliseconds that the first window has to answer the second."""


class Instance(QObject):
    """Holds the place of the window for a settings file; `called` asks it to come to the front."""

    called = Signal()

    def __init__(self, config: Path) -> None:
        """WindowOpen when there is one already; it is asked to show itself."""
        super().__init__()
        name = "lagan-window-" + hashlib.sha256(str(config.absolute()).encode()).hexdigest()[:16]
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.TempLocation)
        self._lock = QLockFile(f"{folder}/{_user()}{name}.lock")
        self._lock.setStaleLockTime(0)
        if not self._lock.tryLock(0):
            _call(f"{_user()}{name}")
            raise WindowOpen("The agent's window is open already; it was asked to show itself.")
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        QLocalServer.removeServer(f"{_user()}{name}")
        self._server.newConnection.connect(self._hear)
        self._server.listen(f"{_user()}{name}")

    def close(self) -> None:
        """Leave the place to another."""
        self._server.close()
        self._lock.unlock()

    def _hear(self) -> None:
        while (caller := self._server.nextPendingConnection()) is not None:
            caller.disconnected.connect(caller.deleteLater)
            caller.disconnectFromServer()
            self.called.emit()


def _user() -> str:
    """People who share a computer share its folder of temporary files."""
    home = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.HomeLocation)
    return hashlib.sha256(home.encode()).hexdigest()[:8] + "-"


def _call(name: str) -> None:
    socket = QLocalSocket()
    socket.connectToServer(name)
    socket.waitForConnected(WAIT)
    socket.disconnectFromServer()
