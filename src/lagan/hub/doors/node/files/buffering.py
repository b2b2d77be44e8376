"""The back-log buffer: files that ARCHIVE could not archive wait on disk and are archived later.

With BackLogBuffering a file whose disks or catalogue fail is kept, durable and with its digests, in
`<BackLogBufferDirectory>/back-log/`: `<key>.data` holds the bytes, `<key>.json` the request. The
request's file is written last, so that what has one is whole. `retry` is the janitor's. Source:
reference/ngas-http.md section 5.6; the archive server's own format is a pickle of its classes and
is not read.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.archival import events
from lagan.hub.doors.node.archival.order import Order, understand
from lagan.hub.doors.node.archival.storing import (
    DatabaseAway,
    NoStorageSets,
    Stored,
    check_sum,
    choose,
    store,
)
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.files.pulling import Source
from lagan.hub.doors.node.models import Proof, StoredFile
from lagan.hub.doors.node.wire.messages import BUF_DATA
from lagan.hub.doors.node.wire.moments import show_local
from lagan.hub.doors.node.wire.reply import Failed
from lagan.hub.doors.node.wire.requests import Request
from lagan.kit.digests import Buffer, Digester, Digests
from lagan.kit.errors import DigestMismatch, LaganError, NoSpace, Unavailable
from lagan.kit.files import Draft, make_folders, sync_folder, write_atomically
from lagan.kit.ids import new_id
from lagan.store.errors import as_refusals

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)
FOLDER = "back-log"
PIECE = 1 << 20
REASONS = (NoStorageSets, DatabaseAway, NoSpace, Unavailable)
"""Failures that are the node's and not the file's: those that it is worth to try again after."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file in the buffer: what was asked, and what its bytes are."""

    key: str
    command: str
    method: str
    parameters: dict[str, str]
    mime_type: str
    expected: str
    size: int
    sha256: str
    since: str

    def request(self) -> Request:
        """The request, as it came."""
        headers = {"ngas-file-crc": self.expected} if self.expected else {}
        return Request(
            self.method, self.command, self.parameters, headers, self.size, self.mime_type
        )


class Held:
    """Bytes that arrived whole, held open so that they can be kept whatever becomes of their
    name."""

    def __init__(self) -> None:
        self.opened: BinaryIO | None = None
        self.digests: Digests | None = None

    def hold(self, path: Path, digests: Digests) -> None:
        """Hold what lies there."""
        self.opened, self.digests = path.open("rb"), digests

    def close(self) -> None:
        """Let go."""
        if self.opened is not None:
            self.opened.close()

    def pieces(self) -> Iterator[Buffer]:
        """The bytes."""
        assert self.opened is not None  # noqa: S101 - who holds nothing does not ask
        self.opened.seek(0)
        while piece := self.opened.read(PIECE):
            yield piece


def stored_or_buffered(node: ArchiveNode, order: Order, source: Source, *, by: Actor) -> Stored:
    """The file archived; or, with BackLogBuffering, kept for later and refused in the words that
    clients know (NGAMS_WA_BUF_DATA). What broke off in the middle is refused as it is."""
    if not _buffers(node):
        return store(node, order, source, choose(node, order, source.size), by=by)
    with closing(Held()) as held:
        reached = False
        try:
            disk = choose(node, order, source.size)
            reached = True
            return store(node, order, source, disk, by=by, hold=held.hold)
        except REASONS as error:
            if held.opened is None and reached:
                raise
            _keep(node, order, source.pieces if held.opened is None else held.pieces(), held)
            said = BUF_DATA.say(order.uri, error.sentence)
            node.mail.send("error", "BACK-LOG BUFFERING", said)
            raise Failed(said) from None


def retry(node: ArchiveNode, stop: threading.Event | None = None) -> int:
    """Archive what waits, oldest first; how many files were. What fails again goes on waiting; the
    first failure of the node's own ends the round. One round at a time."""
    if not _buffers(node):
        return 0
    with _turn:
        return _round(node, stop)


_turn = threading.Lock()


def _round(node: ArchiveNode, stop: threading.Event | None) -> int:
    done = 0
    for each in waiting(node):
        if stop is not None and stop.is_set():
            break
        try:
            done += _retry_one(node, each)
        except REASONS as error:
            _log.warning("The back-log buffer waits: %s", error.sentence)
            break
    return done


