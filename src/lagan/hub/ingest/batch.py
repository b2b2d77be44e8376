"""Thousands of small files in one request: a tar stream goes into packs, large members into files
of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.base.actors import Actor
from lagan.hub.base.problems import refusal
from lagan.hub.datasets import services as datasets
from lagan.hub.datasets.services import Arrival, Attached
from lagan.hub.ingest.errors import BadArchive
from lagan.hub.ingest.intake import Arrived, submit
from lagan.hub.ingest.packer import SMALL, Packer, Ticket, wait_for
from lagan.hub.ingest.tarfeed import Header, TarFeed
from lagan.kit.digests import Digester, Digests
from lagan.kit.errors import BadInput, DigestMismatch, LaganError, TooLarge
from lagan.kit.ids import new_id
from lagan.kit.paths import check_relative
from lagan.store.volume import Incoming, Volume

MEMBERS = 50_000
"""Members that one batch may have: each costs about 1 kB until it is answered."""


@dataclass(slots=True)
class Member:
    """One member of the batch and what becomes of it."""

    path: str
    digests: Digests | None = None
    id: UUID | None = None
    error: LaganError | None = None
    ticket: Ticket | None = None


@dataclass(slots=True)
class _Large:
    incoming: Incoming
    member: Member
    header: Header
    dataset: int
    path: str


class Batch:
    """Takes the body in pieces (each call blocks; one thread at a time), then `finish` and
    `lines`."""

    def __init__(self, *, by: Actor, announced: int) -> None:
        """`announced` is the length of the body in bytes, so that a volume with room is chosen; 0
        if unknown."""
        chosen = archive.choose_volume(size=announced)
        self._by = by
        self._volume: UUID = chosen.pk
        self._store: Volume = archive.open_store(chosen.pk)
        self._feed = TarFeed(SMALL)
        self._members: list[Member] = []
        self._refused: dict[int, LaganError | None] = {}
        self._packer = Packer(by=by, volume=self._volume, store=self._store)
        self._large: _Large | None = None
        self._now: tuple[Member, Header, int, str] | None = None

    def take(self, pieces: Sequence[bytes]) -> None:
        """The next pieces of the body."""
        for event in self._feed.feed(pieces):
            if isinstance(event, Header):
                self._begin(event)
            elif event is None:
                self._end()
            else:
                self._content(event)

    def finish(self) -> None:
        """The body is complete: hand over what is left. Wait with `wait`."""
        self._feed.end()
        self._packer.close()

    def wait(self) -> None:
        """Return when every member has its outcome, on stable storage."""
        wait_for(each.ticket for each in self._members if each.ticket)

    def discard(self) -> None:
        """The body broke off: leave nothing of what was not handed over."""
        self._packer.discard()
        if self._large:
            self._large.incoming.discard()

    def lines(self) -> Iterator[bytes]:
        """One JSON line for each member, in order."""
        return (
            json.dumps(_answer(each), separators=(",", ":")).encode() + b"\n"
            for each in self._members
        )

    def _begin(self, header: Header) -> None:
        if header.is_folder:
            self._now = None
            return
        if len(self._members) >= MEMBERS:
            raise TooLarge(f"A batch has at most {MEMBERS} members.", limit=MEMBERS)
        member = Member(header.name)
        self._members.append(member)
        self._now = None
        try:
            dataset, path = self._target(header)
        except LaganError as error:
            member.error = error
            return
        self._now = member, header, dataset, path
        if header.size >= SMALL:
            self._begin_large(member, header, dataset, path)
        elif header.size == 0:
            self._small(b"")

    def _target(self, header: Header) -> tuple[int, str]:
        if not header.is_file:
            raise BadInput(
                f"{_shown(header.name)} is not a regular file.", path=_shown(header.name)
            )
        number, _, rest = header.name.removeprefix("./").partition("/")
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            raise BadInput(f"A member is called <dataset id>/<path>, not {_shown(header.name)!r}.")
        path = check_relative(rest)
        self._require(int(number))
        if header.size >= SMALL:  # small ones cost less than the question; attaching asks it
            datasets.check_room(dataset=int(number), path=path, size=header.size)
        return int(number), path

    def _require(self, dataset: int) -> None:
        if dataset not in self._refused:
            try:
                datasets.require_open(by=self._by, dataset=dataset)
                self._refused[dataset] = None
            except LaganError as error:
                self._refused[dataset] = error
        if refused := self._refused[dataset]:
            raise refused

    def _content(self, data: bytes) -> None:
        if self._large:
            self._large.incoming.write([data])
        elif self._now:
            self._small(data)

    def _small(self, data: bytes) -> None:
        assert self._now  # noqa: S101
        member, header, dataset, path = self._now
        self._now = None
        digester = Digester()
        digester.update(data)
        digests = digester.result()
        if member.error is None:
            member.error = _mismatch(header, digests)
        if member.error is None:
            self._into_pack(member, header, dataset, path, data, digests)

    def _into_pack(
        self, member: Member, header: Header, dataset: int, path: str, data: bytes, digests: Digests
    ) -> None:
        member.id, member.digests = new_id(), digests
        arrival = Arrival(dataset, path, member.id, digests, header.mtime_ns)
        member.ticket = self._packer.add(arrival, data)

    def _begin_large(self, member: Member, header: Header, dataset: int, path: str) -> None:
        member.id = new_id()
        self._large = _Large(self._store.receive(member.id.hex), member, header, dataset, path)

    def _end(self) -> None:
        large, self._large, self._now = self._large, None, None
        if large is None:
            return
        digests = large.incoming.digests()
        if error := _mismatch(large.header, digests):
            large.incoming.discard()
            large.member.error = error
            return
        member, id = large.member, large.member.id
        assert id  # noqa: S101
        member.digests = digests
        name = archive.object_name(id=id, name=large.path.rpartition("/")[2], at=timezone.now())
        arrival = Arrival(large.dataset, large.path, id, digests, large.header.mtime_ns)
        files = [Arrived(arrival, 0, digests.size)]
        future = submit(
            volume=self._volume, incoming=large.incoming, object=name, by=self._by, files=files
        )
        member.ticket = Ticket(0, future)


def _mismatch(header: Header, digests: Digests) -> LaganError | None:
    told = header.pax.get("LAGAN.sha256")
    if told is None or told.lower() == digests.sha256:
        return None
    return DigestMismatch("The bytes do not have the SHA-256 that came with them.", announced=told)


def _answer(member: Member) -> dict[str, Any]:
    base: dict[str, Any] = {"path": _shown(member.path)}
    error = member.error
    if error is None and member.ticket is not None:
        try:
            outcome = member.ticket.outcome()
        except Exception as failure:
            if (error := refusal(failure)) is None:
                raise
        else:
            if isinstance(outcome, LaganError):
                error = outcome
            else:
                return base | _stored(member, outcome)
    error = error or BadArchive("The member has no content.")
    return base | {
        "status": "refused",
        "error": {"type": f"/problems/{error.code}", "detail": error.sentence},
    }


def _stored(member: Member, outcome: Attached) -> dict[str, Any]:
    assert member.digests  # noqa: S101
    status = "present" if outcome.place.kind == "present" else "stored"
    return {
        "status": status, "file": outcome.stored.hex, "version": outcome.place.version,
        "sha256": member.digests.sha256, "size": member.digests.size,
    }  # fmt: skip


def _shown(name: str) -> str:
    """A name as JSON can carry it: bytes that are not UTF-8 appear as \\xNN."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
