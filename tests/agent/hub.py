"""A small hub on real sockets that keeps the sending side of docs/internals/ingest-api.md to the
letter.

It holds files in memory, compares digests and offsets as the contract says, and can cut a
connection
after N received bytes, refuse for a while, or be asked what it was asked.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import socket
import tarfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.services.hub import until

KEY = "lgn_key_of_the_tests"


@dataclass
class File:
    content: bytes
    mtime_ns: int
    version: int = 1

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass
class Upload:
    dataset: str
    path: str
    mtime_ns: int
    length: int
    held: bytearray = field(default_factory=bytearray)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Refused(Exception):
    def __init__(self, status: int, code: str, detail: str) -> None:
        self.status, self.code, self.detail = status, code, detail


class Cut(Exception):
    """The connection shall be lost here."""


class TestHub:
    """The hub's memory and its server. Use as a context manager."""

    __test__ = False

    def __init__(self) -> None:
        self.users = {"facility": "secret", "anna": "a", "ben": "b"}
        self.emails = {"anna@example.org": "anna"}
        self.groups = {"lab-smith"}
        self.facilities = {"Imaging"}
        self.instruments: dict[tuple[str, str], int] = {}
        self.datasets: dict[str, tuple[str, str | None, str]] = {}
        self.states: dict[str, str] = {}
        self.files: dict[str, dict[str, File]] = {}
        self.uploads: dict[str, Upload] = {}
        self.uploaders: list[dict[str, Any]] = []
        self.settings: dict[str, str] = {}
        self.changed: str | None = None
        self.reports: list[dict[str, Any]] = []
        self.verified = False
        self.requests: list[tuple[str, str]] = []
        self.stored: list[tuple[str, str]] = []
        self.received = 0
        self.cut_at: int | None = None
        self.refusals: list[tuple[str, str, int, str]] = []
        self.on_body: Callable[[int], object] = lambda count: None
        self.before_answer: Callable[[str, str], object] = lambda method, path: None
        self.corrupt = 0
        self._guard = threading.Lock()

    def __enter__(self) -> TestHub:
        methods = ("GET", "POST", "PUT", "PATCH", "HEAD", "DELETE")
        calls = {f"do_{method}": _Handler.do for method in methods}
        handler = type("Handler", (_Handler,), {"hub": self, **calls})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def settle(self) -> None:
        """Return when nothing more is read of what those sent who are gone."""
        until(lambda: self._server.open == 0)

    def contents(self) -> dict[str, bytes]:
        """Everything archived: `owner/dataset name/path` to bytes."""
        return {
            f"{self.datasets[ds][0]}/{self.datasets[ds][2]}/{path}": file.content
            for ds, files in self.files.items()
            for path, file in files.items()
        }

    def refuse(self, method: str, path: str, status: int, code: str, times: int = 1) -> None:
        """Answer the next `times` requests of this kind with a refusal (`path` is a regular
        expression)."""
        self.refusals += [(method, path, status, code)] * times

    # what the handler calls

    def archive(self, dataset: str, path: str, content: bytes, mtime_ns: int) -> tuple[str, File]:
        with self._guard:
            if self.states.get(dataset, "open") != "open":
                raise Refused(409, "dataset-not-open", "The dataset is closed.")
            if dataset not in self.files:
                raise Refused(404, "not-found", "There is no such dataset.")
            if not is_fine(path):
                raise Refused(400, "bad-path", "The archive cannot hold this name.")
            files = self.files[dataset]
            before = files.get(path)
            if before and before.content == content:
                return "present", before
            files[path] = File(content, mtime_ns, before.version + 1 if before else 1)
            self.stored.append((dataset, path))
            return "stored", files[path]

    def state_of(self, dataset: str, row: list[Any]) -> tuple[int, str | None]:
        path, size, mtime_ns = row
        if not is_fine(path):
            return 5, None
        file = self.files[dataset].get(path)
        if file is None:
            return 0, None
        if len(file.content) != size:
            return 3, None
        if file.mtime_ns != mtime_ns:
            return 2, file.sha256
        return (4 if self.verified else 1), None


