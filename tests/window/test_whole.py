"""The window does what the service does, and shows it: a run from Sync Now to what is archived."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtGui import QAction

from lagan.agent.lock import held
from lagan.window import asking
from tests.agent.conftest import Bench
from tests.window.conftest import Desk, until

Open = Callable[..., Desk]


def press(desk: Desk, name: str) -> None:
    action: QAction = desk.app.window.actions_by_name[name]
    assert action.isEnabled(), name
    action.trigger()


def test_sync_now_sends_and_shows_every_file(desk: Open, bench: Bench) -> None:
    for n in range(5):
        bench.file(f"anna/scan/{n}.tif", b"x" * (n + 1))
    here = desk()
    press(here, "sync")
    until(lambda: "Completed successfully; 5 files sent" in here.app.window.headline.now())
    assert bench.last()["archived"] == 5
    assert "5 files sent" in here.app.window.headline.last()
    assert here.app.window.actions_by_name["sync"].isEnabled()
    assert not here.app.window.actions_by_name["stop"].isEnabled()
    until(lambda: "A run begins." in here.app.window.log.text.toPlainText())


def test_a_run_that_cannot_be_is_said_and_the_next_one_is_possible(
    desk: Open, bench: Bench
) -> None:
    bench.file("anna/scan/a.tif")
    here = desk()
    with held(bench.folder / "state", bench.data):
        press(here, "sync")
        until(lambda: "Another agent is at work" in here.app.window.headline.now())
    press(here, "sync")
    until(lambda: "Completed successfully" in here.app.window.headline.now())


def test_the_schedule_runs_without_anybody(desk: Open, bench: Bench) -> None:
    bench.file("anna/scan/a.tif")
    here = desk(schedule_type="On Startup")
    until(lambda: "Completed successfully" in here.app.window.headline.now())


def test_a_second_run_begins_with_empty_views(desk: Open, bench: Bench) -> None:
    bench.file("anna/scan/a.tif")
    here = desk()
    press(here, "sync")
    until(lambda: "Completed successfully" in here.app.window.headline.now())
    press(here, "sync")
    until(lambda: "No new files were found in 1 dataset." in here.app.window.headline.now())


def test_closing_without_a_tray_ends_after_a_question(
    desk: Open, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = desk()
    asked = []
    monkeypatch.setattr(asking, "confirm", lambda *given: asked.append(given) or False)
    here.app.engine.is_running = True
    here.app.window.close()
    assert len(asked) == 1
    assert here.app.window.isVisible()
    here.app.engine.is_running = False
    here.app.window.close()
    assert not here.app.window.isVisible()
    assert len(asked) == 1
