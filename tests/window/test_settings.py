"""The settings dialogue: every setting has its place, OK judges before it saves, a lock holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from lagan.agent import saving
from lagan.agent.check import Finding, check
from lagan.agent.keys import KEYS, STRUCTURES
from lagan.agent.settings import Settings, read
from lagan.window import fields, settings_dialog
from lagan.window.settings_dialog import SettingsDialog
from tests.agent.conftest import Bench
from tests.window.conftest import Answers, until

Open = Callable[..., SettingsDialog]


@pytest.fixture
def dialog(qt: QApplication, bench: Bench) -> Iterator[Open]:
    made: list[SettingsDialog] = []

    def opened(path: Path | None = None, **changes: Any) -> SettingsDialog:
        bench.config.write_text(bench.text(**changes))
        made.append(SettingsDialog(path or bench.config))
        made[-1].show()
        return made[-1]

    yield opened
    for each in made:
        each.reject()
        each.deleteLater()


def put(dialog: SettingsDialog, **values: str) -> None:
    for name, text in values.items():
        dialog.form.put_one(name, text)


def focused(dialog: SettingsDialog) -> str:
    widget = dialog.focusWidget()
    return widget.objectName() if widget else ""


def test_every_setting_is_on_exactly_one_tab() -> None:
    named = [
        name
        for sections in fields.tabs().values()
        for section in sections
        for name in section.names
    ]
    assert sorted(named) == sorted(set(KEYS) - fields.HIDDEN)
    further = [each for each in fields.tabs()["Advanced"] if each.title == fields.FURTHER[1]]
    assert further == [], "a new setting wants a place and words"
    assert set(named) - fields.LABELS.keys() - set(fields.DAY_NAMES) <= {
        "user_filter", "folder_structure",
        "ignore_interval_number", "ignore_interval_unit", "ignore_new_interval_number",
        "ignore_new_interval_unit", "ignore_new_files_minutes", "includes_file", "excludes_file",
    }  # fmt: skip


def test_the_documented_tabs_come_first() -> None:
    assert list(fields.tabs())[:4] == ["General", "Schedule", "Filters", "Advanced"]


def test_fields_show_the_file_and_give_it_back(dialog: Open, bench: Bench) -> None:
    given = {
        "schedule_type": "Weekly", "tuesday_checked": True, "scheduled_time": "03:15:00",
        "dataset_filter": "100% sure", "ignore_new_files_minutes": 7, "max_upload_threads": 9,
        "ignore_old_datasets": True, "ignore_interval_number": 3, "ignore_interval_unit": "weeks",
    }  # fmt: skip
    here = dialog(**given)
    shown = here.form.values()
    assert {name: shown[name] for name in given} == {name: str(v) for name, v in given.items()}


@pytest.mark.parametrize("structure", STRUCTURES)
def test_fields_follow_the_folder_structure(dialog: Open, structure: str) -> None:
    here = dialog()
    put(here, folder_structure=structure)
    editors = here.form.editors
    assert editors["experiment_filter"].isEnabled() == ("Experiment" in structure)
    assert editors["group_prefix"].isEnabled() == ("Group" in structure)
    first = structure.split(" / ")[0].capitalize()
    label = here.form._labels["user_filter"].text()
    assert label.startswith(first) == (first in ("Username", "Email", "User group"))


def test_fields_follow_the_schedule(dialog: Open) -> None:
    here = dialog(schedule_type="Timer")
    editors = here.form.editors
    assert editors["timer_minutes"].isEnabled()
    assert not editors["scheduled_time"].isEnabled()
    put(here, schedule_type="Weekly")
    assert editors["monday_checked"].isEnabled()
    assert editors["scheduled_time"].isEnabled()
    assert not editors["timer_minutes"].isEnabled()


def test_ok_judges_asks_and_saves(dialog: Open, bench: Bench, answers: Answers) -> None:
    bench.file("anna/scan/a.tif")
    here = dialog()
    saved: list[bool] = []
    here.saved.connect(lambda: saved.append(True))
    put(here, contact_name="Robin", dataset_filter="sc")
    here.accept()
    until(lambda: saved)
    assert answers.asked[0].startswith("1 datasets with 1 files. Save these settings?")
    assert "• Only folders whose name contains 'sc' are sent." in answers.asked[0]
    kept = read(bench.config)
    assert (kept.contact_name, kept.dataset_filter) == ("Robin", "sc")
    assert not here.isVisible()


def test_back_saves_nothing(dialog: Open, bench: Bench, answers: Answers) -> None:
    answers.answer = False
    here = dialog()
    before = bench.config.read_bytes()
    put(here, contact_name="Robin")
    here.accept()
    until(lambda: answers.asked)
    assert bench.config.read_bytes() == before
    assert here.isVisible()
    assert here.form.values()["contact_name"] == "Robin"


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"instrument_name": ""}, "instrument_name", "missing"),
        ({"data_directory": "/no/such/folder"}, "data_directory", "/no/such/folder"),
        ({"api_key": "wrong"}, "api_key", "refuses the credential"),
        ({"contact_email": "nobody"}, "contact_email", "not an e-mail address"),
        ({"hub_url": "nonsense"}, "hub_url", "address"),
        ({"schedule_type": "Weekly"}, "monday_checked", "at least one day"),
    ],
)
def test_a_refusal_turns_to_its_field(
    dialog: Open, bench: Bench, given: dict[str, str], field: str, words: str
) -> None:
    here = dialog()
    before = bench.config.read_bytes()
    put(here, **given)
    here.form.setCurrentIndex(2)
    here.accept()
    until(lambda: here.notice.words() and not here.notice.words().startswith("Checking"))
    assert words in here.notice.words()
    assert focused(here) == field
    assert here.form.tabText(here.form.currentIndex()) == fields.tab_of(field)
    assert bench.config.read_bytes() == before


def test_a_suggestion_is_taken_and_judged_again(
    dialog: Open, bench: Bench, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(settings: Settings, now: datetime) -> Iterator[Finding]:
        if settings.facility_name == "Imagin":
            yield Finding("error", "There is no Imagin.", "facility_name", "Imaging")
        else:
            yield from check(settings, now)

    monkeypatch.setattr(settings_dialog, "check", judge)
    here = dialog()
    put(here, facility_name="Imagin")
    here.accept()
    until(lambda: "Imagin" in here.notice.words() and here.notice._button.isVisible())
    here.notice.take()
    until(lambda: answers.asked)
    assert read(bench.config).facility_name == "Imaging"


def drop(dialog: SettingsDialog, path: Path) -> bool:
    """Drag a file onto the dialogue; whether it is taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    held = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton)
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPointF(9, 9).toPoint(), *held, none)
    enter.setAccepted(False)
    QApplication.sendEvent(dialog, enter)
    if enter.isAccepted():
        QApplication.sendEvent(dialog, QDropEvent(QPointF(9, 9), *held, none))
    return enter.isAccepted()


