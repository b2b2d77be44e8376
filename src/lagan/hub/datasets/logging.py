"""Lines of datasets' logs, written in the transaction of the act that they tell of."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from lagan.hub.base.actors import Actor
from lagan.hub.datasets.models import LogLine
from lagan.kit.errors import BadInput

LEVELS = ("DEBUG", "INFO", "WARN", "ERROR", "FATAL")


def write_log(*, dataset: int, by: Actor, level: str, text: str) -> None:
    """Add a line to the dataset's log, in the caller's transaction."""
    write_logs(lines=[(dataset, text)], by=by, level=level)


def write_logs(*, lines: Sequence[tuple[int, str]], by: Actor, level: str) -> None:
    """Add a line to each of several datasets' logs: `(dataset, text)`."""
    if level not in LEVELS:
        raise BadInput(f"A log level is one of {', '.join(LEVELS)}, not {level!r}.", field="level")
    now = timezone.now()
    rows = [
        LogLine(dataset_id=each, at=now, level=level, text=text, by=by.name) for each, text in lines
    ]
    LogLine.objects.bulk_create(rows)
