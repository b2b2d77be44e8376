"""What an anchor is, and where a record disagrees with its anchors; no database.

An anchor says, signed by the hub, that at some time the event with this sequence had this seal. It
lies on the volumes, out of reach of whoever rewrites the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from lagan.hub.evidence.jws import BadSignature, Jwk, Sign, check
from lagan.store import NoteLine

KIND = "record.anchor"


class Against(StrEnum):
    """What an anchor has against the record: it was rewritten, it was cut off, or the anchor itself
    was not signed by the hub."""

    REWRITTEN = "rewritten"
    CUT = "cut"
    FORGED = "forged"


@dataclass(slots=True)
class Anchor:
    """One anchor and the volumes that have it."""

    sequence: int
    hash: str
    at: datetime
    signed: bool
    volumes: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """From behind the event `after`, with which an anchor agrees (0: none does), and at the latest
    at `sequence`, the record is not what it was at `at`; `volumes` say so."""

    against: Against
    after: int
    sequence: int
    at: datetime
    volumes: list[str]


def note(hub: str, head: tuple[int, str], at: datetime, sign: Sign) -> NoteLine:
    """The line that tells a head."""
    value = {"hub": hub, "sequence": head[0], "hash": head[1], "at": at.isoformat()}
    return NoteLine(KIND, {**value, "jws": sign(value)}, at.timestamp())


def read(
    lines: Iterable[tuple[str, NoteLine]], hub: str, trusted: Mapping[str, Jwk]
) -> list[Anchor]:
    """The anchors of this hub in the lines of volumes, each once, by sequence and time."""
    found: dict[str, Anchor] = {}
    for volume, line in lines:
        data = line.data
        if line.kind != KIND or data.get("hub") != hub:
            continue
        key = f"{data.get('jws')} {data.get('sequence')} {data.get('hash')} {data.get('at')}"
        if key not in found:
            found[key] = _anchor(data, line.at, trusted)
        found[key].volumes.add(volume)
    return sorted(found.values(), key=lambda each: (each.sequence, each.at))


def _anchor(data: Mapping[str, Any], written: float, trusted: Mapping[str, Jwk]) -> Anchor:
    value = {name: data.get(name) for name in ("hub", "sequence", "hash", "at")}
    try:
        check(str(data.get("jws")), value, trusted)
        at = datetime.fromisoformat(str(data["at"]))
        return Anchor(int(data["sequence"]), str(data["hash"]), at, signed=True)
    except (BadSignature, KeyError, ValueError, TypeError):
        sequence = data.get("sequence")
        at = datetime.fromtimestamp(written, UTC)
        number = sequence if isinstance(sequence, int) else 0
        return Anchor(number, str(data.get("hash")), at, signed=False)


def compare(
    anchors: Iterable[Anchor], seals: Mapping[int, str], head: int, aside: datetime | None
) -> tuple[Disagreement | None, int]:
    """The first disagreement of a record that ends at `head` with its anchors (by sequence), and
    how many disagreeing ones were set aside because they are not younger than `aside`."""
    after, passed, first = 0, 0, None
    for each in anchors:
        against = _against(each, seals, head)
        if against is None:
            after = each.sequence if first is None else after
        elif aside is not None and each.at <= aside:
            passed += 1
        elif first is None:
            place = (against, after, each.sequence, each.at, sorted(each.volumes))
            first = Disagreement(*place)
    return first, passed


def _against(anchor: Anchor, seals: Mapping[int, str], head: int) -> Against | None:
    if not anchor.signed:
        return Against.FORGED
    if anchor.sequence > head:
        return Against.CUT
    return None if seals.get(anchor.sequence) == anchor.hash else Against.REWRITTEN
