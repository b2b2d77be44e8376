"""Periods of time by which the list of jobs is filtered: a word, a length, a date, or two ends."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

from lagan.kit.errors import BadInput

_UNITS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}
"""Hours."""
_WORDS = {"hour": "1h", "day": "1d", "week": "1w", "month": "1m", "year": "1y"}
_LENGTH = re.compile(r"(\d{1,5})([hdwmy])")
_FIRST_YEAR, _LAST_YEAR = 1900, 9000
"""What every database can hold, in any zone."""
_ALL = frozenset({"", "null", "all"})

Period = tuple[datetime | None, datetime | None]
"""From when, and until before when; None is open."""


def period(text: str, now: datetime) -> Period:
    """What `text` means at `now`, in UTC.

    `today`, `yesterday`; `hour`, `day`, `week`, `month`, `year` for the last one; a length as
    `12h`, `7d`, `2w`, `3m` (30 days each), `1y`; a day or a moment since when, in ISO 8601; two of
    them with `..` between, either of which may be missing. Empty or `null`: all times. BadInput
    names what is neither.
    """
    words = text.strip().lower()
    if words in _ALL:
        return None, None
    since, dots, until = words.partition("..")
    if dots:
        return _start(since, now) if since else None, _end(until) if until else None
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    if words == "yesterday":
        return midnight - timedelta(days=1), midnight
    return midnight if words == "today" else _start(words, now), None


def _start(words: str, now: datetime) -> datetime:
    length = _LENGTH.fullmatch(_WORDS.get(words, words))
    if length is None:
        return _moment(words)[0]
    try:
        since = now - timedelta(hours=int(length[1]) * _UNITS[length[2]])
    except OverflowError:
        raise _odd(words) from None
    return max(since, datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC))


def _end(words: str) -> datetime:
    """A day is in the period to its end."""
    moment, is_day = _moment(words)
    return moment + timedelta(days=is_day)


def _moment(words: str) -> tuple[datetime, bool]:
    try:  # a plus sign of an address arrives as a space
        is_day = len(words) == len("2026-01-31")
        text = f"{words}T00:00" if is_day else words.upper().replace(" ", "+")
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise _odd(words) from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise _odd(words)
    return moment, is_day


def _odd(words: str) -> BadInput:
    return BadInput(
        f"{words[:40]!r} is no period: today, yesterday, week, 7d, 2026-01-31 or"
        " 2026-01-01..2026-01-31.",
        field="created",
    )
