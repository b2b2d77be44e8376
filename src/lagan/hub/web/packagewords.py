"""How packages read on a page: their statuses, the stages of a deposit, what happened to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lagan.hub.audit.rules import canonical
from lagan.hub.packages.queries import KEPT, WENT_WRONG, Status

if TYPE_CHECKING:
    from lagan.hub.packages.queries import PackageEvent, PackageRow

ATTENTION = "attention"
"""The choice of events that somebody should look at."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a page calls an event, and its tone and icon."""

    words: str | Promise
    tone: str
    icon: str


EVENTS: Mapping[tuple[str, str], Said] = {
    ("package.begun", "done"): Said(_("Deposit begun"), "quiet", "upload"),
    ("package.stored", "done"): Said(_("Stored"), "good", "database"),
    ("package.failed", "failed"): Said(_("Deposit failed"), "bad", "x"),
    ("package.digested", "done"): Said(_("Checksum computed"), "quiet", "hash"),
    ("package.checked", "done"): Said(_("Checksum right"), "good", "check"),
    ("package.checked", "failed"): Said(_("Checksum wrong"), "bad", "triangle-alert"),
    ("package.requested", "done"): Said(_("Download asked for"), "quiet", "download"),
    ("package.fetched", "done"): Said(_("Downloaded"), "quiet", "download"),
    ("package.not-fetched", "failed"): Said(_("Download failed"), "bad", "x"),
    ("package.changed", "done"): Said(_("Metadata changed"), "quiet", "pencil"),
    ("package.judged", "not-valid"): Said(_("Refused: not a valid bag"), "bad", "x"),
    ("package.judged", "done"): Said(_("Valid bag"), "good", "package-check"),
    ("package.followed", "done"): Said(_("New version"), "quiet", "package-plus"),
    ("package.removed", "done"): Said(_("Content removed"), "quiet", "trash-2"),
}
"""By kind and result of the event in the record."""

FILTERS: Sequence[tuple[str, str | Promise]] = (
    ("", _("All events")),
    (ATTENTION, _("What went wrong")),
    ("package.begun", _("Deposits begun")),
    ("package.judged", _("Judgements")),
    ("package.checked", _("Checksum checks")),
    ("package.changed", _("Changes of metadata")),
    ("package.followed", _("New versions")),
    ("package.fetched", _("Downloads")),
    ("package.removed", _("Removals")),
)
"""Values of the filter of events, by the kind in the record."""


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event as a table shows it: `errors` as the judge told them, else its `data` as text."""

    event: PackageEvent
    said: Said
    errors: Sequence[Mapping[str, str]]
    data: str

    @property
    def wrong(self) -> bool:
        """Whether somebody should look at it."""
        return self.event.event.result in WENT_WRONG


def event_line(told: PackageEvent) -> EventLine:
    """An event of a package in words."""
    row = told.event
    said = EVENTS.get((row.kind, row.result), Said(row.kind, "quiet", "circle"))
    details = row.data.get("details") if isinstance(row.data, dict) else None
    several = details if isinstance(details, list) else []
    errors = [each for each in several if isinstance(each, dict)]
    told_by_words = errors or not details or details == {"result": True}
    return EventLine(told, said, errors, "" if told_by_words else canonical(details))


def errors_of(row: PackageRow, lines: Sequence[EventLine]) -> Sequence[Mapping[str, str]]:
    """Why the package is in a status that is wrong: the judge's errors, else what its last event
    that went wrong tells."""
    if row.status == Status.NOT_VALID_BAGIT:
        told = [each for each in row.facts.get("errors", []) if isinstance(each, dict)]
        return [{**each, "clause": clause(each.get("clause", ""))} for each in told]
    if row.status in (Status.UPLOAD_FAILED, Status.CHECKSUM_FAILED, Status.DOWNLOAD_FAILED):
        return next((each.errors for each in lines if each.wrong), [])
    return []


def clause(text: str) -> str:
    """Where a rule is written, in full: `RFC 2.1.3` is of RFC 8493, `0.97 2.1` of that draft."""
    number = text.removeprefix("RFC ")
    if number != text and all(len(each) < 3 for each in number.split(".")):
        return f"RFC 8493, {number}"
    return f"BagIt {text}" if text[:2] == "0." else text


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of a deposit: `done`, `now`, `failed` or `ahead`."""

    words: str | Promise
    state: str


_STAGES = (_("Received"), _("Valid bag"), _("Checksum right"), _("Kept"))
_REACHED = {
    Status.NEW: 0,
    Status.UPLOAD_FAILED: 0,
    Status.UPLOADING: 1,
    Status.NOT_VALID_BAGIT: 1,
    Status.BAGIT_IS_VALID: 2,
    Status.UPLOADED: 3,
}


def stages(status: str) -> list[Stage]:
    """How far a deposit has come; none for what was kept and is damaged now."""
    if status == Status.CHECKSUM_FAILED:
        return []
    at = len(_STAGES) if status in KEPT else _REACHED[Status(status)]
    failed = status in (Status.UPLOAD_FAILED, Status.NOT_VALID_BAGIT)
    here = "failed" if failed else "now"
    return [
        Stage(words, "done" if place < at else here if place == at else "ahead")
        for place, words in enumerate(_STAGES)
    ]
