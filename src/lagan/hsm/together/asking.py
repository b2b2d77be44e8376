"""Questions to a target, many at once: what it knows of paths, what its objects hold."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self, TypeVar

from lagan.hsm.naming import object_name
from lagan.hsm.record import Record
from lagan.hsm.target import Proves, Target, Tick
from lagan.hsm.together.group import Need, by_hands, one_by_one
from lagan.kit.errors import LaganError
from lagan.store.volume import Volume

SMALL = 1 << 20
"""Bytes of a file that is moved with others; its content is fetched as a whole, before anybody is
kept out of it."""

N = TypeVar("N")


class Question(Need):
    """A need that a target meets."""

    target: Target

    @classmethod
    def meet(cls, needs: Sequence[Self]) -> Sequence[object]:
        """Ask each target once for all that concerns it."""
        places: dict[int, list[int]] = {}
        for at, need in enumerate(needs):
            places.setdefault(id(need.target), []).append(at)
        answers: list[object] = [None] * len(needs)
        for some in places.values():
            asked = [needs[at] for at in some]
            for at, answer in zip(some, cls._asked(asked), strict=True):
                answers[at] = answer
        return answers

    @classmethod
    def _asked(cls, needs: Sequence[Self]) -> Sequence[object]:
        try:
            return cls.ask(needs[0].target, needs)
        except (LaganError, OSError) as error:
            return [error] * len(needs)

    @classmethod
    @abstractmethod
    def ask(cls, target: Target, needs: Sequence[Self]) -> Sequence[object]:
        """An answer for each of `needs`, which all concern `target`."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a target has of a path: its `record`, and the `size` of the object that has the path's
    own name; None for what is not there, or cannot be read."""

    record: Record | None
    size: int | None


@dataclass(frozen=True, slots=True)
class Look(Question):
    """What the target knows of the file at `relative`: answered by `Known`."""

    target: Target
    relative: str
    rank = 10

    @classmethod
    def ask(cls, target: Target, needs: Sequence[Self]) -> Sequence[object]:
        """Look for each."""
        return spread(target.volume, lambda need: _known(target, need.relative), needs)


@dataclass(frozen=True, slots=True)
class Size(Question):
    """Bytes of an object; None when it is not there."""

    target: Target
    name: str
    rank = 10

    @classmethod
    def ask(cls, target: Target, needs: Sequence[Self]) -> Sequence[object]:
        """Look for each."""
        return spread(target.volume, lambda need: target.size(need.name), needs)


@dataclass(frozen=True, slots=True)
class Prove(Question):
    """Whether the target's object, as it is read now, is what it must be: answered by a bool.

    On a filesystem of this machine what the page cache holds of the object is let go of before, so
    that the bytes come from the disk; see docs/internals/hsm.md.
    """

    target: Target
    name: str
    size: int
    sha256: str
    tick: Tick
    rank = 30

    @classmethod
    def ask(cls, target: Target, needs: Sequence[Self]) -> Sequence[object]:
        """Read all of them, or have the volume tell what it read."""
        if isinstance(target.volume, Proves):
            found = target.volume.prove([need.name for need in needs])
            return [found.get(need.name) == need.sha256 for need in needs]
        for need in needs:
            uncache(target.volume, need.name)
        return spread(target.volume, lambda need: need.holds(), needs)

    def holds(self) -> bool:
        """Read this one."""
        return self.target.holds(self.name, self.size, self.sha256, self.tick)


@dataclass(frozen=True, slots=True)
class Fetch(Question):
    """The content of a small object: answered by its bytes. MissingAtTarget when it is not there
    or has not `size` bytes."""

    target: Target
    name: str
    size: int
    rank = 30

    @classmethod
    def ask(cls, target: Target, needs: Sequence[Self]) -> Sequence[object]:
        """Read all of them."""
        return spread(target.volume, lambda need: need.content(), needs)

    def content(self) -> bytes:
        """Read this one."""
        pieces = list(self.target.read(self.name))
        content = bytes(pieces[0]) if len(pieces) == 1 else b"".join(map(bytes, pieces))
        if len(content) != self.size:
            raise self.target.missing(self.name)
        return content


def spread(volume: Volume, act: Callable[[N], object], needs: Sequence[N]) -> Sequence[object]:
    """The answers of `act`: side by side where they come over a network."""
    return (one_by_one if is_near(volume) else by_hands)(act, needs)


def is_near(volume: Volume) -> bool:
    """Whether the kernel of this machine can open its objects."""
    return volume.local_path("x") is not None


def uncache(volume: Volume, name: str) -> None:
    """Let go of what the page cache has of an object that was flushed, and have the disk begin to
    read it; nothing happens where there is no file."""
    path = volume.local_path(name)
    if path is None:
        return
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.posix_fadvise(descriptor, 0, SMALL, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(descriptor)


def _known(target: Target, relative: str) -> Known:
    return Known(target.known(relative), target.size(object_name(relative)))
