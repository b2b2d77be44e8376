"""The documented schedule types, as times that are due."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from lagan.agent.check import check_schedule
from lagan.agent.errors import BadSetting
from lagan.agent.report import Report
from lagan.agent.scan import Remark
from lagan.agent.schedule import next_start
from lagan.agent.service import Service, schedule_words
from lagan.agent.settings import Settings, parse
from lagan.agent.waiting import again_after
from lagan.kit.errors import Unavailable
from tests.agent.observer import Kept

MONDAY = datetime(2026, 3, 2, 12, 0, 0)  # noqa: DTZ001 - the instrument's own clock
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


def made(**rows: object) -> Settings:
    return parse("[agent]\n" + "\n".join(f"{key} = {value}" for key, value in rows.items()))


def due(
    settings: Settings, last: datetime | None = None, saved: datetime | None = None
) -> datetime | None:
    return next_start(settings, MONDAY, MONDAY, last, saved)


def test_manually_never() -> None:
    assert due(made(schedule_type="Manually")) is None


def test_on_startup_once() -> None:
    settings = made(schedule_type="On Startup")
    assert due(settings) == MONDAY + 5 * SECOND
    assert due(settings, last=MONDAY + 5 * SECOND) is None


def test_on_settings_saved_each_time() -> None:
    settings = made(schedule_type="On Settings Saved")
    assert due(settings) is None
    assert due(settings, saved=MONDAY) == MONDAY + SECOND
    assert due(settings, saved=MONDAY, last=MONDAY + SECOND) is None
    assert due(settings, saved=MONDAY + MINUTE, last=MONDAY + SECOND) == MONDAY + MINUTE + SECOND


def test_once() -> None:
    settings = made(schedule_type="Once", scheduled_date="2026-03-02", scheduled_time="13:30:00")
    at = datetime(2026, 3, 2, 13, 30)  # noqa: DTZ001
    assert due(settings) == at
    assert due(settings, last=at) is None
    assert due(settings, last=MONDAY) == at
    past = made(schedule_type="Once", scheduled_date="2026-03-02", scheduled_time="11:00")
    assert due(past) is None


def test_daily() -> None:
    assert due(made(schedule_type="Daily", scheduled_time="18:00")) == MONDAY.replace(hour=18)
    assert due(made(schedule_type="Daily", scheduled_time="06:00")) == MONDAY.replace(hour=6) + DAY
    evening = MONDAY.replace(hour=18)
    assert due(made(schedule_type="Daily", scheduled_time="18:00"), last=evening) == evening + DAY


def test_weekly() -> None:
    settings = made(
        schedule_type="Weekly", scheduled_time="11:00", monday_checked=True, thursday_checked=True
    )
    thursday = MONDAY.replace(hour=11) + 3 * DAY
    assert due(settings) == thursday
    assert due(settings, last=thursday) == thursday + 4 * DAY
    assert due(made(schedule_type="Weekly", scheduled_time="11:00")) is None


def test_timer_within_its_hours() -> None:
    settings = made(schedule_type="Timer", timer_minutes=20)
    assert due(settings) == MONDAY + 5 * SECOND
    assert due(settings, last=MONDAY) == MONDAY + 20 * MINUTE
    day = made(schedule_type="Timer", timer_from_time="08:00", timer_to_time="12:10")
    assert due(day, last=MONDAY) == MONDAY.replace(hour=8) + DAY
    night = made(schedule_type="Timer", timer_from_time="22:00", timer_to_time="06:00")
    assert due(night, last=MONDAY) == MONDAY.replace(hour=22)
    assert due(night, last=MONDAY.replace(hour=23)) == MONDAY.replace(hour=23, minute=15)


@pytest.mark.parametrize(
    ("rows", "setting"),
    [
        ({"schedule_type": "Daily", "scheduled_time": "noon"}, "scheduled_time"),
        ({"schedule_type": "Daily"}, "scheduled_time"),
        (
            {"schedule_type": "Once", "scheduled_time": "10:00", "scheduled_date": "2.3.26"},
            "scheduled_date",
        ),
        (
            {"schedule_type": "Once", "scheduled_time": "10:00", "scheduled_date": "2026-03-02"},
            "scheduled_time",
        ),
        ({"schedule_type": "Weekly", "scheduled_time": "10:00"}, "monday_checked"),
        ({"schedule_type": "Timer", "timer_to_time": "25:00"}, "timer_to_time"),
    ],
)
def test_a_schedule_that_cannot_be_followed_is_named(rows: dict[str, str], setting: str) -> None:
    with pytest.raises(BadSetting) as caught:
        check_schedule(made(**rows), MONDAY)
    assert caught.value.facts["setting"] == setting


class Clock:
    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> datetime:
        return self.now


def test_the_service_follows_the_clock_the_settings_and_a_wish(tmp_path: Path) -> None:
    config, clock, runs = tmp_path / "agent.ini", Clock(), []
    config.write_text("[agent]\nschedule_type = Timer\ntimer_minutes = 10\n")

    def work(settings: Settings) -> Report:
        runs.append((clock.now, settings.timer_minutes))
        if len(runs) == 2:
            raise BadSetting("No.")
        return Report()

    said: list[str] = []
    service = Service(config, work, said.append, threading.Event(), clock)
    assert not service.step()
    clock.now += 6 * SECOND
    assert service.step()
    clock.now += 10 * MINUTE
    assert service.step(), "a run that failed is not the last one"
    assert said == ["No."]
    clock.now += 10 * MINUTE
    assert service.step()
    config.write_text("[agent]\nschedule_type = Timer\ntimer_minutes = 3000\n")
    clock.now += 11 * MINUTE
    assert not service.step()
    config.write_text("[agent]\nschedule_type = Never\n")
    assert not service.step()
    assert "not taken over" in said[-1]
    service.run_now()
    assert service.step()
    assert [minutes for _, minutes in runs] == [10, 10, 10, 3000]


def test_a_run_that_could_not_be_is_made_again_sooner_than_planned(tmp_path: Path) -> None:
    config, clock = tmp_path / "agent.ini", Clock()
    config.write_text("[agent]\nschedule_type = Daily\nscheduled_time = 11:00\n")
    failing = [True]
    runs: list[datetime] = []

    def work(settings: Settings) -> Report:
        runs.append(clock.now)
        if failing:
            raise Unavailable("The hub is away.")
        return Report()

    kept = Kept()
    said: list[str] = []
    service = Service(config, work, said.append, threading.Event(), clock, observer=kept)
    assert service.next() == MONDAY.replace(hour=11) + DAY
    service.run_now()
    assert service.step()
    assert service.next() == MONDAY + 30 * SECOND
    clock.now += 29 * SECOND
    assert not service.step()
    clock.now += 1 * SECOND
    assert service.step()
    assert service.next() == clock.now + 60 * SECOND, "the pause doubles"
    clock.now += 60 * SECOND
    failing.clear()
    assert service.step()
    assert service.next() == MONDAY.replace(hour=11) + DAY, "the schedule goes on as it was"
    assert said[0] == "The hub is away."
    rows = kept.rows["tasks"]
    assert [row.job for row in rows.values()] == [
        "Scan and upload", "Scan and upload again", "Scan and upload again",
    ]  # fmt: skip
    assert all(row.finish is not None for row in rows.values())
    assert rows[1].schedule == "Daily"


def test_files_that_failed_are_tried_again_too_and_refused_ones_not(tmp_path: Path) -> None:
    config, clock = tmp_path / "agent.ini", Clock()
    config.write_text("[agent]\n")
    report = Report()
    service = Service(config, lambda _: report, lambda _: None, threading.Event(), clock)
    report.refused.append(Remark("a", "no"))
    service.run_now()
    service.step()
    assert service.next() is None
    report.failed.append(Remark("b", "no answer"))
    service.run_now()
    service.step()
    assert service.next() == MONDAY + 30 * SECOND


def test_what_is_tried_again_keeps_to_the_hours_of_a_timer(tmp_path: Path) -> None:
    config, clock = tmp_path / "agent.ini", Clock()
    config.write_text(
        "[agent]\nschedule_type = Timer\ntimer_minutes = 600\n"
        "timer_from_time = 22:00\ntimer_to_time = 06:00\n"
    )

    def work(settings: Settings) -> Report:
        raise Unavailable("The hub is away.")

    service = Service(config, work, lambda _: None, threading.Event(), clock)
    service.run_now()
    assert service.step()
    assert service.next() == MONDAY.replace(hour=22)


def test_pauses_double_up_to_a_quarter_of_an_hour() -> None:
    assert [again_after(n) for n in (1, 2, 3, 6, 60)] == [30, 60, 120, 900, 900]


def test_weekly_shows_its_days() -> None:
    settings = made(schedule_type="Weekly", monday_checked=True, friday_checked=True)
    assert schedule_words(settings) == "Weekly (M---F--)"


def test_the_hub_gets_a_sign_of_life_between_runs(tmp_path: Path) -> None:
    config, clock, signs = tmp_path / "agent.ini", Clock(), []
    config.write_text("[agent]\n")
    service = Service(
        config, lambda _: Report(), lambda _: None, threading.Event(), clock,
        refresh=lambda settings: signs.append(clock.now),
    )  # fmt: skip
    for _ in range(40):
        clock.now += MINUTE
        assert not service.step()
    assert signs == [MONDAY + 15 * MINUTE, MONDAY + 30 * MINUTE]
    service.run_now()
    assert service.step()
    clock.now += 14 * MINUTE
    service.step()
    assert len(signs) == 2, "a run is a sign too"
