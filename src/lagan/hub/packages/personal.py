"""What packages keep about a person: which they deposited, and how they described them."""

from __future__ import annotations

from collections.abc import Iterator

from lagan.hub.accounts.personal import Part, Row, register_personal
from lagan.hub.packages.models import Package

_DEPOSITED = (
    "What was deposited for preservation stays as it was deposited, words and all, as that of the "
    "person's entity: its checksum and its record would not fit it any more."
)


def register() -> None:
    """Tell them to the accounts room."""
    register_personal(
        Part("packages", "Packages deposited", deposited, stays=_DEPOSITED, order=220)
    )


def deposited(entity: int) -> Iterator[Row]:
    """The packages that the person deposited, with what they wrote about them."""
    names = ("dataset_id", "name", "file_name", "size", "checksum", "version", "status")
    more = ("user_metadata", "previous_metadata", "created_at", "removed_at")
    rows = Package.objects.filter(created_by=entity).order_by("pk").values(*names, *more)
    return iter(rows.iterator(2000))
