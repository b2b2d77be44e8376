"""What datasets do about events: their logs tell of them, journals learn what became of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from lagan.hub.audit.feed import Reaction
from lagan.hub.audit.feed import register as register_reaction
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.rules import EventRow
from lagan.hub.datasets import keeping
from lagan.hub.datasets.models import Dataset, Entry, LogLine

Line = tuple[int, str, str]
"""Dataset, level, text."""

_LIFE = frozenset(
    {
        Kind.DATASET_CLOSED,
        Kind.DATASET_REMOVED,
        Kind.DATASET_RESTORED,
        Kind.DATASET_EXPIRY_SET,
    }
)
_NAMED = 5
"""Files that one line names."""


def register() -> None:
    """Start reacting; called once a process."""
    register_reaction(Reaction("datasets.notes", _LIFE, keeping.keep_states))
    register_reaction(Reaction("datasets.log", frozenset({*_OF_ENTITY, *_OF_FILES}), tell))


@transaction.atomic
def tell(events: Sequence[EventRow]) -> None:
    """Write into the logs of the datasets concerned; told of an event again, it writes nothing."""
    subjects = {each.subject for each in events if each.kind in _OF_ENTITY}
    datasets = frozenset(Dataset.objects.filter(pk__in=subjects).values_list("pk", flat=True))
    for event in events:
        lines = list(_lines(event, datasets))
        if lines and not _is_told(event.at, lines[0]):
            LogLine.objects.bulk_create(
                LogLine(dataset_id=id, at=event.at, level=level, text=text, by=event.actor)
                for id, level, text in lines
            )


def _lines(event: EventRow, datasets: frozenset[int]) -> Iterator[Line]:
    if event.kind in _OF_FILES:
        yield from _about_files(event)
    elif event.subject in datasets:
        yield event.subject, "INFO", _OF_ENTITY[event.kind](event.data)


def _about_files(event: EventRow) -> Iterator[Line]:
    """A line for each dataset that has one of the files."""
    level, words = _OF_FILES[event.kind]
    rows = Entry.objects.filter(stored__in=[UUID(each) for each in event.data.get("files", ())])
    paths: dict[int, list[str]] = defaultdict(list)
    for dataset, path in rows.order_by("dataset", "path").values_list("dataset_id", "path"):
        paths[dataset].append(path)
    for dataset, some in paths.items():
        more = f" and {len(some) - _NAMED} more" if len(some) > _NAMED else ""
        where = f" on {event.data['volume']}" if event.data.get("volume") else ""
        yield dataset, level, f"{words}{where}: {', '.join(some[:_NAMED])}{more}."


def _is_told(at: datetime, line: Line) -> bool:
    dataset, _, text = line
    return LogLine.objects.filter(dataset=dataset, at=at, text=text).exists()


def _metadata(data: Mapping[str, Any]) -> str:
    return f"Metadata changed: {', '.join(data.get('keys', ()))}."


_OF_ENTITY: dict[str, Callable[[Mapping[str, Any]], str]] = {
    Kind.METADATA_SET: _metadata,
    Kind.ENTITY_RENAMED: lambda data: f"Renamed from {data.get('from')} to {data.get('to')}.",
    Kind.ENTITY_MOVED: lambda data: "Moved to another group.",
    Kind.GRANTS_SET: lambda data: "Permissions changed.",
}
_OF_FILES: dict[str, tuple[str, str]] = {
    Kind.FILE_DAMAGED: ("WARN", "A copy is damaged"),
    Kind.FILE_HEALED: ("INFO", "A damaged copy was replaced by a good one"),
    Kind.FILE_LOST: ("ERROR", "No good copy is left; the copies"),
}
