"""What deployed clients send, byte for byte over bare sockets, and what they look for in answers.

Source: reference/ngas-http.md section 14.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.services.node import Node

HELLO = b"hello world\n"
Pair = tuple[Node, Node]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A node, and another of its cluster that redirects to it."""
    folder = tmp_path_factory.mktemp("clients")
    database = f'Interface="sqlite3" database="{folder}/shared.sqlite"'
    nodes = [Node(folder / name, database) for name in ("one", "two")]
    with ThreadPoolExecutor() as pool:
        list(pool.map(Node.start, nodes))
    yield nodes[0], nodes[1]
    for each in nodes:
        each.stop()


def ask(node: Node, sent: bytes) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """The status line, the headers and the body of an answer; the server ends the connection, as
    clients wait for it."""
    with socket.create_connection((node.address, node.port), timeout=60) as connection:
        connection.sendall(sent)
        got = connection.makefile("rb").read()
    head, _, body = got.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    headers = {name: value for name, _, value in (each.partition(b": ") for each in lines)}
    assert len(body) == int(headers[b"Content-Length"])
    return line, headers, body


def c_push(command: str, name: str, content: bytes, *, type: str = "text/plain") -> bytes:
    """As ngamsCClient archives: every parameter is in a header."""
    return (
        f"POST /{command} HTTP/1.0\r\n"
        "User-agent: NG/AMS C-API\r\n"
        f"Content-Type: {type}\r\n"
        f"Content-Length: {len(content)}\r\n"
        f'Content-Disposition: attachment; filename="{name}"; no_versioning="0"; wait="1"; '
        'time_out="5"\r\n\r\n'
    ).encode() + content


