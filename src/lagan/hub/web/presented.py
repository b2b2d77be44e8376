"""What the queries answer, made ready for a template: words, tones, addresses; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from lagan.hub.web import shown

if TYPE_CHECKING:
    from lagan.hub.archive.queries import FileHealth, ReplicaRow, VolumeRow
    from lagan.hub.datasets.queries import FolderItem

DAMAGED = ("suspect", "bad", "missing")


@dataclass(frozen=True, slots=True)
class Health:
    """A file's copies: how many are good in words, the worst tone, when the oldest good look
    was."""

    tone: str
    words: str
    verified: datetime | None
    replicas: Sequence[ReplicaRow]


def health(found: FileHealth | None) -> Health | None:
    """The health of a file whose copies the catalogue knows; None for one it does not know."""
    if found is None:
        return None
    good = sum(each.state == "good" for each in found.replicas)
    every = len(found.replicas)
    looked = [each.verified_at for each in found.replicas if each.verified_at is not None]
    tone, words = _health_words(found, good, every)
    return Health(
        tone, words, min(looked) if len(looked) == every and looked else None, found.replicas
    )


def _health_words(found: FileHealth, good: int, every: int) -> tuple[str, str]:
    status = found.status
    if status == "lost":
        return "bad", gettext("no good copy")
    if status == "degraded" and good < every:
        tone = (
            "bad" if any(each.state in ("bad", "missing") for each in found.replicas) else "suspect"
        )
        return tone, gettext("%(good)d of %(every)d good") % {"good": good, "every": every}
    if status == "degraded":
        return "suspect", gettext("a copy is out of reach")
    words = ngettext("%(good)d good", "%(good)d good", good) % {"good": good}
    if status == "pending":
        return "quiet", gettext("%(words)s, one on its way") % {"words": words}
    return "good", words


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line of a dataset's folder: `address` is the folder's or the file's page, `content` where
    its bytes are, `thumb` where a small picture of it is."""

    name: str
    address: str
    is_folder: bool
    size: int | None
    sha256: str | None
    health: Health | None
    content: str = ""
    thumb: str | None = None
    icon: str = "file"


def file_line(
    dataset: int,
    item: FolderItem,
    found: FileHealth | None,
    *,
    icon: str = "file",
    thumb: bool = False,
) -> FileLine:
    """A folder and a file lead to their own pages."""
    if item.is_folder:
        return FileLine(item.name, folder_address(dataset, item.path), True, None, None, None)
    return FileLine(
        item.name,
        file_address(dataset, item.path),
        False,
        item.size,
        item.sha256,
        health(found),
        content_address(dataset, item.path),
        thumb_address(dataset, item.path) if thumb else None,
        icon,
    )


def content_address(dataset: int, path: str, version: int | None = None) -> str:
    """Where the bytes of a file of a dataset are, or of another version of it."""
    address = f"/api/datasets/{dataset}/content/{quote(path)}"
    return addressed(address, version=version)


def file_address(dataset: int, path: str, version: int | None = None) -> str:
    """The page of a file of a dataset, or of another version of it."""
    return addressed(f"/datasets/{dataset}/file/", path=path, version=version)


def picture_address(dataset: int, path: str, version: int | None, page: int) -> str:
    """Where the pictures of a preview are, but for the number of the picture."""
    address = f"/api/datasets/{dataset}/preview/{quote(path)}"
    return addressed(address, page=page, version=version)


def thumb_address(dataset: int, path: str) -> str:
    """Where a small picture of a file is."""
    return addressed(f"/api/datasets/{dataset}/preview/{quote(path)}", view="thumb")


def folder_address(dataset: int, path: str) -> str:
    """The page of a folder of a dataset; `""` is the top."""
    return addressed(f"/datasets/{dataset}/", folder=path)


@dataclass(frozen=True, slots=True)
class Crumb:
    """One folder on the way down."""

    name: str
    address: str


def crumbs(dataset: int, folder: str) -> list[Crumb]:
    """The folders from the top to `folder`."""
    names = [name for name in folder.split("/") if name]
    return [
        Crumb(name, folder_address(dataset, "/".join(names[: depth + 1])))
        for depth, name in enumerate(names)
    ]


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter that lives in the address."""

    words: str | Promise
    address: str
    chosen: bool


def choices(
    path: str, values: Sequence[tuple[str, str | Promise]], chosen: str, **others: str
) -> list[Choice]:
    """Links that set `state` to each of `values` and keep the `others`."""
    return [
        Choice(words, addressed(path, state=value, **others), value == chosen)
        for value, words in values
    ]


def addressed(path: str, /, **given: str | int | None) -> str:
    """`path` with those parameters that are set."""
    query = urlencode({name: value for name, value in given.items() if value})
    return f"{path}?{query}" if query else path


def turning(
    path: str, after: str | None, following: str | None, **kept: str
) -> dict[str, str | None]:
    """The addresses of the next and, on a later page, the first page of a list, for
    `parts/pages.html`."""
    return {
        "next_page": addressed(path, **kept, after=following) if following else None,
        "first_page": addressed(path, **kept) if after else None,
    }


def _states(*names: str) -> tuple[tuple[str, str | Promise], ...]:
    return (("", _("All")), *((name, shown.look(name).words) for name in names))


JOB_STATES = _states("STARTED", "PENDING", "FAILURE", "ERROR", "SUCCESS", "CANCELLED")


LOG_LEVELS = tuple(
    (name, shown.look(name).words) for name in ("DEBUG", "INFO", "WARN", "ERROR", "FATAL")
)


def group_words(path: str) -> str:
    """Where a dataset is, as people say it: the groups from the top, without the root."""
    return " / ".join(path.strip("/").split("/")[1:])


@dataclass(frozen=True, slots=True)
class Count:
    """How many copies are in a state."""

    state: str
    words: str | Promise
    number: int


@dataclass(frozen=True, slots=True)
class VolumeCard:
    """A volume: its room as a bar, its copies by state. Sizes in bytes; `total` is None for a
    bucket."""

    name: str
    state: str
    set: str | None
    role: str
    total: int | None
    used: int
    other: int
    free: int
    room_words: str
    counts: Sequence[Count]


def volume_card(row: VolumeRow) -> VolumeCard:
    """Room is what the volume told last; what is used beyond our copies is somebody else's."""
    free = row.free or 0
    other = max((row.total or 0) - free - row.bytes, 0)
    numbers = {"good": row.replicas - sum(row.damaged.values()), **row.damaged}
    words = gettext("%(used)s archived, %(free)s free of %(total)s") % {
        "used": shown.size(row.bytes),
        "free": shown.size(free),
        "total": shown.size(row.total or 0),
    }
    counts = [
        Count(state, shown.look(state).words, max(numbers.get(state, 0), 0))
        for state in ("good", *DAMAGED)
    ]
    role = gettext("main volume") if row.role == "main" else gettext("copy")
    return VolumeCard(
        row.name, row.state, row.storage_set, role, row.total, row.bytes, other, free, words, counts
    )
