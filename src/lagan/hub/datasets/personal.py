"""What datasets keep about a person: whose they are, and who is named in their logs."""

from __future__ import annotations

from collections.abc import Iterator

from lagan.hub.accounts.personal import Part, Row, register_personal
from lagan.hub.datasets.models import Dataset, LogLine
from lagan.hub.tree import queries as tree

_OWNED = (
    "Research data outlives whoever made it: it stays, as that of the person's entity. Journals on "
    "the volumes, which nobody can change, keep the owner's name as it was."
)


def register() -> None:
    """Tell them to the accounts room."""
    for part in (
        Part("datasets", "Datasets of one's own", owned, stays=_OWNED, order=200),
        Part("log-lines", "Lines in logs of datasets", lines, forget_lines, order=210),
    ):
        register_personal(part)


def owned(entity: int) -> Iterator[Row]:
    """The datasets that the person owns."""
    names = ("entity_id", "entity__name", "state", "created_at", "closed_at", "file_count", "bytes")
    rows = Dataset.objects.filter(owner=entity).order_by("entity").values(*names)
    return iter(rows.iterator(2000))


def lines(entity: int) -> Iterator[Row]:
    """The lines that name the person as whoever did it."""
    rows = LogLine.objects.filter(by=_name(entity)).order_by("id")
    return iter(rows.values("dataset_id", "at", "level", "text").iterator(2000))


def forget_lines(entity: int) -> None:
    """They go on to say what was done, by the entity's number. Reads the whole log: rare enough."""
    LogLine.objects.filter(by=_name(entity)).update(by=f"removed-{entity}")


def _name(entity: int) -> str:
    """A user's entity has the user's name until the very end of anonymising."""
    return tree.rows([entity])[entity].name
