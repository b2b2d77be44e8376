"""How sizes, counts, digests and states read on a page; pure, so that every page says the same."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def size(count: int) -> str:
    """Bytes in powers of ten with three digits that count: 999 -> `999 B`, 1234567 -> `1.23 MB`."""
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    if unit == 0:
        return f"{count}\N{NO-BREAK SPACE}B"
    places = 2 if value < 9.995 else 1 if value < 99.95 else 0
    rounded = Decimal(f"{value:.{places}f}")
    return f"{number_format(rounded, places)}\N{NO-BREAK SPACE}{_UNITS[unit]}"


def exact_size(count: int) -> str:
    """Bytes with nothing lost, in the largest power of ten that divides them: `1500 GB`."""
    unit = 0
    while count and count % 1000 == 0 and unit < len(_UNITS) - 1:
        count, unit = count // 1000, unit + 1
    return f"{count} {_UNITS[unit]}" if unit else str(count)


def percent(used: int, whole: int | None) -> int:
    """How much of the whole, rounded down: nothing is full before it is."""
    return min(used * 100 // whole, 999) if whole else 0


def number(count: int) -> str:
    """A count with its thousands apart, as the language does."""
    return number_format(count, 0, use_l10n=True, force_grouping=True)


@dataclass(frozen=True, slots=True)
class Look:
    """How a state looks: a tone (a class of the style sheet), an icon and its words."""

    tone: str
    icon: str
    words: str | Promise


LOOKS = {
    # datasets
    "open": Look("moving", "lock-open", pgettext_lazy("dataset", "Open")),
    "closed": Look("good", "lock", pgettext_lazy("dataset", "Closed")),
    "expired": Look("suspect", "hourglass", pgettext_lazy("dataset", "Expired")),
    "removed": Look("quiet", "trash-2", pgettext_lazy("dataset", "Removed")),
    "due": Look("suspect", "hourglass", pgettext_lazy("dataset", "Due")),
    "present": Look("good", "database", pgettext_lazy("dataset", "Data here")),
    "absent": Look("quiet", "circle-slash", pgettext_lazy("dataset", "No data")),
    # connections of computers
    "ready": Look("good", "plug-zap", pgettext_lazy("computer", "Connected")),
    "failing": Look("bad", "unplug", pgettext_lazy("computer", "Not reached")),
    "changed": Look("bad", "key-round", pgettext_lazy("computer", "Other host key")),
    "unconfirmed": Look("suspect", "key-round", pgettext_lazy("computer", "Not confirmed")),
    "untold": Look("quiet", "circle-dashed", pgettext_lazy("computer", "Not set up")),
    # jobs and tasks
    "pending": Look("quiet", "clock", _("Waiting")),
    "queued": Look("quiet", "clock", _("Waiting")),
    "started": Look("moving", "loader", _("Running")),
    "running": Look("moving", "loader", _("Running")),
    "success": Look("good", "check", _("Succeeded")),
    "done": Look("good", "check", _("Succeeded")),
    "failure": Look("bad", "x", _("Some failed")),
    "failed": Look("bad", "x", _("Failed")),
    "error": Look("bad", "triangle-alert", _("Error")),
    "cancelled": Look("quiet", "ban", _("Cancelled")),
    "paused": Look("suspect", "pause", _("Paused")),
    "held": Look("suspect", "pause", _("Held")),
    "found": Look("quiet", "search", _("Found")),
    "processed": Look("good", "check", _("Processed")),
    "skipped": Look("quiet", "skip-forward", _("Skipped")),
    "waiting": Look("quiet", "clock", _("Waiting")),
    # replicas and volumes
    "good": Look("good", "check", _("Good")),
    "suspect": Look("suspect", "triangle-alert", _("Suspect")),
    "bad": Look("bad", "x", _("Bad")),
    "missing": Look("bad", "circle-dashed", _("Missing")),
    "online": Look("good", "check", _("Online")),
    "readonly": Look("quiet", "lock", _("Read only")),
    "draining": Look("suspect", "arrow-right-left", _("Draining")),
    "retired": Look("quiet", "archive", _("Retired")),
    # sites and their workers
    "site-online": Look("good", "plug-zap", pgettext_lazy("site", "Online")),
    "site-offline": Look("suspect", "unplug", pgettext_lazy("site", "Offline")),
    # archive nodes and their volumes
    "offline": Look("suspect", "power-off", _("Offline")),
    "not-running": Look("bad", "circle-stop", _("Not running")),
    "suspended": Look("quiet", "moon", _("Suspended")),
    "mounted": Look("good", "check", _("Mounted")),
    "away": Look("quiet", "unplug", _("Not mounted")),
    "completed": Look("quiet", "lock", _("Completed")),
    # share links
    "active": Look("good", "link", _("Active")),
    "revoked": Look("quiet", "ban", _("Revoked")),
    "used-up": Look("quiet", "circle-check", _("Used up")),
    # instruments, the files that they announce, the keys of their uploaders
    "instrument-sending": Look("good", "radio", pgettext_lazy("instrument", "Heard just now")),
    "instrument-quiet": Look("quiet", "moon", pgettext_lazy("instrument", "Quiet")),
    "instrument-silent": Look("bad", "bell-ring", pgettext_lazy("instrument", "Silent")),
    "instrument-asks": Look("suspect", "key-round", pgettext_lazy("instrument", "Asks")),
    "instrument-unused": Look("quiet", "circle-dashed", pgettext_lazy("instrument", "Not heard")),
    "file-verified": Look("good", "check", pgettext_lazy("file", "Verified")),
    "file-coming": Look("moving", "clock", pgettext_lazy("file", "Coming")),
    "file-missing": Look("suspect", "circle-dashed", pgettext_lazy("file", "Missing")),
    "file-refused": Look("bad", "x", pgettext_lazy("file", "Not taken in")),
    "key-waiting": Look("suspect", "key-round", pgettext_lazy("key", "Waits")),
    "key-approved": Look("good", "check", pgettext_lazy("key", "Approved")),
    "key-refused": Look("bad", "x", pgettext_lazy("key", "Refused")),
    "key-revoked": Look("quiet", "ban", pgettext_lazy("key", "Revoked")),
    # packages, by their status code
    "package-0": Look("moving", "upload", pgettext_lazy("package", "Waiting for its zip")),
    "package-1": Look("moving", "loader", pgettext_lazy("package", "Being judged")),
    "package-2": Look("moving", "loader", pgettext_lazy("package", "Being checked")),
    "package-3": Look("good", "check", pgettext_lazy("package", "Kept")),
    "package-4": Look("bad", "x", pgettext_lazy("package", "Deposit failed")),
    "package-5": Look("suspect", "triangle-alert", pgettext_lazy("package", "Download failed")),
    "package-6": Look("moving", "loader", pgettext_lazy("package", "Being prepared")),
    "package-7": Look("good", "download", pgettext_lazy("package", "Ready to download")),
    "package-8": Look("bad", "triangle-alert", pgettext_lazy("package", "Checksum wrong")),
    "package-9": Look("bad", "x", pgettext_lazy("package", "Not a valid bag")),
    "package-10": Look("moving", "loader", pgettext_lazy("package", "Valid, being checked")),
    # levels of a log
    "debug": Look("quiet", "bug", _("Debug")),
    "info": Look("quiet", "info", _("Info")),
    "warn": Look("suspect", "triangle-alert", _("Warning")),
    "fatal": Look("bad", "circle-x", _("Fatal")),
}


def look(state: str) -> Look:
    """How `state` looks; a state that no page knows is shown by its own name, quietly."""
    return LOOKS.get(state.lower(), Look("quiet", "circle", state))


def short_digest(digest: str) -> str:
    """The first twelve hexadecimal digits, enough to compare by eye."""
    return digest[:12]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: its class, its place and its width in percent."""

    kind: str
    start: float
    width: float


_THIN = 0.6
"""Percent: the least width of a piece that is there, so that one failure among a million is
seen."""


def parts(*amounts: tuple[str, int], whole: int) -> list[Part]:
    """Pieces of a bar of `whole`, laid end to end; the widest gives way so that thin ones are
    seen."""
    widths = [
        max(100 * amount / whole, _THIN) if whole > 0 and amount > 0 else 0.0
        for _, amount in amounts
    ]
    if (excess := sum(widths) - 100) > 0:
        widths[widths.index(max(widths))] -= excess
    starts = [sum(widths[:place]) for place in range(len(widths))]
    return [
        Part(kind, round(start, 2), round(width, 2))
        for (kind, _), start, width in zip(amounts, starts, widths, strict=True)
    ]
