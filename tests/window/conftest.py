"""A desk: Qt without a screen, settings in a folder, and a window that is closed at the end."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QSettings, QUrl
from PySide6.QtWidgets import QApplication

from lagan.window import asking
from lagan.window.application import Application
from tests.agent.conftest import Bench
from tests.agent.hub import TestHub

LONG = 10.0
"""Seconds after which what is awaited will not come any more."""


@pytest.fixture(scope="session")
def qt() -> QApplication:
    """Qt, once a process."""
    program = QApplication.instance() or QApplication(["lagan"])
    assert isinstance(program, QApplication)
    program.setQuitOnLastWindowClosed(False)
    return program


@pytest.fixture(autouse=True)
def no_fault_in_a_slot(qt: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Qt prints what a slot raises and goes on; a test must not."""
    # Qt's objects end in this thread alone, not in whichever of the hub's Python collects.
    gc.disable()
    faults: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, fault, _trace: faults.append(fault))

    def unasked(*given: Any) -> bool:
        faults.append(AssertionError(f"nobody is there to answer: {given[1:]}"))
        return False

    monkeypatch.setattr(asking, "confirm", unasked)
    monkeypatch.setattr(asking, "tell", unasked)
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    gc.enable()
    if faults:
        raise faults[0]


def until(condition: Callable[[], Any], seconds: float = LONG) -> None:
    """Let Qt work until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "what was awaited did not come"
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        time.sleep(0.002)


@pytest.fixture
def hub() -> Iterator[TestHub]:
    with TestHub() as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, hub: TestHub) -> Bench:
    return Bench(tmp_path, hub)


class Answers:
    """Somebody who answers every question alike and remembers them."""

    def __init__(self, answer: bool) -> None:
        self.answer, self.choice = answer, ""
        self.asked: list[str] = []

    def __call__(self, _parent: object, _title: str, text: str, _yes: str = "") -> bool:
        self.asked.append(text)
        return self.answer

    def choose(self, _parent: object, _title: str, text: str, choices: Sequence[str]) -> str:
        """The choice that was told; the first otherwise."""
        self.asked.append(text)
        return self.choice or choices[0]


@pytest.fixture
def answers(no_fault_in_a_slot: None, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Questions that are asked; each is answered with yes unless told otherwise."""
    made = Answers(True)
    monkeypatch.setattr(asking, "confirm", made)
    monkeypatch.setattr(asking, "choose", made.choose)
    return made


class Desk:
    """The program on a computer of its own, and what it opened outside of itself."""

    def __init__(self, config: Path, store: Path) -> None:
        self.opened: list[str] = []
        kept = QSettings(str(store), QSettings.Format.IniFormat)
        self.app = Application(config, store=kept, open_url=self._open)

    def _open(self, url: QUrl) -> bool:
        self.opened.append(url.toString())
        return True

    def rows(self, title: str) -> list[Any]:
        """What a view shows."""
        model = self.app.window.pages[title].model
        return [model.row(model.index(n, 0)) for n in range(model.rowCount())]


@pytest.fixture
def desk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Desk]]:
    """Opens the window with the bench's settings, changed as told."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(bench.folder / "config"))
    made: list[Desk] = []

    def open_desk(**changes: Any) -> Desk:
        bench.config.write_text(bench.text(**changes))
        made.append(Desk(bench.config, bench.folder / "window.ini"))
        made[-1].app.start()
        return made[-1]

    yield open_desk
    for each in made:
        each.app.close()
        each.app.window.deleteLater()
