"""Moments and spans of time, read from and shown to people; inside they are seconds as floats."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from lagan.kit.errors import BadInput

_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_SPAN = re.compile(r"(?:\d+(?:\.\d+)?\s*[wdhms]\s*)+", re.IGNORECASE | re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([wdhms])", re.IGNORECASE | re.ASCII)


def parse_time(text: str) -> float:
    """Seconds since the epoch from ISO 8601; without an offset it is UTC. BadInput when it is
    neither."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise BadInput(
            f"Not a time: {text[:60]!r}. Write ISO 8601: 2026-03-01T12:00:00Z."
        ) from None


def show_time(seconds: float) -> str:
    """ISO 8601 in UTC to the second: `2026-03-01T12:00:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_span(text: str) -> float:
    """Seconds from `90`, `90s`, `1h 30m`, `2w`. BadInput when it is not a span."""
    stripped = text.strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", stripped):
        return float(stripped)
    if not _SPAN.fullmatch(stripped):
        raise BadInput(f"Not a span of time: {text[:60]!r}. Write for example 90s, 1h 30m or 2w.")
    return sum(float(number) * _SECONDS[unit.lower()] for number, unit in _PART.findall(stripped))


def show_span(seconds: float) -> str:
    """A span for people, its two largest units: `0.25 s`, `45 s`, `1 h 30 m`, `3 d 4 h`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    rest, shown = round(seconds), []
    for unit, length in _SECONDS.items():
        if unit == "w":
            continue
        count, rest = divmod(rest, length)
        if count:
            shown.append(f"{count} {unit}")
    return " ".join(shown[:2])