def test_a_dropped_file_of_the_uploader_fills_the_fields(dialog: Open, tmp_path: Path) -> None:
    other = tmp_path / "MyData.cfg"
    other.write_text(
        "[MyData]\ninstrument_name = Other %% one\nmytardis_url = http://hub.example.org\n"
        "folder_structure = Email / Dataset\nlocked = True\nmax_upload_threads = 3\n"
    )
    here = dialog()
    assert drop(here, other)
    values = here.form.values()
    assert values["instrument_name"] == "Other % one"
    assert values["hub_url"] == "http://hub.example.org"
    assert values["folder_structure"] == "Email / Dataset"
    assert values["max_upload_threads"] == "3"
    assert values["locked"] == "False"
    assert here.notice.words().startswith("Filled in from MyData.cfg")


def test_a_dropped_file_that_is_none_is_refused_and_changes_nothing(
    dialog: Open, tmp_path: Path
) -> None:
    other = tmp_path / "photo.jpg"
    other.write_bytes(b"\xff\xd8\xff\xe0 not text")
    here = dialog()
    before = here.form.values()
    assert drop(here, other)
    assert "not a text file" in here.notice.words()
    assert here.form.values() == before


def test_a_copy_is_saved_without_being_judged(
    dialog: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "copy.ini"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    here = dialog()
    put(here, contact_name="Copied")
    here.save_copy()
    assert read(target).contact_name == "Copied"
    assert target.stat().st_mode & 0o077 == 0


def test_locked_fields_cannot_be_changed_and_locking_saves_nothing_else(
    dialog: Open, bench: Bench, answers: Answers
) -> None:
    here = dialog()
    put(here, contact_name="Half written")
    here.toggle_lock()
    assert read(bench.config).locked
    assert read(bench.config).contact_name == "Kim"
    assert not any(each.isEnabled() for each in here.form.editors.values())
    assert here.lock_button.text() == "Unlock…"
    assert not drop(here, bench.config)


def test_unlocking_asks_for_an_administrator(
    dialog: Open, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lagan.window import privileges

    here = dialog(locked=True)
    monkeypatch.setattr(privileges, "is_administrator", lambda: False)
    monkeypatch.setattr(privileges, "question", lambda: ["false"])
    here.toggle_lock()
    until(lambda: "stay locked" in here.notice.words())
    assert read(bench.config).locked
    monkeypatch.setattr(privileges, "question", lambda: ["true"])
    here.toggle_lock()
    until(lambda: here.notice.words() == "Unlocked.")
    assert not read(bench.config).locked
    assert here.form.editors["contact_name"].isEnabled()


def test_an_administrator_is_not_asked(
    dialog: Open, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lagan.window import privileges

    here = dialog(locked=True)
    monkeypatch.setattr(privileges, "is_administrator", lambda: True)
    here.toggle_lock()
    assert not read(bench.config).locked


def test_the_first_time_there_is_nothing_to_read(
    dialog: Open, bench: Bench, answers: Answers, tmp_path: Path
) -> None:
    fresh = tmp_path / "new" / "agent.ini"
    here = dialog(fresh)
    assert "Fill in" in here.notice.words()
    put(here, **{name: str(value) for name, value in bench.given.items()})
    here.accept()
    until(lambda: fresh.exists())
    assert read(fresh).instrument_name == "Microscope"
    assert fresh.stat().st_mode & 0o077 == 0


def test_a_file_that_is_no_settings_file_is_put_aside(
    dialog: Open, bench: Bench, answers: Answers, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.ini"
    broken.write_text("not [an ini file")
    here = dialog(broken)
    assert "not a settings file" in here.notice.words()
    put(here, **{name: str(value) for name, value in bench.given.items()})
    here.accept()
    until(lambda: answers.asked)
    assert read(broken).instrument_name == "Microscope"
    assert broken.with_name("broken.ini.unreadable").read_text() == "not [an ini file"


def test_cancel_while_it_is_judged_changes_nothing(dialog: Open, bench: Bench) -> None:
    here = dialog()
    before = bench.config.read_bytes()
    put(here, contact_name="Robin")
    here.accept()
    errand = here._errand
    assert errand is not None
    here.reject()
    assert errand.wait(60)
    QApplication.processEvents()
    assert bench.config.read_bytes() == before


def test_saving_is_refused_while_somebody_else_has_locked(
    dialog: Open, bench: Bench, answers: Answers
) -> None:
    here = dialog()
    saving.lock(bench.config)
    put(here, contact_name="Robin")
    here.accept()
    until(lambda: "locked" in here.notice.words())
    assert read(bench.config).contact_name == "Kim"


def instruments(bench: Bench) -> set[str]:
    return {name for _, name in bench.hub.instruments}


def test_an_instrument_is_renamed_at_the_hub_when_its_name_changes(
    dialog: Open, bench: Bench, answers: Answers
) -> None:
    here = dialog()
    put(here, instrument_name="Telescope")
    here.accept()
    until(lambda: read(bench.config).instrument_name == "Telescope")
    assert instruments(bench) == {"Telescope"}
    assert "The instrument was called Microscope; now it is Telescope." in answers.asked[0]


def test_another_name_may_be_another_instrument(
    dialog: Open, bench: Bench, answers: Answers
) -> None:
    here = dialog()
    answers.choice = settings_dialog.OTHER
    bench.hub.instruments["Imaging", "Microscope"] = 1
    put(here, instrument_name="Telescope")
    here.accept()
    until(lambda: read(bench.config).instrument_name == "Telescope")
    assert instruments(bench) == {"Microscope", "Telescope"}


def test_another_name_may_be_a_mistake(dialog: Open, bench: Bench, answers: Answers) -> None:
    here = dialog()
    answers.choice = settings_dialog.DISCARD
    before = bench.config.read_bytes()
    put(here, instrument_name="Telescope")
    here.accept()
    assert here.form.values()["instrument_name"] == "Microscope"
    assert bench.config.read_bytes() == before
    assert instruments(bench) == set()


def test_a_name_that_another_instrument_has_is_refused(
    dialog: Open, bench: Bench, answers: Answers
) -> None:
    here = dialog()
    bench.hub.instruments["Imaging", "Telescope"] = 1
    put(here, instrument_name="Telescope")
    here.accept()
    until(lambda: "something called Telescope" in here.notice.words())
    assert read(bench.config).instrument_name == "Microscope"
    assert instruments(bench) == {"Microscope", "Telescope"}
