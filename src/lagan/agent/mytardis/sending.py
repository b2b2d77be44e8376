"""A file's bytes to the server: by form, by staging, or in chunks, digests first as it asks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import Any

from lagan.agent.errors import BadSetting
from lagan.agent.mytardis import facts
from lagan.agent.mytardis.client import Client, Row
from lagan.agent.mytardis.staging import Staging
from lagan.agent.settings import Settings
from lagan.client.uploads import Stored
from lagan.client.whole import Changed, Opened
from lagan.kit.errors import Conflict, DigestMismatch, Unavailable

Tell = Callable[[int], None]


class Way(Enum):
    """How files go."""

    POST = "HTTP POST"
    SFTP = "SFTP to staging"
    CHUNKS = "chunks"


class _Content:
    """Bytes that can be read from any offset, and that must not change on the way."""

    def __init__(self, size: int, read: Callable[[int], Iterable[bytes]]) -> None:
        self.size, self.read = size, read


class Delivery:
    """Sends files one way. Threads may share one. `marks` tell the server whose staged files they
    are."""

    def __init__(
        self, client: Client, settings: Settings, way: Way, staging: Staging | None,
        marks: dict[str, str],
    ) -> None:  # fmt: skip
        self._client, self._settings = client, settings
        self.way, self._staging, self._marks = way, staging, marks

    def close(self) -> None:
        """End what was opened for it."""
        if self._staging is not None:
            self._staging.close()

    def small(
        self, dataset: str, path: str, content: bytes, mtime_ns: int, on_bytes: Tell
    ) -> Stored:
        """A file whose bytes are here."""
        given = _Content(len(content), lambda start: [content[start:]] if content[start:] else [])
        sums = hashlib.md5(content, usedforsecurity=False), hashlib.sha256(content)
        return self._send(dataset, path, given, mtime_ns, sums, on_bytes)

    def large(self, dataset: str, path: str, source: Opened, on_bytes: Tell) -> Stored:
        """A file that is read twice: its digest is told before its bytes."""

        def read(start: int) -> Iterator[bytes]:
            yield from source.pieces(start, source.size)
            if not source.unchanged():
                raise Changed(f"{source.shown} changed while it was sent.")

        sums = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        for piece in read(0):
            for each in sums:
                each.update(piece)
            on_bytes(0)
        given = _Content(source.size, read)
        return self._send(dataset, path, given, source.before.st_mtime_ns, sums, on_bytes)

    def _send(
        self, dataset: str, path: str, content: _Content, mtime_ns: int, sums: tuple[Any, Any],
        on_bytes: Tell,
    ) -> Stored:  # fmt: skip
        md5, sha256 = (each.hexdigest() for each in sums)
        record = facts.of_file(dataset, path, content.size, md5, mtime_ns)
        try:
            if self.way is Way.POST or content.size == 0:
                number = self._post(record, content, on_bytes)
            else:
                number = self._announced(dataset, record, content, on_bytes)
        except Conflict:
            number = self._there(dataset, record)
        return Stored(number, content.size, sha256)

    def _post(self, record: dict[str, Any], content: _Content, on_bytes: Tell) -> str:
        boundary, before, after = facts.form(record)

        def body() -> Iterator[bytes]:
            yield before
            for piece in content.read(0):
                yield piece
                on_bytes(len(piece))
            yield after

        length = len(before) + content.size + len(after)
        return self._client.post_file(body(), length, boundary)

    def _announced(
        self, dataset: str, record: dict[str, Any], content: _Content, on_bytes: Tell
    ) -> str:
        """Staged: a record first, unless an earlier try made it; then the bytes."""
        known = self._record(dataset, record)
        if known is None:
            number, path = self._client.stage({**record, **self._marks})
        elif known.get("md5sum") != record["md5sum"]:
            raise Conflict("The server keeps other content under this name, and no versions.")
        else:
            number, path = str(known["id"]), self._staged(known)
        if self.way is Way.SFTP and self._staging is not None:
            self._staging.put(path, content.read, content.size, on_bytes, known is not None)
        else:
            self._chunks(number, content, on_bytes)
        self._client.verify(number)
        return number

    def _chunks(self, number: str, content: _Content, on_bytes: Tell) -> None:
        """In whole chunks of the size that the server asks for, from where it has got to."""
        replicas = self._client.row("mydata_dataset_file", number).get("replicas") or []
        if not replicas:
            raise Unavailable("The server has no place for the file's chunks.")
        replica = replicas[0]["id"]
        stands = self._client.upload(replica)
        if stands.get("completed"):
            return
        digest, offset = checksum(str(stands.get("checksum"))), int(stands.get("offset") or 0)
        on_bytes(offset)
        for chunk in gathered(content.read(offset), int(stands["size"])):
            end = offset + len(chunk)
            span = f"{offset}-{end}/{content.size}"
            self._client.chunk(replica, chunk, span, digest(chunk))
            on_bytes(len(chunk))
            offset = end
        self._client.upload(replica, "complete")

    def _record(self, dataset: str, record: dict[str, Any]) -> Row | None:
        found = self._client.rows(
            "mydata_dataset_file", dataset__id=dataset, filename=record["filename"],
            directory=record["directory"],
        )  # fmt: skip
        return found[0] if found else None

    def _there(self, dataset: str, record: dict[str, Any]) -> str:
        """The record that is there already, when it is of the same bytes."""
        known = self._record(dataset, record)
        if known is None or known.get("md5sum") != record["md5sum"]:
            raise Conflict("The server keeps other content under this name, and no versions.")
        return str(known["id"])

    def _staged(self, known: Row) -> str:
        """Where an announced file's bytes shall lie."""
        replicas = known.get("replicas") or []
        if not replicas or self._staging is None:
            return ""
        return self._staging.place(str(replicas[0]["uri"]))


def gathered(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in chunks of `size`, the last one shorter."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)


def checksum(name: str) -> Callable[[bytes], str]:
    """A chunk's digest by the server's name of it, in hex."""
    if name == "md5":
        return lambda chunk: hashlib.md5(chunk, usedforsecurity=False).hexdigest()
    if name == "xxh3_64":
        try:
            from xxhash import xxh3_64_hexdigest  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            raise BadSetting(
                "The server wants xxh3 digests of chunks: install xxhash, or set"
                " upload_method = ParallelSSH or POST.",
                setting="upload_method",
            ) from None
        return lambda chunk: str(xxh3_64_hexdigest(chunk))
    raise DigestMismatch(f"The server wants {name!r} digests, which nobody here can take.")
