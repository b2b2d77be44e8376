"""What a window shows of the agent's work: a row a thing, named states, and how changes are told.

The views and their columns are those of the uploader's documentation. A row is told again, whole,
whenever it changes; the one with the same `id` takes the place of the older one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lagan.agent.report import Report


class Kind(Enum):
    """How a condition is meant: what colour or sign it deserves."""

    WAITING = "waiting"
    WORKING = "working"
    GOOD = "good"
    LATER = "later"
    """Nothing is wrong and nothing was archived: the next run looks again."""
    FAILED = "failed"
    """It could not be sent just now; the next run tries again."""
    REFUSED = "refused"
    """Somebody has to do something about it."""


class Condition(Enum):
    """What is the matter with a file: a sentence for people, and its kind. Only GOOD ones say
    that the hub has it."""

    QUEUED = "Queued", Kind.WAITING
    LOOKING = "Looking it up", Kind.WORKING
    COMPARING = "Comparing it with what the hub has", Kind.WORKING
    MISSING = "Not at the hub yet", Kind.WAITING
    IN_PROGRESS = "In progress", Kind.WORKING
    SENT = "Sent, the hub is asked whether it has it", Kind.WORKING
    ARCHIVED = "Archived", Kind.GOOD
    VERIFIED = "Archived and verified", Kind.GOOD
    COMPLETED = "Completed", Kind.GOOD
    YOUNG = "It was changed moments ago and may still be written", Kind.LATER
    GREW = "It grew while it was sent", Kind.LATER
    CHANGED = "It changed while it was sent", Kind.LATER
    VANISHED = "It vanished", Kind.LATER
    UNREADABLE = "Not readable", Kind.REFUSED
    NAME = "Its name cannot be kept", Kind.REFUSED
    CLOSED = "Its dataset is closed", Kind.REFUSED
    FORBIDDEN = "The hub does not permit it (403)", Kind.REFUSED
    TOO_LARGE = "Too large for the hub (413)", Kind.REFUSED
    OTHER = "The server keeps other content under its name, and no versions", Kind.REFUSED
    REFUSED = "The hub refuses it", Kind.REFUSED
    FULL = "The hub is full", Kind.FAILED
    DAMAGED = "It arrived damaged", Kind.FAILED
    HELD = "The hub still works on an earlier try", Kind.FAILED
    BUSY = "The hub is busy", Kind.FAILED
    BROKEN = "The hub failed (500)", Kind.FAILED
    NO_ANSWER = "No answer from the hub", Kind.FAILED
    UNPROVEN = "The hub acknowledged it but does not have it", Kind.FAILED
    UNVERIFIED = "The server has it, but has not verified it", Kind.LATER
    STOPPED = "Stopped before it was sent", Kind.LATER

    def __init__(self, sentence: str, kind: Kind) -> None:
        self.sentence = sentence
        self.kind = kind


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A dataset's folder. `location` is its absolute path on this computer, `created` ISO 8601,
    `web` its page at the hub once that has it."""

    id: int
    folder: str
    location: str
    created: str
    experiment: str
    owner: str
    group: str
    files: int = 0
    archived: int = 0
    failed: int = 0
    web: str = ""
    message: str = ""

    @property
    def status(self) -> str:
        """`2 of 5 files uploaded`, and what keeps it from going on."""
        told = f"{self.archived} of {self.files} files uploaded"
        if self.failed:
            told += f", {self.failed} not"
        return f"{told}: {self.message}" if self.message else told


@dataclass(frozen=True, slots=True)
class UserRow:
    """The user whom a folder of the first level stands for; `name` says so when there is none."""

    id: int
    username: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """The group that a folder of the first level stands for: without and with the prefix."""

    id: int
    short_name: str
    full_name: str


@dataclass(frozen=True, slots=True)
class VerificationRow:
    """What the hub knows of one file."""

    id: int
    folder: str
    subdirectory: str
    filename: str
    condition: Condition
    detail: str = ""

    @property
    def message(self) -> str:
        """The condition in words, with what is known beyond it."""
        return _message(self.condition, self.detail)


