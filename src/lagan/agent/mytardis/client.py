"""The requests of a MyTardis server's API, one method each, with the answers as they came.

Paths, fields and what is relied on are those that deployed uploaders use
(mytardis.readthedocs.io, API; the app `mydata`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from lagan.kit.errors import Unavailable
from lagan.kit.http import Http

PAGES = 50
"""Pages of a list that are read at most; a server that goes on for ever is not believed."""
PATIENCE = 900.0
"""Seconds that the server may take over a file after its last byte."""
Row = dict[str, Any]


class Client:
    """One server. Threads may share one."""

    def __init__(self, http: Http) -> None:
        self.http = http

    def is_there(self) -> bool:
        """Whether a server of this kind answers at the address."""
        answer = self._get("", {})
        return isinstance(answer, dict) and any(
            isinstance(each, dict) and "list_endpoint" in each for each in answer.values()
        )

    def rows(self, resource: str, **query: Any) -> list[Row]:
        """All rows of a list, page by page."""
        return list(self._pages(resource, query))

    def row(self, resource: str, number: object) -> Row:
        """One thing by its id."""
        return _row(self._get(f"{resource}/{number}/", {}))

    def make(self, resource: str, given: Mapping[str, Any]) -> Row:
        """A new thing as the server has it, {} where it answers nothing."""
        with self.http.request("POST", f"api/v1/{resource}/", json=dict(given)) as answer:
            return _row(answer.json() or {})

    def change(self, resource: str, number: object, given: Mapping[str, Any]) -> Row:
        """A thing with other facts."""
        path = f"api/v1/{resource}/{number}/"
        with self.http.request("PUT", path, json=dict(given), repeat=True) as answer:
            return _row(answer.json() or {})

    def moved(self, username: str) -> Row:
        """Whether somebody of that name has an account by another name."""
        return _row(self._get("mydata_user/", {"username": username}))

    def verify(self, datafile: object) -> None:
        """Ask for the verification of a file's replicas; nothing is told about how it ended."""
        path = f"api/v1/dataset_file/{datafile}/verify/"
        with self.http.request("GET", path) as answer:
            answer.close()

    def post_file(self, body: Iterable[bytes], length: int, boundary: str) -> str:
        """Send a form with a file; the new record's id."""
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        with self.http.request(
            "POST", "api/v1/mydata_dataset_file/", body=body, length=length, headers=headers,
            patience=PATIENCE,
        ) as answer:  # fmt: skip
            place = answer.headers.get("Location", "")
        return id_of(place)

    def stage(self, given: Mapping[str, Any]) -> tuple[str, str]:
        """Announce a file that is staged; the record's id and where its bytes shall lie."""
        path = "api/v1/mydata_dataset_file/"
        with self.http.request("POST", path, json=dict(given)) as answer:
            target = b"".join(answer.pieces()).decode("utf-8", "replace").strip().strip('"')
            number = id_of(answer.headers.get("Location", ""))
        if not target.startswith("/"):
            raise Unavailable("The server did not say where the file shall be staged.")
        return number, target

    def upload(self, replica: object, act: str = "") -> Row:
        """How a file sent in chunks stands; `act` is `complete` to have it put together."""
        return _said(self._get(f"mydata_upload/{replica}/" + (f"{act}/" if act else ""), {}))

    def chunk(self, replica: object, body: bytes, span: str, checksum: str) -> None:
        """Send one chunk."""
        headers = {
            "Checksum": checksum, "Content-Range": span, "Accept": "*/*",
            "Content-Type": "application/octet-stream",
        }  # fmt: skip
        path = f"api/v1/mydata_upload/{replica}/upload/"
        with self.http.request("POST", path, body=body, headers=headers, patience=PATIENCE) as said:
            _said(said.json())

    def _get(self, path: str, query: Mapping[str, Any]) -> Any:
        asked = {"format": "json", **query}
        with self.http.request("GET", f"api/v1/{path}", query=asked) as answer:
            return answer.json()

    def _pages(self, resource: str, query: Mapping[str, Any]) -> Iterator[Row]:
        for _ in range(PAGES):
            page = _row(self._get(f"{resource}/", query))
            objects = page.get("objects")
            if not isinstance(objects, list):
                raise Unavailable(f"The server's answer about {resource} is no list.")
            yield from objects
            meta = page.get("meta") or {}
            if not meta.get("next"):
                return
            query = {**query, "offset": int(meta["offset"]) + int(meta["limit"] or len(objects))}


def id_of(address: str) -> str:
    """The id in a resource's address, which ends in a slash."""
    number = urlsplit(address).path.rstrip("/").rpartition("/")[2]
    if not number:
        raise Unavailable("The server made a record without saying which.")
    return number


def _row(answer: Any) -> Row:
    if not isinstance(answer, dict):
        raise Unavailable("The server answered something else than it was asked for.")
    return answer


def _said(answer: Any) -> Row:
    """Chunks are refused with status 200 and `success` false."""
    row = _row(answer)
    if not row.get("success"):
        raise Unavailable(f"The server refuses the chunk: {row.get('error') or 'no reason given'}.")
    return row
