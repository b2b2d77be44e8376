"""A small MyTardis on real sockets that answers as a stock server was recorded to: list envelopes,
embedded objects, bare paths, empty bodies, naive times."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

KEY = "0123456789abcdef0123456789abcdef01234567"
MANAGERS = {"id": 3, "name": "managers", "resource_uri": "/api/v1/group/3/"}
CHUNK = 1 << 20


@dataclass
class Datafile:
    id: int
    facts: dict[str, Any]
    content: bytes | None = None
    """None: no replica yet."""
    chunks: bytearray = field(default_factory=bytearray)
    target: Path | None = None
    verified: bool = False

    def size(self) -> int | None:
        """What a replica tells: null until bytes are there."""
        if self.target is not None and self.target.exists():
            return self.target.stat().st_size
        return None if self.content is None else len(self.content)

    def verify(self) -> None:
        content = self.content
        if self.target is not None and self.target.exists():
            content = self.target.read_bytes()
        good = content is not None and (len(content), hashlib.md5(content).hexdigest()) == (
            self.facts["size"],
            self.facts["md5sum"],
        )
        self.content, self.verified = content, good


class MyTardisServer:
    """Its memory and its server. Use as a context manager."""

    def __init__(self, staging: Path) -> None:
        self.staging = staging
        self.users = {"facility": (1, "Fac", "Ility", ""), "anna": (2, "Anna", "A", "a@x.org")}
        self.groups = {"lab-smith": 7}
        self.facilities = {"Imaging": 1}
        self.rows: dict[str, list[dict[str, Any]]] = {
            name: []
            for name in ("instrument", "mydata_experiment", "dataset", "objectacl",
                         "mydata_uploader", "mydata_uploaderregistrationrequest")
        }  # fmt: skip
        self.files: list[Datafile] = []
        self.box: dict[str, Any] | None = None
        self.verifies = True
        self.checksum = "md5"
        self.requests: list[tuple[str, str]] = []
        self.refusals: list[tuple[str, str, int]] = []
        self.on_file: Callable[[str], None] = lambda name: None
        self.lock = threading.RLock()

    def __enter__(self) -> MyTardisServer:
        handler = type("Handler", (_Handler,), {"server_state": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def approve(self, host: str, port: str, user: str) -> None:
        """As an administrator does it: the box for whoever asked and will ask."""
        facts = {"scp_username": user, "scp_hostname": host, "scp_port": port}
        self.box = {
            "id": 2, "name": "staging",
            "options": [{"key": "location", "value": str(self.staging)}],
            "attributes": [{"key": key, "value": value} for key, value in facts.items()],
        }  # fmt: skip

    def contents(self) -> dict[str, bytes]:
        """Every verified file by dataset and path."""
        names = {row["id"]: row["description"] for row in self.rows["dataset"]}
        return {
            f"{names[int(each.facts['dataset'].split('/')[-2])]}/"
            + "/".join(filter(None, (each.facts["directory"], each.facts["filename"]))):
                each.content or b""
            for each in self.files
            if each.verified
        }  # fmt: skip

    def asked(self, resource: str, method: str = "GET") -> int:
        return sum(1 for m, path in self.requests if m == method and f"/{resource}/" in path)


class _Handler(BaseHTTPRequestHandler):
    server_state: MyTardisServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Nothing: the tests ask `requests`."""

    def do_GET(self) -> None:
        self._do()

    def do_POST(self) -> None:
        self._do()

    def do_PUT(self) -> None:
        self._do()

    def _do(self) -> None:
        state, parts = self.server_state, urlsplit(self.path)
        state.requests.append((self.command, parts.path))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        for planned in state.refusals:
            if planned[0] == self.command and re.fullmatch(planned[1], parts.path):
                state.refusals.remove(planned)
                if planned[2]:
                    self._send(planned[2])
                self.close_connection = True
                return
        if parts.path == "/api/v1/":
            self._send(200, {"user": {"list_endpoint": "/api/v1/user/"}})
            return
        if not parts.path.startswith("/api/v1/"):
            self._send(404, "<h1>Not Found</h1>")
            return
        if self.headers.get("Authorization") != f"ApiKey facility:{KEY}":
            self._send(401)
            return
        names = parts.path.removeprefix("/api/v1/").strip("/").split("/")
        with state.lock:
            getattr(self, f"_{self.command.lower()}")(names, query, body)

    def _get(self, names: list[str], query: dict[str, str], body: bytes) -> None:
        state = self.server_state
        match names:
            case ["user"]:
                self._list([u for u in map(self._user, state.users) if _fits(u, query)])
            case ["mydata_user"]:
                self._send(200, {"success": False})
            case ["group"]:
                rows = [{"id": n, "name": name} for name, n in state.groups.items()]
                self._list([row for row in rows if _fits(row, query)])
            case ["facility"]:
                self._list([self._facility(name) for name in state.facilities])
            case ["instrument" | "mydata_experiment" | "dataset" | "mydata_uploader" as name]:
                self._list([row for row in state.rows[name] if _fits(row, query)])
            case ["mydata_uploaderregistrationrequest" as name]:
                rows = [row for row in state.rows[name] if _fits(row, query)]
                for row in rows:
                    row.update(approved=state.box is not None, approved_storage_box=state.box)
                self._list(rows)
            case ["mydata_dataset_file"]:
                rows = [self._file(each) for each in state.files]
                self._list([row for row in rows if _fits(row, query)])
            case ["mydata_dataset_file", number]:
                self._send(200, self._file(state.files[int(number)]))
            case ["dataset_file", number, "verify"]:
                if state.verifies:
                    state.files[int(number)].verify()
                self._send(200)
            case ["mydata_replica", number]:
                self._send(200, {"id": int(number), "size": state.files[int(number)].size()})
            case ["mydata_upload", number]:
                held = state.files[int(number)]
                self._send(200, {
                    "success": True, "completed": held.content is not None,
                    "offset": len(held.chunks), "size": CHUNK, "checksum": state.checksum,
                })  # fmt: skip
            case ["mydata_upload", number, "complete"]:
                held = state.files[int(number)]
                held.content = bytes(held.chunks)
                self._send(200, {"success": True, "verified": False})
            case _:
                self._send(404)

    def _post(self, names: list[str], query: dict[str, str], body: bytes) -> None:
        state = self.server_state
        match names:
            case ["mydata_dataset_file"]:
                self._take(body)
            case ["mydata_upload", number, "upload"]:
                self._chunk(state.files[int(number)], body)
            case [name] if name in state.rows:
                given = json.loads(body)
                row = {**given, "id": len(state.rows[name]) + 1}
                row["resource_uri"] = f"/api/v1/{name}/{row['id']}/"
                if name == "dataset":
                    row["experiments__id"] = int(given["experiments"][0].split("/")[-2])
                if name == "instrument":
                    row["facility__id"] = int(given["facility"].split("/")[-2])
                if name == "mydata_uploaderregistrationrequest":
                    row["uploader__uuid"] = state.rows["mydata_uploader"][-1]["uuid"]
                    row.update(approved=state.box is not None, approved_storage_box=state.box)
                state.rows[name].append(row)
                self._send(201, "" if name == "objectacl" else row, row["resource_uri"])
            case _:
                self._send(404)

    def _put(self, names: list[str], query: dict[str, str], body: bytes) -> None:
        row = self.server_state.rows[names[0]][int(names[1]) - 1]
        row.update(json.loads(body))
        self._send(200, row)

    def _take(self, body: bytes) -> None:
        state = self.server_state
        kind = self.headers["Content-Type"]
        content = None
        if kind.startswith("multipart/form-data"):
            mark = b"--" + kind.partition("boundary=")[2].encode()
            _, first, second, _ = body.split(mark)
            facts = json.loads(first.partition(b"\r\n\r\n")[2])
            content = second.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
        else:
            facts = json.loads(body)
        key = (facts["dataset"], facts["directory"], facts["filename"])
        for each in state.files:
            if key == (each.facts["dataset"], each.facts["directory"], each.facts["filename"]):
                self._send(409)
                return
        made = Datafile(len(state.files), facts, content)
        state.on_file(facts["filename"])
        state.files.append(made)
        place = f"/api/v1/mydata_dataset_file/{made.id}/"
        if content is None:
            folder = quote(facts["directory"], safe="/")
            made.target = state.staging / f"set-{made.id}" / folder / facts["filename"]
            self._send(201, str(made.target), place)
        else:
            if state.verifies:
                made.verify()
            self._send(201, "", place)

    def _chunk(self, held: Datafile, body: bytes) -> None:
        span = re.fullmatch(r"(\d+)-(\d+)/(\d+)", self.headers["Content-Range"])
        assert span is not None
        good = (
            self.headers["Checksum"] == hashlib.md5(body).hexdigest()
            and int(span[1]) == len(held.chunks)
            and int(span[2]) == int(span[1]) + len(body)
            and len(body) <= CHUNK
        )
        if good:
            held.chunks += body
        self._send(200, {"success": True, "id": 1} if good else {"success": False, "error": "no"})

    def _user(self, name: str) -> dict[str, Any]:
        number, first, last, email = self.server_state.users[name]
        return {
            "id": number, "username": name, "first_name": first, "last_name": last,
            "email": email, "email__iexact": email.lower(), "groups": [],
        }  # fmt: skip

    def _facility(self, name: str) -> dict[str, Any]:
        number = self.server_state.facilities[name]
        return {"id": number, "name": name, "manager_group": MANAGERS}

    def _file(self, each: Datafile) -> dict[str, Any]:
        replica = {
            "id": each.id, "datafile": f"/api/v1/dataset_file/{each.id}/",
            "uri": str(each.target.relative_to(self.server_state.staging)) if each.target else "x",
            "verified": each.verified,
        }  # fmt: skip
        return {
            **each.facts, "id": each.id, "size": str(each.facts["size"]),
            "dataset__id": each.facts["dataset"].split("/")[-2], "replicas": [replica],
        }  # fmt: skip

    def _list(self, rows: list[dict[str, Any]]) -> None:
        meta = {"limit": 20, "next": None, "offset": 0, "total_count": len(rows)}
        self._send(200, {"meta": meta, "objects": rows})

    def _send(self, status: int, body: Any = "", place: str = "") -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        data = text.encode()
        self.send_response(status)
        kind = "text/html" if isinstance(body, str) else "application/json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if place:
            self.send_header("Location", place)
        self.end_headers()
        self.wfile.write(data)


def _fits(row: dict[str, Any], query: dict[str, str]) -> bool:
    """What a row does not have is ignored, as the server does with unknown filters."""
    return all(str(row[key]) == value for key, value in query.items() if key in row)
