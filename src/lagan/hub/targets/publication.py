"""One request that publishes: what it announces, the small objects that come with it, packed as
they arrive, and the large ones that came before it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.base.packed import unpack
from lagan.hub.targets import receiving
from lagan.hub.targets.landing import Landing, Member, land, names_taken, published
from lagan.hub.targets.models import Participant, TargetUpload
from lagan.kit.digests import Digester, Digests
from lagan.kit.errors import BadInput, Conflict, DigestMismatch, TooLarge
from lagan.kit.ids import new_id
from lagan.store.layout import check_key, check_object
from lagan.store.packs import PackWriter
from lagan.store.volume import Incoming
from lagan.worker.archive_wire import HEAD, LARGEST, MOST_OBJECTS, SMALL, Announced
from lagan.worker.wire import MOST_BYTES, Fields

_LARGEST_HEAD = 16 << 20  # bytes of what is announced


class Publication:
    """Takes the body in pieces, then `land`s all of it or nothing. All calls block; one thread at a
    time."""

    def __init__(self, owner: Participant) -> None:
        self._owner = owner
        self._rest = bytearray()
        self._items: list[Announced] | None = None
        self._small: Iterator[Announced] = iter(())
        self._now: Announced | None = None
        self._count = 0
        self._staging: _Staging | None = None
        self._done = False

    def take(self, pieces: Sequence[bytes]) -> None:
        """The next bytes of the body."""
        for piece in pieces:
            self._rest += piece
        if self._items is None and not self._read_head():
            return
        if self._done:
            self._rest.clear()  # it was done before, and its answer lost
            return
        self._read_small()

    def land(self) -> None:
        """The body is complete: all objects get their names. Conflict when a name is taken,
        DigestMismatch when bytes are not the announced ones; then there is nothing of any."""
        if self._items is None or self._now is not None or self._rest:
            self.discard()
            raise BadInput("The body is shorter or longer than it says.")
        large = [each for each in self._items if each.writer is not None]
        if self._done:
            for each in large:
                _forget(self._owner, each)
            return
        arrived: list[tuple[TargetUpload, Landing]] = []
        try:
            for each in large:
                row = receiving.mine(self._owner, each.key, each.writer or "")
                arrived.append((row, _arrived(row, each)))
            landings = [landing for _, landing in arrived]
            if self._staging is not None:
                landings.append(self._staging.landing())
            land(self._owner, landings, [row for row, _ in arrived])
        except BaseException:
            self.discard()
            for row, landing in arrived:
                receiving.close(row, landing.incoming)
            raise
        self._staging = None

    def discard(self) -> None:
        """Leave nothing of what came with this request."""
        if self._staging is not None:
            self._staging.incoming.discard()
            self._staging = None

    def _read_head(self) -> bool:
        if len(self._rest) < HEAD:
            return False
        length = int.from_bytes(self._rest[:HEAD], "big")
        if length > _LARGEST_HEAD:
            raise TooLarge(f"More than {_LARGEST_HEAD} bytes are announced.", limit=_LARGEST_HEAD)
        if len(self._rest) < HEAD + length:
            return False
        head = bytes(self._rest[HEAD : HEAD + length])
        del self._rest[: HEAD + length]
        self._items = _announced(head)
        self._done = _is_done(self._owner, self._items)
        if not self._done:
            names_taken(self._owner, [each.name for each in self._items])
            self._prepare([each for each in self._items if each.writer is None])
        return True

    def _prepare(self, small: Sequence[Announced]) -> None:
        total = sum(each.size for each in small)
        if total > LARGEST:
            raise TooLarge(f"More than {LARGEST} bytes in one request.", limit=LARGEST)
        if small:
            self._staging = _Staging(total, packed=len(small) > 1)
        self._small = iter(small)
        self._now = next(self._small, None)

    def _read_small(self) -> None:
        view, at = memoryview(self._rest), 0
        try:
            while self._now is not None and len(view) - at >= self._now.size:
                end = at + self._now.size
                assert self._staging is not None  # noqa: S101
                self._staging.add(self._now, bytes(view[at:end]))
                at, self._now = end, next(self._small, None)
        finally:
            view.release()
            del self._rest[:at]
        if self._now is None and self._rest:
            raise BadInput("The body is longer than it says.")


class _Staging:
    """The small objects of a request on a volume: one as a file of its own, several in a pack."""

    def __init__(self, size: int, *, packed: bool) -> None:
        self._volume: UUID = archive.choose_volume(size=size).pk
        self._id, self._packed = new_id(), packed
        store = archive.open_store(self._volume)
        algorithms = frozenset[str]() if packed else frozenset({"sha256"})
        self.incoming: Incoming = store.receive(self._id.hex, algorithms=algorithms)
        self._writer = PackWriter(self.incoming)
        self._members: list[Member] = []

    def add(self, item: Announced, data: bytes) -> None:
        digester = Digester()
        digester.update(data)
        digests = digester.result()
        _compare(item, digests)
        offset, id = 0, new_id()
        if self._packed:
            name = f"{len(self._members)}-{id}"
            offset, _ = self._writer.add(name, data, digests, timezone.now().timestamp())
        else:
            self.incoming.write([data])
        self._members.append(Member(id, item.name, item.key, offset, digests))

    def landing(self) -> Landing:
        now = timezone.now()
        if self._packed:
            self._writer.finish()
            object = archive.object_name(id=self._id, name=None, at=now)
        else:
            [only] = self._members
            object = archive.object_name(id=only.id, name=only.name, at=now)
        return Landing(self._volume, self.incoming, object, self._members)


def _arrived(row: TargetUpload, item: Announced) -> Landing:
    incoming = receiving.opened(row, finished=True)
    try:
        incoming.checkpoint()  # before the transaction, which would wait for the disk
        digests = incoming.digests()
        _compare(item, digests)
    except BaseException:
        receiving.close(row, incoming)
        raise
    member = Member(new_id(), item.name, item.key, 0, digests)
    object = archive.object_name(id=member.id, name=item.name, at=timezone.now())
    return Landing(row.volume, incoming, object, [member])


def _compare(item: Announced, digests: Digests) -> None:
    if (digests.size, digests.sha256) != (item.size, item.sha256):
        raise DigestMismatch(f"The bytes of {item.name} are not the announced ones.")


def _is_done(owner: Participant, items: Sequence[Announced]) -> bool:
    """Whether these very objects were published before: the answer was lost on its way."""
    known = published(owner, [each.name for each in items])
    return bool(items) and all(known.get(each.name) == (each.key, each.sha256) for each in items)


def _forget(owner: Participant, item: Announced) -> None:
    for row in TargetUpload.objects.filter(owner=owner, key=item.key):
        receiving.discard(row)


def _announced(head: bytes) -> list[Announced]:
    try:
        given = json.loads(unpack(head))
    except ValueError:
        raise BadInput("What is announced is no JSON.") from None
    if not isinstance(given, list) or len(given) > MOST_OBJECTS:
        raise BadInput(f"A list of at most {MOST_OBJECTS} objects is expected.")
    items = [_item(Fields(each)) for each in given]
    names = [each.name for each in items]
    if len(set(names)) != len(names):
        raise Conflict("Two of these would have the same name.")
    return items


def _item(given: Fields) -> Announced:
    raw: Any = given.whole().get("writer")
    item = Announced(
        name=check_object(given.text("name", 4096)),
        key=check_key(given.text("key")),
        size=given.number("size", MOST_BYTES),
        sha256=given.text("sha256", 64),
        writer=None if raw is None else given.text("writer"),
    )
    if item.writer is None and item.size > SMALL:
        raise TooLarge(f"{item.name} is too large to come with others.", limit=SMALL)
    return item
