"""The documented schedule types, as times that are due."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from lagan.agent.check import check_schedule
from lagan.agent.errors import BadSetting
from lagan.agent.report import Report
from lagan.agent.schedule import next_start
from lagan.agent.service import Service
from lagan.agent.settings import Settings, parse

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