def waiting(node: ArchiveNode) -> list[Waiting]:
    """What is in the buffer, oldest first; what cannot be read is logged and left."""
    found = []
    for path in sorted(folder_of(node).glob("*.json")):
        try:
            found.append(Waiting(**json.loads(path.read_bytes())))
        except (OSError, ValueError, TypeError) as error:
            _log.error("%s cannot be read: %s", path, error)
    return sorted(found, key=lambda each: each.since)


def folder_of(node: ArchiveNode) -> Path:
    """Where the buffer is."""
    directory = node.config.archiving.buffer_directory if node.config.archiving else "."
    return node.root / directory / FOLDER


def _buffers(node: ArchiveNode) -> bool:
    return node.config.archiving is not None and node.config.archiving.buffering


def _retry_one(node: ArchiveNode, each: Waiting) -> bool:
    """Whether the file is archived now."""
    data = folder_of(node) / f"{each.key}.data"
    try:
        order = understand(each.request(), node.config, full=True)
        if (row := _archived_before(order, each)) is None:
            with data.open("rb") as opened:
                source = Source(_proven(opened, each), each.size)
                disk = choose(node, order, each.size)
                row = store(node, order, source, disk, by=node.by).row
    except REASONS:
        raise
    except (LaganError, OSError) as error:
        _log.error("%s stays in the back-log buffer: %s", each.key, error)
        return False
    for path in (data.with_suffix(".json"), data):
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
    events.tell(node, row)
    return True


def _archived_before(order: Order, each: Waiting) -> StoredFile | None:
    """The row of a file that was archived from here by a process that was killed before it could
    take it out of the buffer."""
    since = show_local(datetime.fromisoformat(each.since))
    rows = list(StoredFile.objects.filter(file_id=order.file_id, ingestion_date__gte=since))
    proofs = catalogue.proofs(rows)
    same = [row for row in rows if _sha256(proofs.get(catalogue.key_of(row))) == each.sha256]
    return same[0] if same else None


def _sha256(proof: Proof | None) -> str | None:
    return None if proof is None else proof.sha256


def _proven(opened: BinaryIO, each: Waiting) -> Iterator[Buffer]:
    """The bytes; DigestMismatch at their end when they are not those that were kept."""
    digester = Digester()
    while piece := opened.read(PIECE):
        digester.update(piece)
        yield piece
    if digester.result().sha256 != each.sha256:
        raise DigestMismatch(f"The back-log file {each.key} is damaged.")


def _keep(node: ArchiveNode, order: Order, pieces: Iterator[Buffer], held: Held) -> None:
    """Put bytes and request on stable storage, in that order; nothing of them stays on failure."""
    folder, key = folder_of(node), new_id().hex
    data = folder / f"{key}.data"
    with as_refusals("the back-log buffer"):
        for each in make_folders(folder):
            sync_folder(each)
        draft = Draft.create(data)
    try:
        found = _written(draft, pieces)
        if held.digests is not None and not found.agrees_with(held.digests):
            raise DigestMismatch("The bytes that arrived cannot be read back.")
        check_sum(order, found)
        if not found.size:
            raise Failed("Content-Length is 0 or unknown", 411)
        with as_refusals("the back-log buffer"):
            write_atomically(data.with_suffix(".json"), _described(order, key, found))
    except BaseException:
        draft.discard()
        raise


def _written(draft: Draft, pieces: Iterator[Buffer]) -> Digests:
    digester = Digester()
    for piece in pieces:
        with as_refusals("the back-log buffer"):
            draft.write([piece])
        digester.update(piece)
    with as_refusals("the back-log buffer"):
        draft.flush()
        draft.close()
    return digester.result()


def _described(order: Order, key: str, found: Digests) -> bytes:
    request = order.request
    kept = Waiting(
        key=key,
        command=request.command,
        method=request.method,
        parameters={k: v for k, v in request.parameters.items() if k != "authorization"},
        mime_type=request.mime_type,
        expected="" if order.expected is None else str(order.expected),
        size=found.size,
        sha256=str(found.sha256),
        since=datetime.now(UTC).isoformat(),
    )
    return json.dumps(asdict(kept), indent=1).encode()
