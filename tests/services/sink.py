"""A receiver of subscriptions that is no node: it records what is sent, byte for byte, and answers
as it is told."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Got:
    """A request: its line, its headers in order, its body."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def path(self) -> str:
        """Path and query."""
        return self.line.split(" ")[1]

    def header(self, name: str) -> str | None:
        """A header's value; None without it."""
        return dict(self.headers).get(name)


@dataclass(frozen=True, slots=True)
class Reaction:
    """How one request is answered. `broken`: the connection ends without a word, after the body
    was read. `until`: it is waited for before."""

    status: int = 200
    body: bytes = b""
    broken: bool = False
    until: threading.Event | None = None


GOOD = Reaction()


@dataclass
class Sink:
    """Reactions are used up in order; then everything is answered 200."""

    reactions: deque[Reaction] = field(default_factory=deque)
    got: list[Got] = field(default_factory=list)
    decide: Callable[[Got], Reaction | None] = lambda _got: None
    at_once: int = 0
    most_at_once: int = 0

    def start(self) -> Sink:
        """Listen on a free port of the loopback."""
        self.guard = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        return self

    def stop(self) -> None:
        """Listen no more."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def url(self, path: str = "/QARCHIVE") -> str:
        """Where it takes files."""
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def bodies(self) -> list[bytes]:
        """The bodies of all requests, in order."""
        with self.guard:
            return [each.body for each in self.got]

    def names(self) -> list[str]:
        """The file ids of all requests, in order."""
        with self.guard:
            found = [each.header("Content-Disposition") or "" for each in self.got]
        return [each.rpartition("file_id=")[2] for each in found]

    def _take(self, got: Got) -> Reaction:
        with self.guard:
            self.got.append(got)
            decided = self.decide(got)
            return decided or (self.reactions.popleft() if self.reactions else GOOD)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                with sink.guard:
                    sink.at_once += 1
                    sink.most_at_once = max(sink.most_at_once, sink.at_once)
                try:
                    reaction = self._react()
                finally:
                    # Whoever has the answer may send the next before this thread goes on.
                    with sink.guard:
                        sink.at_once -= 1
                self._answer(reaction)

            def do_GET(self) -> None:
                self.do_POST()

            def _react(self) -> Reaction:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                line = self.requestline
                reaction = sink._take(Got(line, list(self.headers.items()), body))
                if reaction.until is not None:
                    assert reaction.until.wait(60)
                return reaction

            def _answer(self, reaction: Reaction) -> None:
                if reaction.broken:
                    self.close_connection = True
                    return
                self.send_response(reaction.status)
                self.send_header("Content-Length", str(len(reaction.body)))
                self.end_headers()
                self.wfile.write(reaction.body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
