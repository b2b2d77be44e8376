"""Proxies by setting and environment, and the limit on bytes a second."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from lagan.agent.pace import Pace
from lagan.agent.server import proxy_for
from lagan.kit.errors import BadInput
from lagan.kit.http import Http
from tests.agent.conftest import Bench
from tests.agent.hub import TestHub

FOUND = {"http": "http://p:1", "https": "http://p:2", "no": "example.org,10.0.0.1"}


@pytest.mark.parametrize(
    ("url", "proxy", "expected"),
    [
        ("http://hub.example.net", "", "http://p:1"),
        ("https://hub.example.net", "", "http://p:2"),
        ("https://hub.example.org", "", None),
        ("https://10.0.0.1", "", None),
        ("http://127.0.0.1:8000", "", None),
        ("http://localhost", "", None),
        ("https://hub.example.net", "direct", None),
        ("https://hub.example.org", "http://mine:3128", "http://mine:3128"),
    ],
)
def test_which_proxy(bench: Bench, url: str, proxy: str, expected: str | None) -> None:
    assert proxy_for(bench.settings(hub_url=url, proxy=proxy), dict(FOUND)) == expected


class Proxy(BaseHTTPRequestHandler):
    """Answers absolute addresses itself and keeps what it was asked."""

    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Proxy-Authorization")))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def proxy() -> Iterator[tuple[int, list[tuple[str, str | None]]]]:
    asked: list[tuple[str, str | None]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("P", (Proxy,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_requests_go_by_the_proxy_with_its_own_credential(
    proxy: tuple[int, list[tuple[str, str | None]]],
) -> None:
    port, asked = proxy
    http = Http("http://hub.invalid", proxy=f"http://kim:pa%20ss@127.0.0.1:{port}")
    assert http.request("GET", "api/auth/me/").json() == {}
    http.close()
    word = base64.b64encode(b"kim:pa ss").decode()
    assert asked == [("http://hub.invalid/api/auth/me/", f"Basic {word}")]


def test_a_wrong_proxy_is_named_without_its_password() -> None:
    with pytest.raises(BadInput, match="proxy") as caught:
        Http("http://hub.invalid", proxy="ftp://kim:secret@x")
    assert "secret" not in caught.value.sentence


def test_the_pace_is_kept_by_all_threads_together() -> None:
    pace = Pace(1_000_000, threading.Event())
    began = time.monotonic()
    threads = [threading.Thread(target=pace.spend, args=(100_000,)) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert time.monotonic() - began >= 0.29


def test_stopping_ends_the_wait_and_no_limit_waits_for_nothing() -> None:
    stop = threading.Event()
    stop.set()
    Pace(1, stop).spend(10**9)
    Pace(0, threading.Event()).spend(10**12)


def test_a_run_keeps_its_limit(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.raw", bytes(2_000_000))
    began = time.monotonic()
    assert bench.sync(bandwidth_limit=4).exit == 0
    assert time.monotonic() - began >= 0.45