def is_fine(path: str) -> bool:
    parts = path.split("/")
    return (
        all(p not in ("", ".", "..") and len(p.encode()) <= 255 for p in parts) and "\0" not in path
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    open = 0
    """Connections, whose other side may be gone already."""

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.guard:
            self.open += 1
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self.guard:
                self.open -= 1

    def server_bind(self) -> None:
        """A narrow window, so that a sender cannot be done before the hub has looked at the first
        bytes."""
        self.guard = threading.Lock()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        super().server_bind()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A cut connection is what the tests are about; anything else is a bug of this hub and
        must show."""
        import sys

        error = sys.exc_info()[1]
        if not isinstance(error, Cut | ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Body(io.RawIOBase):
    """A request's body, with its length or chunked, counted and cut where the hub says."""

    def __init__(self, handler: _Handler) -> None:
        self._hub, self._file, self._handler = handler.hub, handler.rfile, handler
        self._chunked = handler.headers.get("Transfer-Encoding", "").lower() == "chunked"
        self._left = 0 if self._chunked else int(handler.headers.get("Content-Length") or 0)
        self._ended = not self._chunked

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left == 0 and not self._ended:
            self._next_chunk()
        if self._left == 0:
            return 0
        wanted = min(len(buffer), self._left, 16384)
        if self._hub.cut_at is not None:
            wanted = min(wanted, self._hub.cut_at - self._hub.received)
            if wanted <= 0:
                self._hub.cut_at = None
                raise Cut
        piece = self._file.read1(wanted)
        if not piece:
            raise Cut
        buffer[: len(piece)] = piece
        self._left -= len(piece)
        self._hub.received += len(piece)
        self._hub.on_body(self._hub.received)
        if self._left == 0 and self._chunked:
            self._file.readline()
        return len(piece)

    def _next_chunk(self) -> None:
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise Cut
        self._left = int(line.strip(), 16)
        if self._left == 0:
            self._ended = True
            self._file.readline()


class _Handler(BaseHTTPRequestHandler):
    hub: TestHub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Nothing: the tests ask `requests`."""

    def do(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append((self.command, path))
        self.body = _Body(self)
        try:
            self._planned_refusal(path)
            if path != "/api/auth/token/":
                self._authenticate()
            for method, pattern, act in _ROUTES:
                found = re.fullmatch(pattern, path, re.DOTALL)
                if method == self.command and found:
                    act(self, *found.groups())
                    return
            raise Refused(404, "not-found", f"There is nothing at {path}.")
        except Refused as refused:
            self.close_connection = True
            self._send(
                refused.status,
                json.dumps(
                    {
                        "type": f"/problems/{refused.code}",
                        "title": refused.code,
                        "detail": refused.detail,
                    }
                ),
                {"Content-Type": "application/problem+json", "Connection": "close"},
            )
        except Cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _planned_refusal(self, path: str) -> None:
        for planned in self.hub.refusals:
            if planned[0] == self.command and re.fullmatch(planned[1], path):
                self.hub.refusals.remove(planned)
                if planned[2] == 0:
                    raise Cut
                raise Refused(planned[2], planned[3], "As the test wants it.")

    def _authenticate(self) -> None:
        given = self.headers.get("Authorization", "")
        if given not in (f"Api-Key {KEY}", "Bearer token-of-facility"):
            raise Refused(401, "not-signed-in", "The credential is not valid.")

    def _send(self, status: int, text: str = "", headers: dict[str, str] | None = None) -> None:
        data = text.encode()
        self.hub.before_answer(self.command, unquote(self.path))
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _document(self) -> Any:
        data = io.BufferedReader(self.body).read()
        if self.headers.get("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        return json.loads(data)

    def token(self) -> None:
        given = self._document()
        if self.hub.users.get(given["username"]) != given["password"]:
            raise Refused(401, "not-signed-in", "The user name or the password is wrong.")
        self._send(200, json.dumps({"access": f"token-of-{given['username']}", "refresh": "r"}))

    def me(self) -> None:
        self._send(
            200,
            json.dumps({"username": "facility", "name": "Facility", "email": "", "entity": "e1"}),
        )

    def instruments(self) -> None:
        given = self._document()
        if given["facility"] not in self.hub.facilities:
            raise Refused(404, "not-found", f"There is no facility {given['facility']}.")
        numbers = self.hub.instruments
        number = numbers.setdefault((given["facility"], given["name"]), 100 + len(numbers))
        self._send(200, json.dumps({"id": number, **given}))

    def renamed(self, number: str) -> None:
        numbers, name = self.hub.instruments, self._document()["name"]
        ((facility, before),) = [key for key, each in numbers.items() if each == int(number)]
        if (facility, name) in numbers:
            raise Refused(409, "conflict", f"There is something called {name} here already.")
        numbers[facility, name] = numbers.pop((facility, before))
        self._send(200, json.dumps({"id": int(number), "name": name}))

    def announce(self) -> None:
        self.hub.uploaders.append(self._document())
        self._send(200, json.dumps({"id": 7}))

    def managed(self) -> None:
        self._send(200, json.dumps([{"id": 1, "name": name} for name in self.hub.facilities]))

    def central(self, uploader: str) -> None:
        assert uploader == "7"
        given = {"changed": self.hub.changed, "settings": self.hub.settings}
        self._send(200, json.dumps(given))

    def note_settings(self, uploader: str) -> None:
        given = self._document()
        assert given["saved"] is True
        self.hub.settings.update(given["settings"])
        self.hub.changed = None
        self._send(200, json.dumps({"changed": None, "settings": self.hub.settings}))

    def reported(self, uploader: str) -> None:
        self.hub.reports.append(self._document())
        self._send(204)

    def ensure(self) -> None:
        answers: list[Any] = []
        for row in self._document()["datasets"]:
            known: Any = {
                "username": self.hub.users,
                "email": self.hub.emails,
                "group": self.hub.groups,
            }
            if row["owner"] not in known[row["owner_kind"]]:
                error = {
                    "type": "/problems/unknown-owner",
                    "detail": f"There is no user {row['owner']}.",
                }
                answers.append({"error": error})
                continue
            key = (row["owner"], row["experiment"], row["name"])
            with self.hub._guard:
                ids = {value: each for each, value in self.hub.datasets.items()}
                found = ids.get(key) or f"d{len(ids)}"
                self.hub.datasets[found] = key
                self.hub.files.setdefault(found, {})
            state = self.hub.states.get(found, "open")
            answers.append({"id": found, "state": state, "owner": f"Full {row['owner']}"})
        self._send(200, json.dumps({"datasets": answers}))

    def lookup(self) -> None:
        given = self._document()["lookups"]
        if sum(len(each["files"]) for each in given) > 10_000:
            raise Refused(413, "too-large", "At most 10,000 files at once.")
        answers = []
        for each in given:
            if each["dataset"] not in self.hub.files:
                raise Refused(404, "not-found", "There is no such dataset.")
            rows = [self.hub.state_of(each["dataset"], row) for row in each["files"]]
            digests = {str(n): digest for n, (_, digest) in enumerate(rows) if digest}
            answers.append(
                {"dataset": each["dataset"], "states": [s for s, _ in rows], "digests": digests}
            )
        self._send(200, json.dumps({"lookups": answers}))

    def create(self) -> None:
        facts = {}
        for part in self.headers["Upload-Metadata"].split(","):
            name, value = part.split(" ")
            facts[name] = base64.b64decode(value).decode()
        if not is_fine(facts["path"]):
            raise Refused(400, "bad-path", "The archive cannot hold this name.")
        made = Upload(
            facts["dataset"],
            facts["path"],
            int(facts.get("mtime", 0)),
            int(self.headers["Upload-Length"]),
        )
        with self.hub._guard:
            name = f"u{len(self.hub.requests)}"
            self.hub.uploads[name] = made
        self._send(
            201,
            headers={"Location": f"{self.hub.url}/api/uploads/{name}", "Tus-Resumable": "1.0.0"},
        )

    def _upload(self, name: str) -> Upload:
        assert self.headers["Tus-Resumable"] == "1.0.0"
        if name not in self.hub.uploads:
            raise Refused(404, "not-found", "There is no such upload.")
        return self.hub.uploads[name]

    def offset(self, name: str) -> None:
        upload = self._upload(name)
        sizes = {"Upload-Offset": str(len(upload.held)), "Upload-Length": str(upload.length)}
        self._send(200, headers={**sizes, "Cache-Control": "no-store"})

    def discard(self, name: str) -> None:
        self._upload(name)
        del self.hub.uploads[name]
        self._send(204)

    def append(self, name: str) -> None:
        upload = self._upload(name)
        if not upload.lock.acquire(blocking=False):
            raise Refused(423, "locked", "Somebody else is writing this upload.")
        try:
            if int(self.headers["Upload-Offset"]) != len(upload.held):
                raise Refused(409, "conflict", "The offset is another one.")
            buffer = bytearray(65536)
            while count := self.body.readinto(buffer):
                piece = bytes(buffer[:count])
                if self.hub.corrupt and len(upload.held) == 0:
                    self.hub.corrupt -= 1
                    piece = bytes([piece[0] ^ 1]) + piece[1:]
                upload.held += piece
            headers = {"Upload-Offset": str(len(upload.held)), "Tus-Resumable": "1.0.0"}
            if len(upload.held) == upload.length:
                headers |= self._finish(name, upload)
            self._send(204, headers=headers)
        finally:
            upload.lock.release()

    def _finish(self, name: str, upload: Upload) -> dict[str, str]:
        content = bytes(upload.held)
        digest = f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"
        announced = self.headers.get("Repr-Digest")
        assert announced, "the last request must carry the digest of the whole"
        del self.hub.uploads[name]
        if announced != digest:
            raise Refused(460, "digest-mismatch", "These are not the bytes that were announced.")
        self.hub.archive(upload.dataset, upload.path, content, upload.mtime_ns)
        return {"Repr-Digest": digest, "Lagan-File": f"f-{name}"}

    def batch(self) -> None:
        lines = []
        members = []
        with tarfile.open(fileobj=io.BufferedReader(self.body), mode="r|") as stream:
            for member in stream:
                content = stream.extractfile(member).read()  # type: ignore[union-attr]
                members.append((member, content))
        while self.body.read(4096):
            pass
        for member, content in members:
            lines.append(json.dumps(self._one(member, content)))
        self._send(
            200, "".join(line + "\n" for line in lines), {"Content-Type": "application/x-ndjson"}
        )

    def _one(self, member: tarfile.TarInfo, content: bytes) -> dict[str, Any]:
        dataset, _, path = member.name.partition("/")
        if self.hub.corrupt and content:
            self.hub.corrupt -= 1
            content = bytes([content[0] ^ 1]) + content[1:]
        seconds, _, nanos = member.pax_headers["mtime"].partition(".")
        try:
            if member.pax_headers["LAGAN.sha256"] != hashlib.sha256(content).hexdigest():
                raise Refused(
                    460, "digest-mismatch", "These are not the bytes that were announced."
                )
            status, file = self.hub.archive(
                dataset, path, content, int(seconds) * 10**9 + int(nanos.ljust(9, "0"))
            )
        except Refused as refused:
            error = {
                "type": f"/problems/{refused.code}",
                "detail": refused.detail,
                "status": refused.status,
            }
            return {"path": path, "status": "refused", "error": error}
        return {
            "path": path, "status": status, "file": f"f-{path}", "version": file.version,
            "sha256": file.sha256, "size": len(content),
        }  # fmt: skip

    def put(self, dataset: str, path: str) -> None:
        content = io.BufferedReader(self.body).read()
        status, file = self.hub.archive(
            dataset, path, content, int(self.headers.get("Lagan-Mtime", 0))
        )
        facts = {"file": "f", "version": file.version, "sha256": file.sha256, "size": len(content)}
        self._send(201 if status == "stored" else 200, json.dumps(facts))

    def listed(self) -> None:
        after = int(re.sub(r"\D", "", urlsplit(self.path).query) or 0)
        ids = sorted(self.hub.datasets)[after:]
        rows = [self._row(each) for each in ids[:2]]
        self._send(200, json.dumps({"results": rows, "next": str(after + 2) if ids[2:] else None}))

    def _row(self, dataset: str) -> dict[str, Any]:
        owner, _, name = self.hub.datasets[dataset]
        state = self.hub.states.get(dataset, "open")
        return {"id": dataset, "name": name, "owner": owner, "state": state}

    def make(self) -> None:
        given = self._document()
        made = f"d{len(self.hub.datasets)}"
        self.hub.datasets[made] = ("facility", given["group"], given["name"])
        self.hub.files[made] = {}
        self._send(201, json.dumps(self._row(made)))

    def close(self, dataset: str) -> None:
        self.hub.states[dataset] = "closed"
        self._send(200, json.dumps(self._row(dataset)))

    def folder(self, dataset: str) -> None:
        start = dict(parse_qsl(urlsplit(self.path).query)).get("folder", "")
        start = f"{start}/" if start else ""
        rows = {}
        for path in sorted(self.hub.files[dataset]):
            if path.startswith(start):
                name, slash, _ = path[len(start) :].partition("/")
                rows[name] = {"name": name, "path": start + name, "is_folder": bool(slash)}
        self._send(200, json.dumps({"results": list(rows.values()), "next": None}))

    def content(self, dataset: str, path: str) -> None:
        if path not in self.hub.files.get(dataset, {}):
            raise Refused(404, "not-found", "There is no such file.")
        self._bytes(self.hub.files[dataset][path].content)

    def zip(self, dataset: str) -> None:
        self._bytes(b"".join(file.content for file in self.hub.files[dataset].values()))

    def _bytes(self, content: bytes) -> None:
        start = int(re.sub(r"\D", "", self.headers.get("Range", "0")) or 0)
        digest = f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"
        self.send_response(206 if "Range" in self.headers else 200)
        facts = {"ETag": '"x"', "Repr-Digest": digest, "Content-Length": str(len(content) - start)}
        for name, value in facts.items():
            self.send_header(name, value)
        self.end_headers()
        sent = bytes([content[0] ^ 1]) + content[1:] if self.hub.corrupt else content
        end = len(content)
        if self.hub.cut_at is not None:
            end, self.hub.cut_at = self.hub.cut_at, None
        self.wfile.write(sent[start:end])
        if end != len(content):
            raise Cut


_ROUTES: list[tuple[str, str, Any]] = [
    ("POST", "/api/auth/token/", _Handler.token),
    ("GET", "/api/auth/me/", _Handler.me),
    ("POST", "/api/ingest/instruments/", _Handler.instruments),
    ("POST", "/api/ingest/datasets/", _Handler.ensure),
    ("PATCH", "/api/entities/([0-9]+)/", _Handler.renamed),
    ("GET", "/api/instruments/facilities/", _Handler.managed),
    ("POST", "/api/instruments/uploaders/", _Handler.announce),
    ("GET", "/api/instruments/uploaders/([0-9]+)/settings/", _Handler.central),
    ("PATCH", "/api/instruments/uploaders/([0-9]+)/settings/", _Handler.note_settings),
    ("POST", "/api/instruments/uploaders/([0-9]+)/report/", _Handler.reported),
    ("POST", "/api/ingest/lookup/", _Handler.lookup),
    ("POST", "/api/uploads/", _Handler.create),
    ("POST", "/api/uploads/batch/", _Handler.batch),
    ("HEAD", "/api/uploads/([^/]+)", _Handler.offset),
    ("PATCH", "/api/uploads/([^/]+)", _Handler.append),
    ("DELETE", "/api/uploads/([^/]+)", _Handler.discard),
    ("PUT", "/api/datasets/([^/]+)/content/(.+)", _Handler.put),
    ("GET", "/api/datasets/([^/]+)/content/(.+)", _Handler.content),
    ("GET", "/api/datasets/([^/]+)/zip", _Handler.zip),
    ("GET", "/api/datasets/", _Handler.listed),
    ("POST", "/api/datasets/", _Handler.make),
    ("POST", "/api/datasets/([^/]+)/close/", _Handler.close),
    ("GET", "/api/datasets/([^/]+)/files/", _Handler.folder),
]
