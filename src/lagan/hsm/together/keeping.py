"""Content comes to a target: copied, named, read back and compared, with that of others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from lagan.hsm.errors import Changed, WrongContent
from lagan.hsm.naming import elsewhere, object_name, suffixed
from lagan.hsm.target import Target, Tick, copy_into, digest_of_file, quiet, upload_prefix
from lagan.hsm.together.asking import Known, Look, Prove, Question
from lagan.hsm.together.group import Move, alone, attempt
from lagan.kit.errors import Conflict, LaganError
from lagan.kit.ids import new_id
from lagan.store.volume import Incoming


@dataclass(frozen=True, slots=True)
class Kept:
    """Content that a target is known to hold. `sent` are the bytes that had to be brought there;
    `known` is what it knew of the path before."""

    object: str
    sha256: str
    sent: int
    known: Known


def keep(
    target: Target,
    descriptor: int,
    size: int,
    relative: str,
    *,
    replaces: str | None = None,
    unchanged: Callable[[], bool] = lambda: True,
    tick: Tick = quiet,
) -> Kept:
    """As `keeping`, of one file."""
    return alone(
        keeping(
            target, descriptor, size, relative, replaces=replaces, unchanged=unchanged, tick=tick
        )
    )


def keeping(
    target: Target,
    descriptor: int,
    size: int,
    relative: str,
    *,
    replaces: str | None = None,
    unchanged: Callable[[], bool] = lambda: True,
    tick: Tick = quiet,
) -> Move[Kept]:
    """Have the `size` bytes of an open file, which lies at `relative` beneath its root, as an
    object; end when they were read back and compared.

    An object of this path with the same content is used. One with other content is left, and the
    new one gets a suffix; but the object called `replaces` makes room. Changed when `unchanged`
    says no after the copy or at the end, Busy while another worker brings the same path,
    WrongContent when what is read back differs. On any error nothing new is left.
    """
    known: Known = yield Look(target, relative)
    same = yield from _same(target, descriptor, size, relative, known, tick)
    if same is not None:
        return same
    yield Clear(target, relative)
    # Each has a key of its own: a bucket knows a repeated request by it.
    incoming = target.volume.receive(f"{upload_prefix(relative)}-{new_id().hex}")
    publish = Publish(target, incoming, relative, replaces, taken=known.size is not None)
    try:
        copy_into(incoming, descriptor, size, tick)
        if incoming.size != size or not unchanged():
            raise Changed("The file was written while it was copied.")
        digest = incoming.digests().sha256 or ""
        name: str = yield publish
        if not (yield Prove(target, name, size, digest, tick)):
            raise WrongContent(f"The target {target.name} kept other bytes than it was given.")
        if not unchanged():
            raise Changed("The file was written while it was copied.")
    except BaseException:
        with suppress(LaganError):
            incoming.discard()
        with suppress(LaganError):
            publish.take_back()
        raise
    return Kept(name, digest, size, known)


def _same(
    target: Target, descriptor: int, size: int, relative: str, known: Known, tick: Tick
) -> Move[Kept | None]:
    """An object of this path that has the content of the file already."""
    names = [object_name(relative)] if known.size == size else []
    if known.record is not None and known.record.size == size:
        names.insert(0, known.record.object)
    if not names:
        return None
    mine = digest_of_file(descriptor, size, tick)
    for name in dict.fromkeys(names):
        if (yield Prove(target, name, size, mine, tick)):
            return Kept(name, mine, 0, known)
    return None


@dataclass(frozen=True, slots=True)
class Clear(Question):
    """Until nothing is left of an upload of this path that a killed worker had begun; Busy while
    another one is at it."""

    target: Target
    relative: str
    rank = 20

    @classmethod
    def ask(cls, target: Target, needs: Sequence[Self]) -> Sequence[object]:
        """Look once at what was left."""
        left: dict[str, list[str]] = {}
        for each in list(target.volume.pending()):
            left.setdefault(each.name.rpartition("-")[0], []).append(each.name)
        return [attempt(lambda need: need._clear(left), need) for need in needs]

    def _clear(self, left: dict[str, list[str]]) -> None:
        for key in left.get(upload_prefix(self.relative), ()):
            self.target.drop(key)


@dataclass(slots=True)
class Publish(Question):
    """The name that an upload was given: its path's own when that is not `taken`, else with a
    suffix; `replaces` goes. What was `named` is known here even when nobody hears the answer."""

    target: Target
    incoming: Incoming
    relative: str
    replaces: str | None
    taken: bool
    named: str | None = field(default=None, init=False)
    rank = 25

    @classmethod
    def ask(cls, target: Target, needs: Sequence[Self]) -> Sequence[object]:
        """All at once; when that is refused one by one, so that each has its own reason."""
        if len(needs) == 1 or not cls._all_at_once(target, needs):
            return [attempt(cls._publish, need) for need in needs]
        return [attempt(cls._end, need) for need in needs]

    def take_back(self) -> None:
        """Remove what was named."""
        if self.named is not None:
            self.target.volume.delete(self.named)

    @classmethod
    def _all_at_once(cls, target: Target, needs: Sequence[Self]) -> bool:
        pairs = [(need, need._names()[0]) for need in needs]
        try:
            for need, name in pairs:
                need._make_room(name)
            target.volume.publish([(need.incoming, name) for need, name in pairs])
        except (LaganError, OSError):
            return False
        for need, name in pairs:
            need.named = name
        return True

    def _publish(self) -> str:
        for name in self._names():
            self._make_room(name)
            try:
                self.target.volume.publish([(self.incoming, name)])
            except Conflict:
                continue
            self.named = name
            return self._end()
        raise Conflict(f"The target {self.target.name} has no name left for {self.relative!a}.")

    def _end(self) -> str:
        """What was replaced goes, if it has not made room."""
        if self.named is None:
            raise Conflict(f"{self.relative!a} was given no name.")
        if self.replaces is not None and self.replaces != self.named:
            self.target.volume.delete(self.replaces)
        return self.named

    def _names(self) -> list[str]:
        """Those that may be tried, in order."""
        name = object_name(self.relative)
        others = [suffixed(name, new_id()), elsewhere(self.relative, new_id())]
        return others if self.taken and self.replaces != name else [name, *others]

    def _make_room(self, name: str) -> None:
        if self.replaces == name:  # its content is in the file that was read just now
            self.target.volume.delete(name)
