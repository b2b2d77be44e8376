"""A volume on anything that rclone reaches: what is coming in waits on a local disk, then goes up
whole.

What rclone cannot promise, this cannot either: a name is looked for before it is taken, and two
processes that take one at the same moment may both be told that it is theirs; what a remote has
taken may not be on its disks yet. Who needs to know reads it back.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from lagan.kit.digests import Buffer
from lagan.kit.errors import Conflict, LaganError, NotFound, Unavailable
from lagan.kit.files import make_folders
from lagan.kit.ids import new_id
from lagan.store.errors import BadLocation, as_refusals
from lagan.store.layout import OWN, check_any, check_own
from lagan.store.rclone_server import SERVER
from lagan.store.spool import Spooled, between, default_spool, key_of, name_of
from lagan.store.staging import PosixIncoming
from lagan.store.volume import Capabilities, ObjectStat, Usage

SENDERS = 8
"""Objects on their way at the same time."""
_REMOTE = re.compile(r"([A-Za-z0-9_.+@][A-Za-z0-9_.+@ -]*):([^\[\]\0\n]*)")
_PATIENCE, _BREATH = 20.0, 0.05  # seconds that a small file is looked for, and between two looks
_SMALL = ".lagan/small"
_FRACTION = re.compile(r"\.(\d{1,6})\d*")


def open_remote(location: str, *, spool: str | Path | None = None) -> RcloneVolume:
    """The volume at `rclone:REMOTE:path?spool=/folder`; REMOTE is one of rclone's own configuration
    (RCLONE_CONFIG), which has the credentials. BadLocation when there is none of that name;
    Unavailable without rclone."""
    place, _, options = location.removeprefix("rclone:").partition("?")
    given = {key: values[-1] for key, values in parse_qs(options).items()}
    found = _REMOTE.fullmatch(place)
    if found is None or set(given) - {"spool"}:
        raise BadLocation(f"Not a location of a remote: {location[:200]!r}.")
    remotes = SERVER.call("config/listremotes").get("remotes") or []
    if found[1] not in remotes:
        known = ", ".join(sorted(remotes)) or "none"
        raise BadLocation(f"rclone knows no remote {found[1]!r}; there are: {known}.")
    where = spool or given.get("spool") or default_spool(place)
    return RcloneVolume(place.rstrip("/") if found[2] else place, Path(where))


class RcloneVolume(Spooled):
    """What lies beneath a path of a remote."""

    capabilities = Capabilities(durable=False, appends=False)

    def __init__(self, remote: str, spool: Path) -> None:
        self.location = f"rclone:{remote}"
        self._fs = remote
        super().__init__(spool, SENDERS)
        self._small = spool / _SMALL
        with as_refusals(str(spool)):
            make_folders(self._small)
        self._taking: set[str] = set()
        self._taken = threading.Condition()

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Iterator[Buffer]:
        """The bytes as they come from the remote; an appended file is all its pieces in order."""
        if not check_any(name).startswith(OWN):
            return self._read_object(name, offset, length)
        if self._facts(name) is None and (names := self._pieces_of(name)):
            pieces = (piece for each in names for piece in self._read_object(each, 0, None))
            return between(pieces, offset, _end(offset, length))
        return between(iter([self._read_small(name)]), offset, _end(offset, length))

    def stat(self, name: str) -> ObjectStat:
        """Size and time of one object."""
        facts = self._facts(check_any(name))
        if facts is None:
            raise NotFound(f"Not there: {name}.")
        return _stat(name, facts)

    def list(self, prefix: str = "") -> Iterator[ObjectStat]:
        """Folder by folder."""
        folders = [prefix.rpartition("/")[0]]
        while folders:
            folder = folders.pop()
            for facts in self._listed(folder):
                leaf = name_of(str(facts["Name"]))
                name = f"{folder}/{leaf}" if folder else leaf
                if facts["IsDir"]:
                    if self._may_hold(name, prefix):
                        folders.append(name)
                elif name.startswith(prefix) and self._is_asked_for(name, prefix):
                    yield _stat(name, facts)

    def delete(self, name: str) -> bool:
        """Remove one object; most remotes do not say whether there was one, so it is asked
        before."""
        if self._facts(check_any(name)) is None:
            return False
        with suppress(NotFound):
            SERVER.call("operations/deletefile", fs=self._fs, remote=key_of(name))
        return True

    def append(self, name: str, data: bytes) -> None:
        """One object a call, `name/<time-ordered id>`: nothing is ever rewritten."""
        self._put(f"{check_own(name)}/{new_id()}", data)

    def replace(self, name: str, data: bytes) -> None:
        """One upload; whether somebody may see the old one, the new one or nothing meanwhile is the
        remote's to say."""
        self._put(check_own(name), data)

    def usage(self) -> Usage:
        """What the remote tells; many tell nothing."""
        try:
            told = SERVER.call("operations/about", fs=self._fs)
        except LaganError as error:
            if isinstance(error, Unavailable) and "answered" not in error.facts:
                raise
            return Usage(None, None)
        total, free = told.get("total"), told.get("free")
        return Usage(None, None) if total is None or free is None else Usage(total, free)

    def local_path(self, name: str) -> Path | None:
        """None: the objects are not here."""
        return None

    def _send(self, incoming: PosixIncoming, name: str) -> None:
        incoming.draft.check()
        if self._facts(name) is not None:
            raise Conflict(f"Exists already: {name}.")
        try:
            self._copy(incoming.draft.path, name)
            there = self.stat(name).size
            if there != incoming.size:
                raise NotFound(f"{name}: the remote kept {there} of {incoming.size} bytes.")
        except BaseException:
            with suppress(LaganError):  # some remotes keep a part of what did not arrive
                self.delete(name)
            raise

    def _copy(self, source: Path, name: str) -> None:
        SERVER.call(
            "operations/copyfile",
            srcFs=str(source.parent),
            srcRemote=source.name,
            dstFs=self._fs,
            dstRemote=key_of(name),
            # Never taken for the same because size and time are: remotes know times badly.
            _config={"IgnoreTimes": True},
        )

    def _put(self, name: str, data: bytes) -> None:
        waiting = self._small / new_id().hex
        with as_refusals(str(waiting)):
            waiting.write_bytes(data)
        try:
            with self._alone([name]):
                self._copy(waiting, name)
        finally:
            waiting.unlink(missing_ok=True)

    def _facts(self, name: str) -> Mapping[str, Any] | None:
        """What the remote says of an object; None when there is none."""
        try:
            told = SERVER.call(
                "operations/stat", fs=self._fs, remote=key_of(name), opt={"noMimeType": True}
            )
        except NotFound:
            return None
        item = told.get("item")
        return None if item is None or item["IsDir"] else item

    def _listed(self, folder: str) -> Sequence[Mapping[str, Any]]:
        try:
            told = SERVER.call(
                "operations/list",
                fs=self._fs,
                remote=key_of(folder),
                opt={"noMimeType": True},
                _config={"UseServerModTime": True},
            )
        except NotFound:
            return ()
        return told.get("list") or ()

    def _may_hold(self, folder: str, prefix: str) -> bool:
        inside = f"{folder}/"
        fits = inside.startswith(prefix) or prefix.startswith(inside)
        return fits and (prefix.startswith(OWN) or not inside.startswith(OWN))

    def _is_asked_for(self, name: str, prefix: str) -> bool:
        return prefix.startswith(OWN) or not name.startswith(OWN)

    def _read_object(self, name: str, offset: int, length: int | None) -> Iterator[Buffer]:
        size = self.stat(name).size
        end = size if length is None else min(size, offset + length)
        if offset >= end:
            return iter(())
        path = quote(f"[{self._fs}]/{key_of(name)}", safe="/")
        span = {"Range": f"bytes={offset}-{end - 1}"} if (offset, end) != (0, size) else {}
        answer = SERVER.get(path, span)
        if span and answer.status != 206:  # it gives all of it, whatever is asked for
            return between(answer.pieces(), offset, end)
        return answer.pieces()

    def _pieces_of(self, name: str) -> Sequence[str]:
        return sorted(each.name for each in self.list(name + "/"))

    def _read_small(self, name: str) -> bytes:
        """A file that may be replaced at this moment: while it is, some remotes have another, or
        none."""
        until, again = time.monotonic() + _PATIENCE, False
        while True:
            try:
                return b"".join(bytes(each) for each in self._read_object(name, 0, None))
            except (NotFound, Unavailable):
                # What is away twice in a row is away; a server that is gone refuses this question.
                if time.monotonic() > until or (self._facts(name) is None and again):
                    raise
                again = True
                time.sleep(_BREATH)

    @contextmanager
    def _alone(self, names: Sequence[str]) -> Iterator[None]:
        """Of the threads of this process only one takes a name at a time."""
        with self._taken:
            self._taken.wait_for(lambda: self._taking.isdisjoint(names))
            self._taking.update(names)
        try:
            yield
        finally:
            with self._taken:
                self._taking.difference_update(names)
                self._taken.notify_all()


def _end(offset: int, length: int | None) -> int | None:
    return None if length is None else offset + length


def _stat(name: str, facts: Mapping[str, Any]) -> ObjectStat:
    text = _FRACTION.sub(r".\1", str(facts["ModTime"])).replace("Z", "+00:00")
    return ObjectStat(name, int(facts["Size"]), datetime.fromisoformat(text).timestamp())
