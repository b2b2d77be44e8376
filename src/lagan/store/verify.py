"""Whether stored bytes are still the bytes that were acknowledged, found out without disturbing the
page cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import crc32c as _crc32c

from lagan.kit.digests import BLAKE3, SHA256, Buffer, Digester, Digests
from lagan.kit.errors import LaganError, NotFound
from lagan.store.quiet import read_quietly
from lagan.store.rate import Throttle
from lagan.store.volume import Volume

Depth = Literal["crc", "full"]
State = Literal["good", "missing", "damaged", "unreachable"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at some bytes found.

    `differs` names what does not agree when the state is damaged: size, crc32c, crc32, sha256,
    blake3. `read` is the number of bytes that were read; `reason` a sentence unless the state is
    good.
    """

    state: State
    differs: tuple[str, ...] = ()
    read: int = 0
    reason: str = ""

    @property
    def good(self) -> bool:
        """Whether all bytes are there and right."""
        return self.state == "good"


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of an object and what their digests must be."""

    offset: int
    length: int
    expected: Digests


def verify(
    volume: Volume,
    object: str,  # noqa: A002 - the word for it
    offset: int,
    length: int,
    expected: Digests,
    *,
    depth: Depth = "crc",
    rate: Throttle | None = None,
) -> Finding:
    """Read `length` bytes from `offset` and compare: CRC-32C and size, or with `full` every digest
    known.

    Never raises for what it finds: an object that is gone is missing, one that cannot be read
    unreachable.
    """
    part = Part(offset, length, expected)
    return next(iter(verify_parts(volume, object, [part], depth=depth, rate=rate)))[1]


def verify_parts(
    volume: Volume,
    object: str,  # noqa: A002
    parts: Iterable[Part],
    *,
    depth: Depth = "crc",
    rate: Throttle | None = None,
) -> Iterator[tuple[Part, Finding]]:
    """The findings of many parts of one object (the members of a pack), in the order of their
    offsets.

    Parts that lie one after the other are read in one sequential pass; gaps above a block are not
    read.
    """
    for run in _runs(sorted(parts, key=lambda part: (part.offset, part.length))):
        yield from _verify_run(volume, object, run, depth, rate)


def _runs(parts: Sequence[Part]) -> Iterator[list[Part]]:
    run: list[Part] = []
    for part in parts:
        if run and not _end(run[-1]) <= part.offset <= _end(run[-1]) + _GAP:
            yield run
            run = []
        run.append(part)
    if run:
        yield run


_GAP = 64 << 10
"""Bytes between two parts that are cheaper read than skipped."""


def _end(part: Part) -> int:
    return part.offset + part.length


def _verify_run(
    volume: Volume, name: str, run: Sequence[Part], depth: Depth, rate: Throttle | None
) -> Iterator[tuple[Part, Finding]]:
    start, length = run[0].offset, _end(run[-1]) - run[0].offset
    pieces = _Range(read_quietly(volume, name, start, length), start, rate)
    for index, part in enumerate(run):
        try:
            finding = _verify_part(pieces, part, depth)
        except NotFound as error:
            finding = Finding("missing", reason=error.sentence)
        except LaganError as error:
            finding = Finding("unreachable", read=pieces.taken, reason=error.sentence)
        yield part, finding
        if finding.state == "unreachable" and len(run) > 1:
            yield from _one_by_one(volume, name, run[index + 1 :], depth, rate)
            return
        if finding.state == "missing":
            yield from ((each, finding) for each in run[index + 1 :])
            return


def _one_by_one(
    volume: Volume, name: str, rest: Sequence[Part], depth: Depth, rate: Throttle | None
) -> Iterator[tuple[Part, Finding]]:
    """After a place that cannot be read, what lies behind it may still be good."""
    for part in rest:
        yield from _verify_run(volume, name, [part], depth, rate)


def _verify_part(pieces: _Range, part: Part, depth: Depth) -> Finding:
    taker = _Crc() if depth == "crc" else Digester(_known(part.expected))
    pieces.taken = 0
    for view in pieces.between(part.offset, _end(part)):
        taker.update(view)
    found = taker.result()
    differs = _differences(part.expected, found, depth)
    if differs:
        reason = f"{' and '.join(differs)} of the {found.size} bytes do not agree"
        return Finding("damaged", differs, found.size, reason)
    return Finding("good", read=found.size)


def _known(expected: Digests) -> frozenset[str]:
    pairs = ((SHA256, expected.sha256), (BLAKE3, expected.blake3))
    return frozenset(name for name, value in pairs if value is not None)


def _differences(expected: Digests, found: Digests, depth: Depth) -> tuple[str, ...]:
    names = ("size", "crc32c") if depth == "crc" else ("size", "crc32c", "crc32", SHA256, BLAKE3)
    return tuple(
        name
        for name in names
        if getattr(expected, name) is not None and getattr(expected, name) != getattr(found, name)
    )


class _Crc:
    """As Digester, for the one checksum that a routine check takes."""

    def __init__(self) -> None:
        self._size = 0
        self._crc = 0

    def update(self, data: Buffer) -> None:
        self._crc = _crc32c.crc32c(data, self._crc)
        self._size += len(data)

    def result(self) -> Digests:
        return Digests(self._size, self._crc, 0)


class _Range:
    """Cuts a stream of pieces, which begins at `position`, into the ranges that are asked for in
    order."""

    def __init__(self, pieces: Iterator[Buffer], position: int, rate: Throttle | None) -> None:
        self.taken = 0
        self._pieces = pieces
        self._position = position
        self._piece = memoryview(b"")
        self._rate = rate

    def between(self, start: int, end: int) -> Iterator[memoryview]:
        """The bytes from `start` to `end`, fewer if the stream ends before."""
        while self._position < start and self._take(start - self._position):
            pass
        while self._position < end and (view := self._take(end - self._position)):
            self.taken += view.nbytes
            yield view

    def _take(self, limit: int) -> memoryview | None:
        if not self._piece:
            following = next(self._pieces, None)
            if following is None:
                return None
            self._piece = memoryview(following)
            if self._rate is not None:
                self._rate.take(self._piece.nbytes)
        view, self._piece = self._piece[:limit], self._piece[limit:]
        self._position += view.nbytes
        return view
