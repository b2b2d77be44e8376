"""A volume in a bucket: what is coming in waits on a local disk, then goes up whole, checked by the
server.

Objects are created, never overwritten: up to `AT_ONCE` bytes by the server's own create-only PUT.
Larger ones go up in parts, for which S3 has no such condition that every server knows: they first
take a claim (create-only) on the name. So two uploads of one size class never overwrite each other;
names that hold an id, as the archive gives them, never meet at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from lagan.kit.digests import Buffer
from lagan.kit.errors import Conflict, NotFound, Unavailable
from lagan.kit.ids import new_id
from lagan.store.errors import BadLocation
from lagan.store.layout import OWN, PIECE, check_any, check_own
from lagan.store.spool import Spooled, between, default_spool, key_of, name_of
from lagan.store.staging import PosixIncoming
from lagan.store.volume import Capabilities, ObjectStat, Usage

if TYPE_CHECKING:
    from obstore.store import S3Config

AT_ONCE = 32 << 20
"""Bytes that go up in one request, from memory; larger objects go in parts of `PART`."""
PART = 16 << 20
"""S3 takes 10,000 parts: objects up to 156 GiB; larger ones get larger parts."""
_MOST_PARTS = 9_000
SEGMENT = 64 << 20
"""Bytes asked for at once when reading."""
_SENDERS = 4
_CLAIMS = ".lagan/claims/"
_OPTIONS = {"endpoint", "region", "spool", "path_style"}


def open_bucket(location: str, *, spool: str | Path | None = None) -> S3Volume:
    """The volume at `s3://bucket/prefix?endpoint=...&region=...&spool=/folder&path_style=true`.

    Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the machine's role.
    An endpoint with `http:` is allowed: it is meant for servers on the same machine. BadLocation
    otherwise.
    """
    parts = urlsplit(location)
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    unknown = set(options) - _OPTIONS
    if parts.scheme != "s3" or not parts.hostname or unknown:
        raise BadLocation(f"Not a bucket's location: {sorted(unknown) or location[:200]}.")
    if "@" in parts.netloc:
        raise BadLocation("Credentials belong into the environment, not into a location.")
    where = spool or options.get("spool") or default_spool(f"{parts.netloc}{parts.path}")
    endpoint = options.get("endpoint")
    store = S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        config=_config(endpoint, options),
        client_options={"allow_http": (endpoint or "").startswith("http:"), "timeout": "300s"},
        retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=60)},
    )
    kept = {key: value for key, value in options.items() if key != "spool"}
    shown = f"s3://{parts.netloc}{parts.path.rstrip('/')}" + ("?" + urlencode(kept) if kept else "")
    return S3Volume(store, shown, Path(where))


def _config(endpoint: str | None, options: Mapping[str, str]) -> S3Config:
    config: S3Config = {
        "region": options.get("region") or os.environ.get("AWS_REGION", "us-east-1"),
        "checksum_algorithm": "sha256",
        "virtual_hosted_style_request": options.get("path_style", "true") != "true",
    }
    if endpoint:
        config["endpoint"] = endpoint
    return config


class S3Volume(Spooled):
    """A bucket, or what lies beneath a prefix in one."""

    capabilities = Capabilities(appends=False)

    def __init__(self, store: S3Store, location: str, spool: Path) -> None:
        self.location = location
        self._store = store
        super().__init__(spool, _SENDERS)

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Iterator[Buffer]:
        """The bytes as they come over the network; an appended file is all its pieces in order."""
        if check_any(name).startswith(OWN) and not self._exists(name):
            return self._read_appended(name, offset, length)
        return self._read_object(name, offset, length)

    def stat(self, name: str) -> ObjectStat:
        """Size and time of one object."""
        with _refusals(name):
            found = obstore.head(self._store, key_of(check_any(name)))
        return ObjectStat(name, found["size"], found["last_modified"].timestamp())

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        """As the server lists them, a thousand at a time."""
        folder = prefix.rpartition("/")[0]
        with _refusals(prefix or self.location):
            for page in obstore.list(self._store, key_of(folder) if folder else None):
                for found in page:
                    name = name_of(found["path"])
                    if name.startswith(prefix) and (
                        prefix.startswith(OWN) or not name.startswith(OWN)
                    ):
                        yield ObjectStat(name, found["size"], found["last_modified"].timestamp())

    def delete(self, name: str) -> bool:
        """Remove one object. S3 does not say whether there was one, so it is asked before."""
        if not self._exists(check_any(name)):
            return False
        with _refusals(name):
            obstore.delete(self._store, key_of(name))
        return True

    def append(self, name: str, data: bytes) -> None:
        """One object a call, `name/<time-ordered id>`: nothing is ever rewritten."""
        with _refusals(name):
            place = f"{check_own(name)}/{new_id()}"
            obstore.put(self._store, key_of(place), data, mode="create", use_multipart=False)

    def replace(self, name: str, data: bytes) -> None:
        """One PUT, which S3 makes visible as a whole."""
        with _refusals(name):
            obstore.put(self._store, key_of(check_own(name)), data, use_multipart=False)

    def usage(self) -> Usage:
        """Unknown: buckets do not say."""
        return Usage(None, None)

    def local_path(self, name: str) -> Path | None:
        """None: the objects are not here."""
        return None

    def _send(self, incoming: PosixIncoming, name: str) -> None:
        incoming.draft.check()
        with _refusals(name):
            if incoming.size <= AT_ONCE:
                self._send_at_once(incoming, name)
            else:
                self._send_in_parts(incoming, name)

    def _send_at_once(self, incoming: PosixIncoming, name: str) -> None:
        data = incoming.draft.path.read_bytes()
        attributes = {"lagan-upload": incoming.key}
        try:
            obstore.put(
                self._store,
                key_of(name),
                data,
                mode="create",
                use_multipart=False,
                attributes=attributes,
            )
        except (AlreadyExistsError, PreconditionError):
            # The first answer may have been lost and the request repeated: then the object is ours.
            there = obstore.get(self._store, key_of(name)).attributes
            if there.get("lagan-upload") != incoming.key:
                raise

    def _send_in_parts(self, incoming: PosixIncoming, name: str) -> None:
        claim = _CLAIMS + sha256(name.encode()).hexdigest()
        obstore.put(self._store, key_of(claim), name.encode(), mode="create", use_multipart=False)
        try:
            if self._exists(name):
                raise Conflict(f"Exists already: {name}.")
            size = max(PART, -(-incoming.size // _MOST_PARTS))
            obstore.put(
                self._store,
                key_of(name),
                incoming.draft.path,
                chunk_size=size,
                max_concurrency=2,
                use_multipart=True,
            )
            there = self.stat(name).size
            if there != incoming.size:
                obstore.delete(self._store, key_of(name))
                raise Unavailable(f"{name}: the server kept {there} of {incoming.size} bytes.")
        finally:
            with suppress(BaseError, OSError):
                obstore.delete(self._store, key_of(claim))

    def _exists(self, name: str) -> bool:
        try:
            self.stat(name)
        except NotFound:
            return False
        return True

    def _read_object(self, name: str, offset: int, length: int | None) -> Iterator[Buffer]:
        size = self.stat(name).size
        return self._segments(name, offset, size if length is None else min(size, offset + length))

    def _segments(self, name: str, offset: int, end: int) -> Iterator[Buffer]:
        """One request for each `SEGMENT`, so that none lasts longer than the client allows."""
        with _refusals(name):
            for start in range(offset, end, SEGMENT):
                part = {"range": (start, min(start + SEGMENT, end))}
                found = obstore.get(self._store, key_of(name), options=part)  # type: ignore[arg-type]
                for piece in found.stream(min_chunk_size=PIECE):
                    yield memoryview(piece)

    def _read_appended(self, name: str, offset: int, length: int | None) -> Iterator[Buffer]:
        names = sorted(each.name for each in self.list(name + "/"))
        if not names:
            raise NotFound(f"Not there: {name}.")
        end = None if length is None else offset + length
        return between(
            (piece for each in names for piece in self._read_object(each, 0, None)), offset, end
        )


@contextmanager
def _refusals(what: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise NotFound(f"Not there: {what}.") from None
    except (AlreadyExistsError, PreconditionError):
        raise Conflict(f"Exists already: {what}.") from None
    except (BaseError, OSError) as error:
        raise Unavailable(f"Cannot use {what}: {_first_line(error)}.") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
