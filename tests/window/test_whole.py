"""The window does what the service does, and shows it: a run from Sync Now to what is archived."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lagan.agent.lock import held
from lagan.agent.rows import Condition, Kind
from lagan.window import autostart
from lagan.window.help import HelpWindow
from tests.agent.conftest import Bench
from tests.window.conftest import Answers, Desk, until

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
    assert here.app.window.headline.last().startswith("Ended ")
    again = Desk(bench.config, bench.folder / "window.ini")
    again.app.start()
    assert "Completed successfully; 5 files sent" in again.app.window.headline.last()
    again.app.close()
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


def test_closing_without_a_tray_ends_after_a_question(desk: Open, answers: Answers) -> None:
    answers.answer = False
    here = desk()
    here.app.engine.is_running = True
    here.app.window.close()
    assert len(answers.asked) == 1
    assert here.app.window.isVisible()
    here.app.engine.is_running = False
    here.app.window.close()
    assert not here.app.window.isVisible()
    assert len(answers.asked) == 1


def _has_tasks(desk: Desk, number: int) -> bool:
    return len(desk.rows("Tasks")) == number


def test_every_end_of_a_file_is_named_in_its_view(desk: Open, bench: Bench) -> None:
    bench.file("anna/scan/good.tif", b"good")
    bench.file("anna/scan/young.tif", b"young", age=0)
    (bench.data / "anna/scan/link.tif").symlink_to("good.tif")
    here = desk(ignore_new_files_minutes=60)
    press(here, "sync")
    until(lambda: "1 left for the next run" in here.app.window.headline.now().lower())
    until(lambda: here.rows("Verifications"))
    states = {row.filename: row.condition for row in here.rows("Verifications")}
    assert states["young.tif"].kind is not Kind.GOOD
    (folder,) = here.rows("Folders")
    assert folder.status.startswith("1 of 2 files uploaded")
    (user,) = here.rows("Users")
    assert user.username == "anna"


def test_tasks_tell_every_run_and_outlive_it(desk: Open, bench: Bench) -> None:
    bench.file("anna/scan/a.tif")
    here = desk()
    for number in (1, 2):
        press(here, "sync")
        until(partial(_has_tasks, here, number))
        until(lambda: here.rows("Tasks")[-1].finish is not None)
        until(lambda: not here.app.engine.is_running)
    assert [row.id for row in here.rows("Tasks")] == [1, 2]


def test_stop_ends_a_run_that_the_next_one_finishes(desk: Open, bench: Bench) -> None:
    for n in range(30):
        bench.file(f"anna/scan/{n}.tif", bytes(3 << 20))
    here = desk(max_upload_threads=1, bandwidth_limit=20)
    press(here, "sync")
    until(lambda: any(row.sent for row in here.rows("Uploads")))
    press(here, "stop")
    until(lambda: here.app.window.headline.now().startswith("Stopped"))
    assert Condition.STOPPED in {row.condition for row in here.rows("Uploads")}
    bench.config.write_text(bench.text(ignore_new_files=False))
    here.app.engine.begin()
    until(lambda: here.app.engine.settings().bandwidth_limit == 0)  # type: ignore[union-attr]
    press(here, "sync")
    until(lambda: "Completed successfully" in here.app.window.headline.now())
    assert bench.last()["archived"] == 30


def test_a_row_opens_its_page_and_its_folder(desk: Open, bench: Bench) -> None:
    bench.file("anna/scan/deep/a.tif")
    here = desk()
    press(here, "sync")
    until(lambda: here.rows("Uploads") and not here.app.engine.is_running)
    window = here.app.window
    window.turn_to("Uploads")
    table = window.pages["Uploads"].table
    table.selectRow(0)
    press(here, "web")
    press(here, "folder")
    at = table.visualRect(table.model().index(0, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    (folder,) = here.rows("Folders")
    assert folder.web.startswith(bench.hub.url)
    assert here.opened == [folder.web, (bench.data / "anna/scan/deep").as_uri(), folder.web]
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert here.opened[-1] == folder.web
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "deep\ta.tif" in QApplication.clipboard().text()


def test_without_a_row_the_hub_and_the_data_folder_open(desk: Open, bench: Bench) -> None:
    here = desk()
    press(here, "web")
    press(here, "folder")
    assert here.opened == [bench.hub.url, bench.data.as_uri()]


def test_the_search_box_searches_the_open_tab(desk: Open, bench: Bench) -> None:
    for name in ("cell", "tissue"):
        bench.file(f"anna/{name}/a.tif")
    here = desk()
    press(here, "sync")
    until(lambda: len(here.rows("Folders")) == 2 and not here.app.engine.is_running)
    QTest.keyClicks(here.app.window.search, "TISSUE")
    until(lambda: [row.folder for row in here.rows("Folders")] == ["tissue"])
    here.app.window.turn_to("Verifications")
    until(lambda: {row.folder for row in here.rows("Verifications")} == {"anna/tissue"})


def test_clean_up_removes_what_is_chosen_and_verified(
    desk: Open, bench: Bench, answers: Answers
) -> None:
    keep, gone = bench.file("anna/scan/keep.tif", b"keep"), bench.file("anna/scan/gone.tif", b"go")
    here = desk()
    press(here, "sync")
    until(lambda: "Completed successfully" in here.app.window.headline.now())
    bench.file("anna/scan/new.tif", b"new")
    bench.hub.verified = True
    page = here.app.window.clean_up()
    page.look()
    until(lambda: "2 of 3 local files have verified copies" in page.notice.words())
    page.search("gone")
    page.all_button.click()
    assert [row.file for row in page.ticked()] == ["anna/scan/gone.tif"]
    page.remove_button.click()
    until(lambda: page.notice.words() == "1 files removed, 2 B freed.")
    assert answers.asked[0].startswith("Remove 1 local files (2 B)?")
    assert (keep.exists(), gone.exists()) == (True, False)


def test_without_settings_their_dialogue_comes_first(
    qt: QApplication, tmp_path: Path, answers: Answers
) -> None:
    here = Desk(tmp_path / "agent.ini", tmp_path / "window.ini")
    here.app.start()
    assert here.app.dialog is not None
    assert here.app.dialog.isVisible()
    assert "filled in" in here.app.window.headline.now()
    here.app.dialog.reject()
    until(lambda: here.app.dialog is None)
    press(here, "sync")
    assert here.app.dialog is not None
    here.app.dialog.reject()
    here.app.close()


def test_settings_saved_the_first_time_take_effect(
    qt: QApplication, bench: Bench, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(bench.folder / "config"))
    bench.file("anna/scan/a.tif")
    here = Desk(bench.config, bench.folder / "window.ini")
    here.app.start()
    dialog = here.app.dialog
    assert dialog is not None
    for name, value in {**bench.given, "schedule_type": "On Settings Saved"}.items():
        dialog.form.put_one(name, str(value))
    dialog.accept()
    until(lambda: "Completed successfully; 1 file sent" in here.app.window.headline.now())
    assert autostart.place().read_text().startswith("[Desktop Entry]")
    here.app.close()


@pytest.mark.parametrize("moment", ["idle", "sending"])
def test_a_system_that_ends_it_loses_nothing(bench: Bench, moment: str) -> None:
    for n in range(8):
        bench.file(f"anna/scan/{n}.tif", bytes(2 << 20))
    schedule = {"idle": "Manually", "sending": "On Startup"}[moment]
    given = {"schedule_type": schedule, "bandwidth_limit": 2, "max_upload_threads": 1}
    with bench.start("window", **given) as program:
        log = bench.folder / "state/agent.log"
        wanted = {"idle": "", "sending": "A run begins."}[moment]
        until(lambda: log.exists() and wanted in log.read_text())
        program.terminate()
        _, said = program.communicate(timeout=120)
    assert program.returncode == 0, said
    assert "Traceback" not in said
    assert bench.sync().archived == 8


def test_the_toolbar_opens_what_it_says(desk: Open, bench: Bench) -> None:
    bench.file("anna/scan/a.tif")
    here = desk()
    press(here, "test")
    run = here.app.test_run
    assert run is not None
    until(lambda: "has ended" in run.notice.words())
    run.close()
    press(here, "clean")
    assert here.app.window.tabs.currentWidget() is here.app.window.clean_up()
    press(here, "settings")
    assert here.app.dialog is not None
    assert here.app.dialog.form.values()["instrument_name"] == "Microscope"
    here.app.dialog.reject()
    press(here, "help")
    shown = [each for each in QApplication.topLevelWidgets() if isinstance(each, HelpWindow)]
    assert "Data directory" in shown[0].text.toPlainText()
    shown[0].close()
