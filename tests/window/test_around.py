"""What stands around the window: one of them at a time, its tray, its start at login, its words."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QSettings
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from lagan.agent.report import Report
from lagan.agent.scan import Remark
from lagan.window import autostart, closing, pictures
from lagan.window.collecting import Collector
from lagan.window.errors import WindowOpen
from lagan.window.instance import Instance
from lagan.window.tray import MENU
from tests.agent.conftest import Bench
from tests.window.conftest import Desk, until

Open = Callable[..., Desk]


@pytest.fixture
def place(qt: QApplication, tmp_path: Path) -> Iterator[Instance]:
    made = Instance(tmp_path / "agent.ini")
    yield made
    made.close()


def test_a_second_window_calls_the_first(place: Instance, tmp_path: Path) -> None:
    called: list[bool] = []
    place.called.connect(lambda: called.append(True))
    with pytest.raises(WindowOpen, match="open already"):
        Instance(tmp_path / "agent.ini")
    until(lambda: called)


def test_windows_for_other_settings_do_not_mind(place: Instance, tmp_path: Path) -> None:
    Instance(tmp_path / "other.ini").close()


def test_a_place_is_free_again_when_its_window_has_closed(place: Instance, tmp_path: Path) -> None:
    place.close()
    Instance(tmp_path / "agent.ini").close()


def test_the_command_says_that_a_window_is_there(place: Instance, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from lagan.cli import main; main()", "agent", "window"]
    given = [*command, "--config", str(tmp_path / "agent.ini")]
    ended = subprocess.run(given, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 8
    told = [line for line in ended.stderr.splitlines() if "lagan" in line.lower() or "open" in line]
    assert "open already" in told[-1]


def test_the_tray_menu_has_what_the_window_has(desk: Open) -> None:
    here = desk()
    words = [each.text() for each in here.app.tray.menu.actions()]
    wanted = ["Main Window", "Sync Now", "Stop", "Web Browser", "Settings", "Help", "About", "Quit"]
    assert [each for each in words if each] == wanted
    assert len(words) == len(MENU)
    here.app.window.hide()
    here.app.tray.clicked.emit()
    assert here.app.window.isVisible()


def test_a_failure_is_told_on_the_desktop(
    desk: Open, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[Any, ...]] = []
    here = desk(hub_url="http://127.0.0.1:9", connection_timeout=1)
    monkeypatch.setattr(here.app.tray.icon, "showMessage", lambda *given: told.append(given))
    here.app.sync_now()
    until(lambda: told)
    assert told[0][0] == "The run did not succeed"
    assert told[0][2] is QSystemTrayIcon.MessageIcon.Warning


def test_a_closed_window_waits_in_the_tray_for_its_schedule(
    desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = desk(schedule_type="Daily", scheduled_time="03:00:00")
    monkeypatch.setattr(here.app.tray, "is_there", lambda: True)
    monkeypatch.setattr(here.app, "quit", lambda: pytest.fail("it ended"))
    here.app.window.close()
    assert not here.app.window.isVisible()
    assert here.app.engine.next_run() is not None


def test_the_window_stands_where_it_stood(desk: Open, bench: Bench) -> None:
    here = desk()
    here.app.window.resize(780, 560)
    here.app.window.keep_shape(here.app._store)
    other = Desk(bench.config, bench.folder / "window.ini")
    other.app.window.take_shape(here.app._store)
    assert other.app.window.size().toTuple() == (780, 560)
    assert isinstance(here.app._store, QSettings)
    other.app.close()


def test_icons_follow_light_and_dark(desk: Open, qt: QApplication) -> None:
    here = desk()
    was = qt.palette()
    before = _pixels(here)
    try:
        qt.setPalette(QPalette(QColor("#3a3d41"), QColor("#25272a")))
        qt.sendEvent(here.app.window, QEvent(QEvent.Type.PaletteChange))
        assert pictures.is_dark(qt.palette())
        assert _pixels(here) != before
    finally:
        qt.setPalette(was)


def _pixels(desk: Desk) -> bytes:
    picture = desk.app.window.actions_by_name["sync"].icon().pixmap(24, 24).toImage()
    return bytes(picture.constBits())


def test_every_action_and_state_has_its_picture(qt: QApplication) -> None:
    from lagan.window.actions import TABLE
    from lagan.window.views import TONES

    for name in {*TABLE, *TONES.values(), "lagan", "search", "lock", "unlock", "show", "save"}:
        assert not pictures.icon(name).pixmap(24, 24).isNull(), name


@pytest.mark.skipif(sys.platform != "linux", reason="the file of this system's desktops")
def test_starting_at_login_is_a_file_that_goes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    autostart.put(True, tmp_path / "odd $name.ini")
    text = autostart.place().read_text()
    assert f'"{tmp_path}/odd \\\\$name.ini"' in text
    assert "--minimised" in text
    autostart.put(False, tmp_path / "agent.ini")
    autostart.put(False, tmp_path / "agent.ini")
    assert not autostart.place().exists()


ODD = Remark("anna/scan/a", "it is odd")


@pytest.mark.parametrize(
    ("facts", "tone", "words"),
    [
        ({"stopped": True}, "waits", "Stopped; 0 files sent. The next run goes on from there."),
        ({}, "waits", "No folders were found to upload from."),
        ({"datasets": 2}, "good", "No new files were found in 2 datasets."),
        ({"datasets": 1, "sent": 1, "sent_bytes": 2048}, "good",
         "Completed successfully; 1 file sent (2.00 KiB)."),
        ({"datasets": 1, "failed": [ODD, ODD]}, "bad", "Completed with 2 not sent; 0 files sent."),
        ({"datasets": 1, "refused": [ODD]}, "doubt", "Completed with 1 refused; 0 files sent."),
        ({"datasets": 1, "left": [ODD]}, "good",
         "No new files were found in 1 dataset. 1 left for the next run."),
    ],
)  # fmt: skip
def test_a_run_ends_in_a_sentence(facts: dict[str, Any], tone: str, words: str) -> None:
    report = Report(**facts)
    report.end()
    assert closing.sentence(report) == (tone, words)


def test_cycles_are_searched_in_the_windows_thread(qt: QApplication) -> None:
    class Ring:
        """Something that only such a search ends."""

        def __init__(self) -> None:
            self.itself = self

    gone: list[int] = []
    collector = Collector()
    try:
        assert not gc.isenabled()
        weakref.finalize(Ring(), lambda: gone.append(threading.get_ident()))
        until(lambda: gone)
        assert gone == [threading.get_ident()]
        collector.among_all()
    finally:
        collector.close()
    assert gc.isenabled()
    gc.disable()
