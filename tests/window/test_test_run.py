"""A test run tells what a run would do, changes nothing, and can be saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog

from lagan.window.test_run import TestRunWindow
from tests.agent.conftest import Bench
from tests.window.conftest import until


@pytest.fixture
def run(qt: QApplication, bench: Bench) -> Iterator[TestRunWindow]:
    bench.file("anna/scan/a.tif")
    bench.file("anna/scan/young.tif", age=0)
    made = TestRunWindow(bench.settings())
    yield made
    made.close()
    made.deleteLater()


def test_it_tells_and_changes_nothing(run: TestRunWindow, bench: Bench) -> None:
    until(lambda: "has ended" in run.notice.words())
    text = run.text.toPlainText()
    assert "ok: 1 datasets with 2 files." in text
    assert "anna/scan: new dataset 'scan' of anna, 2 files" in text
    assert "  needs uploading: a.tif" in text
    assert "  may still be written: young.tif" in text
    assert text.endswith("\n1 file would be uploaded.")
    assert bench.hub.datasets == {}


def test_it_is_saved_whole(
    run: TestRunWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: "has ended" in run.notice.words())
    target = tmp_path / "run.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    run.buttons.button(QDialogButtonBox.StandardButton.Save).click()
    assert target.read_text() == run.text.toPlainText() + "\n"


def test_it_cannot_be_saved_where_there_is_no_folder(run: TestRunWindow, tmp_path: Path) -> None:
    until(lambda: "has ended" in run.notice.words())
    (tmp_path / "file").write_text("")
    run.save(str(tmp_path / "file" / "run.txt"))
    assert run.notice.words().startswith("Cannot write")


def test_a_hub_that_is_away_is_said(qt: QApplication, bench: Bench) -> None:
    run = TestRunWindow(bench.settings(hub_url="http://127.0.0.1:9", connection_timeout=1))
    until(lambda: run.buttons.button(QDialogButtonBox.StandardButton.Save).isEnabled())
    assert "127.0.0.1" in run.notice.words()
    run.close()


def test_a_folder_that_is_not_there_is_said_and_ends_it(qt: QApplication, bench: Bench) -> None:
    run = TestRunWindow(bench.settings(data_directory="/no/such/folder"))
    until(lambda: run.buttons.button(QDialogButtonBox.StandardButton.Save).isEnabled())
    assert run.text.toPlainText().endswith("\n/no/such/folder is not a folder.")
    assert run.notice.words() == "/no/such/folder is not a folder."
    assert bench.hub.requests == []
    run.close()