def python_push(node: Node, command: str, name: str, content: bytes) -> bytes:
    """As ngamsPClient archives, with the version -1 that its command line sends."""
    return (
        f"POST /{command}?file_version=-1&async=0&no_versioning=0&filename={quote(name)}"
        "&time_out=5.0 HTTP/1.1\r\n"
        f"Host: {node.address}:{node.port}\r\n"
        "Accept-Encoding: identity\r\n"
        "Content-Type: ngas/archive-request\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    ).encode() + content


def c_get(target: str) -> bytes:
    """As ngamsCClient asks: no slash, no Host."""
    return f"GET {target} HTTP/1.0\r\nUser-agent: NG/AMS C-API\r\n\r\n".encode()


def attribute(body: bytes, name: str) -> str:
    """An attribute of a status document as the C client finds it: by searching the text."""
    found = re.search(rb'\b%s="([^"]*)"' % name.encode(), body)
    assert found is not None, body
    return found[1].decode()


def test_the_c_client_asks_for_the_status(pair: Pair) -> None:
    line, headers, body = ask(pair[0], c_get("STATUS?time_out=5.000000"))
    assert line == b"HTTP/1.0 200 OK"
    assert headers[b"Content-Type"] == b"text/xml"
    assert attribute(body, "Message") == "Successfully handled command STATUS"
    assert attribute(body, "Status") == "SUCCESS"


def test_the_c_client_archives_and_retrieves(pair: Pair) -> None:
    line, _, body = ask(pair[0], c_push("QARCHIVE", "c-client.txt", HELLO))
    assert line == b"HTTP/1.0 200 OK"
    assert attribute(body, "FileId") == "c-client.txt"
    assert attribute(body, "Message") == (
        "Successfully handled Archive Push Request for data file with URI: c-client.txt"
    )
    line, headers, body = ask(pair[0], c_get("RETRIEVE?file_id=c-client.txt&time_out=5.000000"))
    assert line == b"HTTP/1.0 200 OK"
    assert headers[b"Content-Disposition"] == b'attachment; filename="c-client.txt"'
    assert body == HELLO


def test_the_c_client_escapes_some_of_what_it_sends(pair: Pair) -> None:
    ask(pair[0], c_push("QARCHIVE", "T:300K v1.txt", HELLO))
    _, _, body = ask(pair[0], c_get("RETRIEVE?file_id=T%3A300K%20v1.txt&time_out=5.000000"))
    assert body == HELLO
    _, _, body = ask(pair[0], c_get("RETRIEVE?file_id=T:300K v1.txt&time_out=5.000000"))
    assert body == HELLO


def test_the_c_client_is_refused_in_its_words(pair: Pair) -> None:
    line, _, body = ask(pair[0], c_get("RETRIEVE?file_id=nix&time_out=5.000000"))
    assert line.startswith(b"HTTP/1.0 400")
    assert attribute(body, "Status") == "FAILURE"
    assert attribute(body, "Message").startswith("NGAMS_ER_UNAVAIL_FILE:4019:ERROR: ")


def test_the_python_client_archives_and_retrieves(pair: Pair) -> None:
    line, headers, body = ask(pair[0], python_push(pair[0], "QARCHIVE", "py client.txt", HELLO))
    assert line == b"HTTP/1.0 200 OK"
    assert headers[b"Connection"] == b"close"
    assert attribute(body, "FileVersion") == "1"
    line, headers, body = ask(
        pair[0],
        f"GET /RETRIEVE?file_id=py%20client.txt&time_out=5.0 HTTP/1.1\r\nHost: {pair[0].address}:"
        f"{pair[0].port}\r\nAccept-Encoding: identity\r\n\r\n".encode(),
    )
    assert (line, body) == (b"HTTP/1.0 200 OK", HELLO)
    assert headers[b"Content-Disposition"] == b'attachment; filename="py client.txt"'


def test_the_python_client_resumes(pair: Pair) -> None:
    """It takes anything but 200 for a failure."""
    ask(pair[0], c_push("QARCHIVE", "resumed.txt", HELLO))
    line, headers, body = ask(
        pair[0],
        b"GET /RETRIEVE?file_id=resumed.txt HTTP/1.1\r\nHost: x\r\nRange: bytes=6-\r\n\r\n",
    )
    assert (line, body) == (b"HTTP/1.0 200 OK", b"world\n")
    assert headers[b"Accept-Ranges"] == b"bytes"
    assert headers[b"Content-Range"] == b"bytes 6-11/12"


@pytest.mark.parametrize("slash", ["/", ""])
def test_a_redirect_names_host_and_port_and_what_was_asked(pair: Pair, slash: str) -> None:
    ask(pair[0], c_push("QARCHIVE", "elsewhere.txt", HELLO))
    target = "RETRIEVE?file_id=elsewhere.txt&time_out=5.000000"
    line, headers, body = ask(pair[1], c_get(f"{slash}{target}"))
    assert line == b"HTTP/1.0 303 See Other"
    assert headers[b"Location"].decode() == f"http://127.0.0.1:{pair[0].port}/{target}"
    assert body == b""


def test_a_redirect_is_one_line_whatever_was_asked(pair: Pair) -> None:
    ask(pair[0], c_push("QARCHIVE", "one line.txt", HELLO))
    line, headers, _ = ask(
        pair[1], c_get("RETRIEVE?file_id=one%20line.txt&x=%0d%0aSet-Cookie:%20a&y=<é>")
    )
    assert line == b"HTTP/1.0 303 See Other"
    assert b"Set-Cookie" not in headers
    assert headers[b"Location"].endswith(b"&x=%0d%0aSet-Cookie:%20a&y=%3C%C3%A9%3E")


def test_a_file_monitor_asks_whether_what_it_sent_is_there(pair: Pair) -> None:
    ask(pair[0], python_push(pair[0], "QARCHIVE", "monitored.txt", HELLO))
    _, _, body = ask(
        pair[1],
        b"GET /STATUS?file_id=monitored.txt&file_version=1 HTTP/1.1\r\nHost: x\r\n\r\n",
    )
    assert attribute(body, "Status") == "SUCCESS"
    assert attribute(body, "FileSize") == "12"


def test_a_client_that_goes_away_while_it_is_given_a_file_harms_nobody(
    pair: Pair, tmp_path: Path
) -> None:
    content = bytes(8 << 20)
    ask(pair[0], c_push("QARCHIVE", "left.bin", content, type="application/octet-stream"))
    for _ in range(5):
        with socket.create_connection((pair[0].address, pair[0].port), timeout=60) as connection:
            connection.sendall(c_get("RETRIEVE?file_id=left.bin"))
            assert connection.recv(100)
    _, _, body = ask(pair[0], c_get("RETRIEVE?file_id=left.bin"))
    assert body == content
