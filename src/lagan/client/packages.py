"""Preservation packages at a hub: deposited by resumable uploads, waited for, listed, and fetched
when they are prepared."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from lagan.client.download import hand_over, stream
from lagan.client.uploads import Stored
from lagan.client.waiting import looks
from lagan.kit.errors import BadInput, DigestMismatch, Unavailable
from lagan.kit.http import segment

if TYPE_CHECKING:
    from lagan.client.hub import Hub

Row = dict[str, Any]
OPEN = frozenset({"0", "1", "2", "10"})
"""Codes of packages that have yet to be judged."""
READY, PREPARING = "7", "6"
OK = "3"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Packages:
    """The calls about packages for one hub. A package is a dictionary as the hub's package door
    documents it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def begin(
        self,
        file_name: str,
        *,
        group: str | None = None,
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        after: int | None = None,
    ) -> Row:
        """Announce a package whose zip comes next (`send`): a new one in the group, or the next
        version of the package `after`."""
        given = {"resumable": file_name, "group": group, "name": name}
        fields = {key: value for key, value in given.items() if value is not None}
        if metadata is not None:
            fields["user_metadata"] = json.dumps(metadata)
        how, where = ("POST", "upload/") if after is None else ("PUT", _place(after))
        return self._asked(how, where, urlencode(fields).encode())

    def send(
        self,
        package: Row,
        source: Path,
        *,
        resume: str | None = None,
        on_created: Callable[[str], None] = lambda upload: None,
        on_bytes: Callable[[int], None] = lambda n: None,
    ) -> Stored:
        """Send the zip of a package that was begun, going on with the upload `resume`."""
        path = str(package["system_metadata"]["original_filename"])
        return self._hub.upload(
            source, str(package["id"]), path,
            resume=resume, on_created=on_created, on_bytes=on_bytes,
        )  # fmt: skip

    def one(self, package: int) -> Row:
        """A package."""
        return self._asked("GET", _place(package))

    def all(self, group: str | None = None, text: str | None = None) -> list[Row]:
        """Those of a group, or of all groups, newest first; with `text` in their metadata."""
        query = {key: value for key, value in (("group", group), ("user_metadata", text)) if value}
        where = "api/v1/archive/search/" if text else "api/v1/archive/"
        with self._hub.http.request("GET", where, query=query, patience=120.0) as answer:
            return list(answer.json())

    def errors(self, package: int) -> list[str]:
        """Why it was refused, as the last failed event tells; empty when nothing failed."""
        where = f"api/v1/audit/archive/{package}/"
        with self._hub.http.request("GET", where, patience=120.0) as answer:
            told = answer.json()
        failed = (each["details"] for each in told if "fail" in each["event"]["name"])
        return [_line(each) for each in next(failed, None) or ()]

    def await_verdict(
        self, package: int, *, timeout: float | None = None,
        seen: Callable[[Row], object] = lambda row: None,
    ) -> Row:  # fmt: skip
        """The package when it was judged, however that went. TimedOut."""
        for row in looks(lambda: self.one(package), timeout, f"Package {package}"):
            seen(row)
            if row["status"] not in OPEN:
                return row
        raise AssertionError("looks end by TimedOut")

    def get(
        self,
        package: int,
        target: Path,
        *,
        timeout: float | None = None,
        on_size: Callable[[int, int], object] = lambda size, whole: None,
    ) -> Stored:
        """Have it prepared, and fetch it to `target`; `on_size` is told the bytes that are there,
        and of how many. Unavailable when it cannot be prepared, DigestMismatch when what came is
        not what was deposited; then `target` is as it was."""
        row = self._prepared(package, timeout)
        whole = int(row["system_metadata"].get("size", 0))
        before = target.with_name(f".{target.name[:200]}.{package}.unproved")
        try:
            stored = self._fetch(package, before, lambda size: on_size(size, whole))
            if stored.sha256 != row["checksum"]:
                raise DigestMismatch("What came is not the package as it was deposited.")
            before.replace(target)
        finally:
            before.unlink(missing_ok=True)
        return stored

    def stream(self, package: int, *, timeout: float | None = None) -> Iterator[bytes]:
        """Have it prepared, and give its zip in pieces; a connection that is cut is gone on with.
        Unavailable when it cannot be prepared."""
        self._prepared(package, timeout)
        yield from stream(self._hub.http, f"{_place(package)}download/")

    def _fetch(self, package: int, target: Path, told: Callable[[int], object]) -> Stored:
        try:
            with target.open("xb") as file:

                def take(piece: bytes) -> None:
                    file.write(piece)
                    told(file.tell())

                address = f"{_place(package)}download/"
                stored = hand_over(take, stream(self._hub.http, address))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise BadInput(f"Cannot write {target}: {error.strerror}.") from None
        return stored

    def _prepared(self, package: int, timeout: float | None) -> Row:
        row = self.one(package)
        if row["status"] == READY:
            return row
        self._hub.http.request("GET", f"{_place(package)}download/").close()
        for row in looks(lambda: self.one(package), timeout, f"Package {package}"):
            if row["status"] == READY:
                return row
            if row["status"] != PREPARING:
                raise Unavailable("; ".join(self.errors(package)) or "It cannot be prepared.")
        raise AssertionError("looks end by TimedOut")

    def _asked(self, method: str, where: str, body: bytes | None = None) -> Row:
        headers = _FORM if body is not None else {}
        with self._hub.http.request(method, where, body=body, headers=headers) as answer:
            return dict(answer.json())


def _place(package: int) -> str:
    return f"api/v1/archive/{segment(str(package))}/"


def _line(detail: Mapping[str, Any]) -> str:
    file, said = detail.get("file"), str(detail.get("error", ""))
    return f"{file}: {said}" if file else said
