"""Whatever a client sends, it gets an answer; what it is used to, stays as it is."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lagan.hub.doors.node.wire.body import Body
from lagan.hub.doors.node.wire.requests import Request
from lagan.hub.doors.node.wire.server import BUSY, Answer, NodeServer
from lagan.kit.errors import LaganError


class Echo:
    """Answers with what it understood; `/FAIL` raises, `/WAIT` waits for `go`."""

    def __init__(self, file: Path) -> None:
        self.file, self.go, self.waiting = file, threading.Event(), threading.Semaphore(0)

    def __call__(self, request: Request, body: Body, asker: tuple[str, int]) -> Answer:
        match request.command:
            case "FAIL":
                raise ZeroDivisionError("by zero")
            case "WAIT":
                self.waiting.release()
                assert self.go.wait(60)
                return Answer(200)
            case "FILE":
                opened = self.file.open("rb")
                return Answer(200, [("Content-Type", "a/b")], file=(opened, 2, 4))
            case "PIECES":
                return Answer(200, [("X", "one\r\nY: two")], iter([b"ab", b"cd"]), size=4)
            case "EARLY":
                return Answer(400, content=b"no")
        count = sum(map(len, body.pieces()))
        said = f"{request.method} {request.command} {sorted(request.parameters)} {count}"
        return Answer(200, content=said.encode())


@pytest.fixture
def echo(tmp_path: Path) -> Echo:
    (tmp_path / "file").write_bytes(b"0123456789")
    return Echo(tmp_path / "file")


@pytest.fixture
def server(echo: Echo) -> Iterator[NodeServer]:
    made = NodeServer(("127.0.0.1", 0), echo, most=3, timeout=2.0, failed=_failed)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    echo.go.set()
    made.shutdown()
    made.server_close()
    thread.join()


def _failed(error: Exception) -> Answer:
    said = error.sentence if isinstance(error, LaganError) else str(error)
    return Answer(400, content=said.encode())


def ask(server: NodeServer, sent: bytes, *, end: bool = False) -> bytes:
    """Everything the server says until it closes."""
    with connect(server) as client:
        client.sendall(sent)
        if end:
            client.shutdown(socket.SHUT_WR)
        return client.makefile("rb").read()


def connect(server: NodeServer) -> socket.socket:
    host, port = server.server_address[:2]
    return socket.create_connection((str(host), port), timeout=60)


def said(answer: bytes) -> tuple[str, bytes]:
    head, _, content = answer.partition(b"\r\n\r\n")
    return head.decode().splitlines()[0], content


@pytest.mark.parametrize(
    ("sent", "content"),
    [
        (b"GET STATUS?time_out=5.000000 HTTP/1.0\r\n\r\n", b"GET STATUS ['time_out'] 0"),
        (b"GET //STATUS/ HTTP/1.1\r\nHost: x\r\n\r\n", b"GET STATUS [] 0"),
        (b"GET /STATUS\r\n\r\n", b"GET STATUS [] 0"),
        (b"PUT /QARCHIVE HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", b"PUT QARCHIVE [] 3"),
        (
            b"POST /QARCHIVE HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            b"POST QARCHIVE [] 3",
        ),
        (b"DELETE /STATUS HTTP/1.1\r\n\r\n", b"DELETE STATUS [] 0"),
        (b"OPTIONS /STATUS HTTP/1.1\r\n\r\n", b"OPTIONS STATUS [] 0"),
        (b"GET /FILE HTTP/1.0\r\n\r\n", b"2345"),
        (b"GET /PIECES HTTP/1.0\r\n\r\n", b"abcd"),
        (b"HEAD /FILE HTTP/1.0\r\n\r\n", b""),
    ],
)
def test_every_client_is_answered(server: NodeServer, sent: bytes, content: bytes) -> None:
    assert said(ask(server, sent)) == ("HTTP/1.0 200 OK", content)


def test_a_header_cannot_be_smuggled_into_an_answer(server: NodeServer) -> None:
    assert b"\r\nY:" not in ask(server, b"GET /PIECES HTTP/1.0\r\n\r\n")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"GET /FAIL HTTP/1.0\r\n\r\n", b"by zero"),
        (b"POST /X HTTP/1.0\r\nContent-Length: many\r\n\r\n", b"no length"),
        (b"POST /X HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", b"no length of a chunk"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.0\r\n\r\n", b"at most"),
        (b"GET / HTTP/1.0\r\n" + b"A: b\r\n" * 200 + b"\r\n", b"at most 100 headers"),
    ],
)
def test_what_goes_wrong_is_answered(server: NodeServer, sent: bytes, words: bytes) -> None:
    line, content = said(ask(server, sent))
    assert line == "HTTP/1.0 400 Bad Request"
    assert words in content


def test_an_early_refusal_reaches_a_client_that_still_sends(server: NodeServer) -> None:
    sent = b"POST /EARLY HTTP/1.0\r\nContent-Length: 500000\r\n\r\n" + b"x" * 500_000
    assert said(ask(server, sent)) == ("HTTP/1.0 400 Bad Request", b"no")


def test_a_client_that_goes_away_leaves_nothing_hanging(server: NodeServer) -> None:
    sent = b"POST /QARCHIVE HTTP/1.0\r\nContent-Length: 100\r\n\r\nabc"
    assert ask(server, sent, end=True) == b""
    assert b"200" in ask(server, b"GET /STATUS HTTP/1.0\r\n\r\n")


def test_a_connection_is_kept_for_who_asks(server: NodeServer) -> None:
    request = b"GET /STATUS HTTP/1.1\r\nConnection: keep-alive\r\n\r\n"
    with connect(server) as client:
        for _ in range(3):
            client.sendall(request)
            answer = b""
            while not answer.endswith(b"GET STATUS [] 0"):
                answer += client.recv(65_536) or pytest.fail("it was closed")
            assert answer.startswith(b"HTTP/1.1 200 OK")


def test_more_than_it_may_handle_is_refused_in_the_known_words(
    server: NodeServer, echo: Echo
) -> None:
    waiting = [connect(server) for _ in range(3)]
    for each in waiting:
        each.sendall(b"GET /WAIT HTTP/1.0\r\n\r\n")
    for _ in waiting:
        assert echo.waiting.acquire(timeout=60)
    assert ask(server, b"") == BUSY
    echo.go.set()
    for each in waiting:
        assert each.makefile("rb").read().startswith(b"HTTP/1.0 200")
        each.close()


def test_a_silent_client_is_dropped(server: NodeServer) -> None:
    with connect(server) as client:
        client.sendall(b"GET /STA")
        assert client.makefile("rb").read() == b""


def test_a_body_is_exactly_what_was_announced() -> None:
    body = Body(io.BufferedReader(io.BytesIO(b"abcdef")), 4)
    assert b"".join(body.pieces()) == b"abcd"
    assert body.drain(0)