@dataclass(frozen=True, slots=True)
class UploadRow:
    """One file on its way. `size` and `sent` in bytes, `speed` in bytes a second."""

    id: int
    folder: str
    subdirectory: str
    filename: str
    size: int
    condition: Condition
    sent: int = 0
    detail: str = ""
    speed: float = 0.0

    @property
    def status(self) -> str:
        """The condition's kind, as an icon shows it."""
        return self.condition.kind.value

    @property
    def progress(self) -> float:
        """From 0 to 1."""
        if self.condition.kind is Kind.GOOD:
            return 1.0
        return min(self.sent / self.size, 1.0) if self.size else 0.0

    @property
    def message(self) -> str:
        """The condition in words, with what is known beyond it."""
        return _message(self.condition, self.detail)


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One run, done, going on or to come. `schedule` of Weekly ends with the days, `MTWTFSS` with
    `-` for the others; `interval` in minutes, None but for Timer. Times are local."""

    id: int
    job: str
    start: datetime | None
    finish: datetime | None
    schedule: str
    interval: int | None


@dataclass(frozen=True, slots=True)
class CleanUpRow:
    """A local file that could go. `verified`: replicas at the hub that are proven now; `file` is
    its path beneath the data folder, `datafile` what the hub calls it."""

    id: int
    datafile: str
    verified: bool
    file: str
    size: int
    selected: bool = False
    message: str = ""


Column = tuple[str, str]
"""A heading and the attribute of the row that it shows."""

VIEWS: Mapping[str, tuple[type, tuple[Column, ...]]] = {
    "Folders": (
        FolderRow,
        (
            ("Id", "id"), ("Folder (dataset)", "folder"), ("Location", "location"),
            ("Created", "created"), ("Experiment", "experiment"), ("Status", "status"),
            ("Owner", "owner"), ("Group", "group"),
        ),
    ),
    "Users": (
        UserRow,
        (("Id", "id"), ("Username", "username"), ("Name", "name"), ("Email", "email")),
    ),
    "Groups": (
        GroupRow,
        (("Id", "id"), ("Short Name", "short_name"), ("Full Name", "full_name")),
    ),
    "Verifications": (
        VerificationRow,
        (
            ("Id", "id"), ("Folder", "folder"), ("Subdirectory", "subdirectory"),
            ("Filename", "filename"), ("Message", "message"),
        ),
    ),
    "Uploads": (
        UploadRow,
        (
            ("Id", "id"), ("Folder", "folder"), ("Subdirectory", "subdirectory"),
            ("Filename", "filename"), ("File Size", "size"), ("Status", "status"),
            ("Progress", "progress"), ("Message", "message"), ("Speed", "speed"),
        ),
    ),
    "Tasks": (
        TaskRow,
        (
            ("Id", "id"), ("Job", "job"), ("Start Time", "start"), ("Finish Time", "finish"),
            ("Schedule Type", "schedule"), ("Interval (minutes)", "interval"),
        ),
    ),
    "Clean-up": (
        CleanUpRow,
        (
            ("Datafile", "datafile"), ("Verified", "verified"), ("Select", "selected"),
            ("File", "file"),
        ),
    ),
}  # fmt: skip
"""The views in the documented order, the row of each and its columns."""


class Observer(Protocol):
    """Hears what changes, many rows at a time, from a thread that is not the window's.

    A call must be quick (hand the rows on and return): the engine waits for it.
    """

    def begun(self) -> None:
        """A run begins: the rows of the last one, but for tasks, are no longer true."""

    def folders(self, rows: Sequence[FolderRow]) -> None:
        """Datasets that were found or changed."""

    def users(self, rows: Sequence[UserRow]) -> None:
        """Users that were looked up."""

    def groups(self, rows: Sequence[GroupRow]) -> None:
        """Groups that were looked up."""

    def verifications(self, rows: Sequence[VerificationRow]) -> None:
        """Files that were asked about."""

    def uploads(self, rows: Sequence[UploadRow]) -> None:
        """Files on their way, and what became of them."""

    def tasks(self, rows: Sequence[TaskRow]) -> None:
        """Runs."""

    def cache(self, found: int, of: int) -> None:
        """So many of the look-ups were answered without asking."""

    def speed(self, bytes_per_second: float) -> None:
        """How fast all uploads together go now."""

    def said(self, text: str) -> None:
        """What the status bar tells: where the run is."""

    def finished(self, report: Report) -> None:
        """The run has ended; its report is final."""


def _message(condition: Condition, detail: str) -> str:
    return f"{condition.sentence}: {detail}" if detail else condition.sentence
