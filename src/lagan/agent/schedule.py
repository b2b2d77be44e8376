"""When the next run is due: pure arithmetic on local times."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from lagan.agent.errors import BadSetting
from lagan.agent.settings import Settings

AFTER_START = timedelta(seconds=5)
AFTER_SAVING = timedelta(seconds=1)
LATE = timedelta(seconds=10)
"""How far in the past a single run may be set (the uploader's documented grace)."""


def next_start(
    settings: Settings,
    now: datetime,
    started: datetime,
    last: datetime | None,
    saved: datetime | None = None,
) -> datetime | None:
    """When to run next, None for never by itself.

    `started` is when the service began, `last` when its last run began, `saved` when the settings
    were
    changed while it ran. All are local times without a zone.
    """
    match settings.schedule_type:
        case "On Startup":
            return started + AFTER_START if last is None else None
        case "On Settings Saved":
            return saved + AFTER_SAVING if saved and (last is None or last < saved) else None
        case "Once":
            moment = datetime.combine(parse_date(settings.scheduled_date), scheduled_time(settings))
            done = last is not None and last >= moment
            return moment if not done and moment >= started - LATE else None
        case "Daily":
            return _next_day(settings, _after(started, last), frozenset(range(7)))
        case "Weekly":
            return _next_day(settings, _after(started, last), settings.weekdays)
        case "Timer":
            return _timer(settings, started, last, saved)
        case _:
            return None


def local_now() -> datetime:
    """The time on the instrument's clock, without a zone: what people mean by "daily at two"."""
    return datetime.now().astimezone().replace(tzinfo=None)


def scheduled_time(settings: Settings) -> time:
    """The time of day of Once, Daily and Weekly."""
    return parse_time("scheduled_time", settings.scheduled_time)


def parse_time(setting: str, text: str) -> time:
    """`HH:MM:SS` or `HH:MM`; BadSetting names the setting."""
    try:
        return time.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        raise BadSetting(
            f"{setting} must be a time like 14:30:00, not {text!r}.", setting=setting
        ) from None


def parse_date(text: str) -> date:
    """`YYYY-MM-DD`; BadSetting otherwise."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadSetting(
            f"scheduled_date must be a date like 2026-05-31, not {text!r}.",
            setting="scheduled_date",
        ) from None


def _after(started: datetime, last: datetime | None) -> datetime:
    return max(started, last) if last else started


def _next_day(settings: Settings, after: datetime, days: frozenset[int]) -> datetime | None:
    at = scheduled_time(settings)
    moments = (datetime.combine(after.date() + timedelta(days=n), at) for n in range(8))
    return next((each for each in moments if each > after and each.weekday() in days), None)


def _timer(
    settings: Settings, started: datetime, last: datetime | None, saved: datetime | None
) -> datetime:
    """Every so many minutes, the first time soon after the start, only between the two times of
    day."""
    if last is None:
        due = saved + AFTER_SAVING if saved else started + AFTER_START
    else:
        due = last + timedelta(minutes=settings.timer_minutes)
    return within_hours(settings, due)


def within_hours(settings: Settings, due: datetime) -> datetime:
    """The first moment from `due` on at which a Timer may run; other schedules have no hours."""
    if settings.schedule_type != "Timer":
        return due
    first = parse_time("timer_from_time", settings.timer_from_time)
    end = parse_time("timer_to_time", settings.timer_to_time)
    at = due.time()
    inside = first <= at <= end if first <= end else at >= first or at <= end
    if inside:
        return due
    opening = datetime.combine(due.date(), first)
    return opening if opening >= due else opening + timedelta(days=1)
