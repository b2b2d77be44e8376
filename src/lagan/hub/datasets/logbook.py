"""Writing to the logs of datasets, for people to read; levels as in `seeds/dataset-archive.txt`."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from lagan.hub.base.actors import Actor
from lagan.hub.datasets.models import LogLine
from lagan.kit.errors import BadInput

LEVELS = ("DEBUG", "INFO", "WARN", "ERROR", "FATAL")
"""From the most talkative to the gravest."""


def write_log(*, dataset: int, by: Actor, level: str, text: str) -> None:
    """Add a line to the dataset's log, in the caller's transaction."""
    write_logs(lines=[(dataset, text)], by=by, level=level)


def write_logs(*, lines: Sequence[tuple[int, str]], by: Actor, level: str) -> None:
    """Add a line to each of several datasets' logs: `(dataset, text)`."""
    now = timezone.now()
    rows = [
        LogLine(
            dataset_id=each,
            at=now,
            level=LEVELS[severity(level)],
            text=text.replace("\x00", "\ufffd"),
            by=by.name,
        )
        for each, text in lines
    ]
    LogLine.objects.bulk_create(rows)


def severity(level: str) -> int:
    """The place of a level among them, 0 for DEBUG. BadInput for a word that is none."""
    try:
        return LEVELS.index(level.upper())
    except ValueError:
        raise BadInput(
            f"A log level is one of {', '.join(LEVELS)}, not {level!r}.", field="level"
        ) from None
