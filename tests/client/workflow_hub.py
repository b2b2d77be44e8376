"""A small hub on real sockets that speaks of workflows and jobs as seeds/workflow-hub.txt prints
them: what a test puts into it is what it answers, and it keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "lgn_a_key_of_the_tests"
WORKFLOWS = [
    {"id": 1, "name": "migrate", "label": "Migrate", "icon": "", "fields": [],
     "steps": [{"name": "hsm.migrate"}]},
    {"id": 2, "name": "weed", "label": "Weed out", "icon": "", "steps": [{"name": "hsm.delete"}],
     "fields": [{"name": "keep", "label": "How many", "type": "int"},
                {"name": "dry", "label": "Only say", "type": "bool"},
                {"name": "where", "label": "Where", "type": "enum[site]"}]},
]  # fmt: skip


def job_row(number: int, state: str = "SUCCESS", **counts: int) -> dict[str, Any]:
    named = {f"num{name}files": counts.get(name, 0) for name in ("processed", "skipped", "failed")}
    return {
        "id": number, "url": "", "jobtype": "migrate", "site": "north", "state": state,
        "created": "2026-05-30T12:00:00Z", "owner": "ada", "numfiles": sum(counts.values()),
        "dir_walk_complete": True, "num_dir_tasks": 0, "discovery": None, "paths": [], **named,
    }  # fmt: skip


@dataclass
class WorkflowHub:
    """`jobs` maps a number to the rows it shows, one look after the other; the last one stays."""

    jobs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    tasks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    failed: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    schedule: dict[str, Any] = field(
        default_factory=lambda: {
            "id": 5, "enabled": True, "next_run": "2026-05-31T03:00:00Z", "last_error": "",
        }
    )  # fmt: skip
    away: int = 0
    """So many further requests meet a hub that is away."""
    looked: threading.Event = field(default_factory=threading.Event)
    """Somebody has looked at a job."""
    url: str = ""

    @property
    def submitted(self) -> Any:
        """The body of the only submission."""
        (body,) = [given for _, path, given in self.asked if path == "/api/file/workflow/"]
        return body

    def answer(self, method: str, path: str, query: dict[str, str], given: Any) -> tuple[int, Any]:
        """Status and document."""
        words = path.strip("/").split("/")[1:]
        match method, words:
            case "POST", ["auth", "token"]:
                right = given == {"username": "ada", "password": "engine"}
                return (201, {"access": "a.b.c", "refresh": "d"}) if right else (401, {})
            case "POST", ["auth", "clientkeys"]:
                return 201, {"url": "", "id": 1, "name": given["name"], "api_key": "made.key"}
            case "GET", ["workflows"]:
                return 200, _page(WORKFLOWS)
            case "POST", ["file", "workflow"]:
                return 201, {**given, "job": next(iter(self.jobs), 7)}
            case "GET", ["jobs"]:
                return 200, _page([rows[-1] for rows in self.jobs.values()])
            case "GET", ["jobs", number]:
                rows = self.jobs[int(number)]
                self.looked.set()
                return 200, rows.pop(0) if len(rows) > 1 else rows[0]
            case "GET", ["jobs", number, "files"]:
                after = int(query.get("after", 0))
                rest = self.failed[after : after + 15]
                place = f"http://hub/api/jobs/{number}/files/?category=failed&after={after + 15}"
                more = place if self.failed[after + 15 :] else None
                return 200, {"id": int(number), "files": rest, "next": more}
            case "POST", ["jobs", number, _]:
                return 201, {"id": int(number)}
            case "DELETE", ["jobs", _]:
                return 204, None
            case "POST", ["file", "workflow", "preview"]:
                stage = {"step": "hsm.delete", "site": given["site"], "args": {"x": 1}}
                return 200, {"stages": [stage]}
            case (("GET" | "POST" | "PATCH"), ["schedules", *_]):
                if path.endswith("/run/"):
                    return 201, {"job": 9}
                self.schedule |= given or {}
                return 200, {"results": [self.schedule], "next": None, **self.schedule}
            case "DELETE", ["schedules", _]:
                return 204, None
            case "GET", ["tasks"]:
                return 200, _page([rows[0] for rows in self.tasks.values()])
            case "GET", ["tasks", name]:
                rows = self.tasks[name]
                return 200, rows.pop(0) if len(rows) > 1 else rows[0]
        return 404, {"detail": f"There is no {path}."}


def _page(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"count": len(rows), "next": None, "previous": None, "results": rows}


@contextmanager
def running(hub: WorkflowHub) -> Iterator[WorkflowHub]:
    """Serve it on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            given = json.loads(body) if body else None
            hub.asked.append((self.command, parts.path, given))
            signed_in = self.headers.get("Authorization") in (f"Api-Key {KEY}", "Bearer a.b.c")
            if hub.away:
                hub.away -= 1
                status, document = 503, None
            elif not signed_in and parts.path != "/api/auth/token/":
                status, document = 401, {"detail": "The credential is not good."}
            else:
                query = dict(parse_qsl(parts.query))
                status, document = hub.answer(self.command, parts.path, query, given)
            text = b"" if document is None else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
