"""The record as JSON lines that prove themselves anywhere; no Django, no database.

An export is one part after another. A part is a line that says what was asked, a line for each
event with its seal, and an end: how many, the SHA-256 of all lines before it, where the record's
head was, a signature over all of that. `next` of the end is what the following part begins after:
an export that was broken off goes on behind its last whole part.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lagan.hub.audit.rules import BEGINNING, Break, EventRow, Harm, Sealed, canonical, digest
from lagan.hub.evidence.jws import BadSignature, Jwk, Sign, check
from lagan.kit.errors import BadInput

FORMAT = 1


@dataclass(frozen=True, slots=True)
class About:
    """What a part is of: the hub, what was asked, whether that is the whole record (then no event
    may be missing), who asked and when, the sequence that it begins after."""

    hub: str
    asked: Mapping[str, Any]
    whole: bool
    by: str
    at: datetime
    after: int

    def as_json(self) -> dict[str, Any]:
        """The first line of a part."""
        told: dict[str, Any] = {"lagan": "record", "format": FORMAT, "hub": self.hub}
        told |= {"asked": dict(self.asked), "whole": self.whole, "by": self.by}
        return told | {"at": self.at.isoformat(), "after": self.after}


@dataclass(slots=True)
class Verdict:
    """What an export is worth: its events and parts, the head that it knew, who signed, and the
    first thing that is wrong (`reason` says it in a sentence)."""

    events: int = 0
    parts: int = 0
    last: int = 0
    head: tuple[int, str] = (0, BEGINNING)
    keys: set[str] = field(default_factory=set)
    broken: Break | None = None
    reason: str = ""


def part(
    about: About, events: Iterable[Sealed], head: tuple[int, str], size: int, sign: Sign
) -> Iterator[bytes]:
    """The lines of one part of at most `size` of the events, made one by one."""
    running = hashlib.sha256()
    count, last, more = 0, about.after, False
    yield _line(about.as_json(), running)
    for each in events:
        if count == size:
            more = True
            break
        count, last = count + 1, each.row.sequence
        yield _line({"n": count, **entry(each)}, running)
    end = {"end": count, "next": last, "more": more, "sha256": running.hexdigest()}
    end |= {"head": head[0], "hash": head[1]}
    yield canonical(end | {"jws": sign(end)}).encode() + b"\n"


def entry(sealed: Sealed) -> dict[str, Any]:
    """One event with all that its seal is made of."""
    row = sealed.row
    names = ("sequence", "id", "kind", "actor", "actor_entity", "subject", "data", "result")
    told = {name: getattr(row, name) for name in names}
    return {"at": row.at.isoformat(), **told, "previous": sealed.previous, "hash": sealed.hash}


def judge(lines: Iterable[bytes], trusted: Mapping[str, Jwk] | None = None) -> Verdict:
    """Read an export and stop at the first thing that is wrong; memory does not grow with it.
    BadInput when it is no export at all."""
    return _Judge(trusted).judge(lines)


class _Wrong(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, harm: Harm, sequence: int, reason: str, event: int | None = None) -> None:
        self.broken, self.reason = Break(harm, sequence, event), reason


class _Judge:
    def __init__(self, trusted: Mapping[str, Jwk] | None) -> None:
        self.verdict = Verdict()
        self._trusted = trusted
        self._about: dict[str, Any] | None = None
        self._open = False
        self._count, self._running, self._hash = 0, hashlib.sha256(), ""

    def judge(self, lines: Iterable[bytes]) -> Verdict:
        try:
            for number, line in enumerate(lines, 1):
                self._look(number, line)
            if self._open or not self.verdict.parts:
                raise _Wrong(Harm.REMOVED, self.verdict.last + 1, "its end is missing")
        except _Wrong as wrong:
            self.verdict.broken, self.verdict.reason = wrong.broken, wrong.reason
        return self.verdict

    def _look(self, number: int, line: bytes) -> None:
        value = _parsed(line)
        if value.get("lagan") == "record" and not self._open:
            self._begin(value)
        elif number == 1:
            raise BadInput("This is no export of a record.")
        elif self._open and "end" in value:
            self._finish(value)
            return
        elif self._open and "sequence" in value:
            self._take(value)
        else:
            reason = f"line {number} is none of an export"
            raise _Wrong(Harm.ALTERED, self.verdict.last + 1, reason)
        self._running.update(line)

    def _begin(self, value: dict[str, Any]) -> None:
        if value.get("format") != FORMAT:
            raise BadInput(f"This export has the format {value.get('format')}; 1 is known here.")
        if self._about is not None:
            same = all(value.get(name) == self._about.get(name) for name in ("hub", "asked"))
            if not same or value.get("after") != self.verdict.last:
                reason = "a part that does not go on where the one before it ended"
                raise _Wrong(Harm.REMOVED, self.verdict.last + 1, reason)
        elif value.get("after") == 0:
            self._hash = BEGINNING
        self._about, self._open = value, True
        self._count, self._running = 0, hashlib.sha256()
        self.verdict.last = int(value.get("after", 0))

    def _take(self, value: dict[str, Any]) -> None:
        before, self._count = self.verdict.last, self._count + 1
        row = _row(value, before)
        sequence, id = row.sequence, row.id
        previous, seal = str(value.get("previous")), str(value.get("hash"))
        whole = bool(self._about and self._about.get("whole"))
        if value.get("n") != self._count or (whole and sequence > before + 1):
            raise _Wrong(Harm.REMOVED, before + 1, "an event is missing")
        if sequence <= before:
            raise _Wrong(Harm.INSERTED, sequence, "an event stands where it does not belong", id)
        if digest(previous, row) != seal:
            raise _Wrong(Harm.ALTERED, sequence, "its seal does not fit", id)
        if sequence == before + 1 and self._hash and previous != self._hash:
            raise _Wrong(Harm.INSERTED, sequence, "it does not follow on the one before it", id)
        self._hash, self.verdict.last = seal, sequence
        self.verdict.events += 1

    def _finish(self, value: dict[str, Any]) -> None:
        verdict = self.verdict
        signed = {name: each for name, each in value.items() if name != "jws"}
        try:
            verdict.keys.add(check(str(value.get("jws")), signed, self._trusted))
        except BadSignature as error:
            raise _Wrong(Harm.ALTERED, verdict.last, f"its end: {error.sentence}") from None
        if value.get("end") != self._count or value.get("next") != verdict.last:
            raise _Wrong(Harm.REMOVED, verdict.last + 1, "events are missing before the end")
        if value.get("sha256") != self._running.hexdigest():
            raise _Wrong(Harm.ALTERED, verdict.last, "its lines are not those that were signed")
        verdict.head = (int(value.get("head", 0)), str(value.get("hash")))
        if self._count and verdict.last == verdict.head[0] and self._hash != verdict.head[1]:
            raise _Wrong(Harm.ALTERED, verdict.last, "it does not end at the head of the record")
        verdict.parts, self._open = verdict.parts + 1, False


def _line(value: Any, running: Any) -> bytes:
    line = canonical(value).encode() + b"\n"
    running.update(line)
    return line


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _row(value: Mapping[str, Any], before: int) -> EventRow:
    try:
        return EventRow(
            sequence=int(value["sequence"]),
            id=value["id"],
            at=datetime.fromisoformat(value["at"]),
            kind=value["kind"],
            actor=value["actor"],
            actor_entity=value["actor_entity"],
            subject=value["subject"],
            data=value["data"],
            result=value["result"],
        )
    except (KeyError, ValueError, TypeError):
        raise _Wrong(Harm.ALTERED, before + 1, "it is no event") from None
