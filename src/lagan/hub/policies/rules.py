"""The room's decisions, without a database: when a policy is due, and which filesystems it is
about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from croniter import CroniterError
from django.db.models import TextChoices

from lagan.hub.jobs.rules import next_run
from lagan.kit.errors import BadInput
from lagan.kit.times import parse_span

REST = timedelta(hours=1)
"""After a run that found no more to do, fullness alone begins no other for so long: a filesystem
that is full of what may not go is not walked every minute."""
LEAST_EVERY, MOST_EVERY = timedelta(minutes=5), timedelta(days=366)
LONGEST_TITLE = 200  # characters


class Cause(TextChoices):
    """What began a run."""

    FULL = "full"
    SCHEDULE = "schedule"
    PERSON = "person"


def when(every: str, after: datetime) -> datetime | None:
    """The next time that `every` names; None for an empty one. BadInput for what is no time, or
    one that never comes."""
    if not every:
        return None
    if len(every.split()) == 5 and every.isascii():
        try:
            return next_run(every, after)
        except (BadInput, CroniterError):
            raise BadInput("These cron fields name no time.") from None
    try:
        span = timedelta(seconds=parse_span(every))
    except (BadInput, OverflowError):
        raise BadInput(
            "Five cron fields in UTC are expected, as 30 2 * * 1-5, or a span, as 6 h."
        ) from None
    if not LEAST_EVERY <= span <= MOST_EVERY:
        raise BadInput("It may run every 5 minutes at most, and once a year at least.")
    return after + span


def about(
    paths: Sequence[str], filesystems: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Of a site's filesystems those that hold something beneath `paths`; all when none are named.
    One that is told under several paths counts each time."""
    if not paths:
        return list(filesystems)
    held = {str(each["path"]): each for each in filesystems}
    found = {_holder(path, held) for path in paths}
    found |= {each for each in held for path in paths if _is_beneath(each, path)}
    return [each for path, each in held.items() if path in found]


def is_too_full(high: float | None, filesystems: Sequence[Mapping[str, Any]]) -> bool:
    """Whether any of the filesystems is fuller than a policy allows."""
    return high is not None and any(each["percent"] > high for each in filesystems)


def rests(last: tuple[datetime, bool] | None, now: datetime) -> bool:
    """Whether a policy waits before fullness may begin it again: `last` is when its last run ended,
    and whether that run left something for another."""
    return last is not None and not last[1] and now - last[0] < REST


def _holder(path: str, held: Mapping[str, Any]) -> str | None:
    above = [each for each in held if each == path or _is_beneath(path, each)]
    return max(above, key=len, default=None)


def _is_beneath(path: str, folder: str) -> bool:
    return path != folder and path.startswith(folder.rstrip("/") + "/")
