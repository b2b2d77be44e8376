"""Whatever is sent to the port: an answer, never a failure of ours, and nothing outside the volumes
is touched."""

from __future__ import annotations

import hashlib
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lagan.hub.doors.node.commands.table import COMMANDS
from tests.hub.doors.node.conftest import MakeNode
from tests.hub.doors.node.requests_of_any_kind import Sent, noise, requests
from tests.services.node import Node

pytestmark = pytest.mark.database
EXAMPLES = int(os.environ.get("LAGAN_FUZZ_EXAMPLES", "250"))
TURNING = {"EXIT", "OFFLINE", "ONLINE", "INIT"}
"""Commands after which the node is another: they have tests of their own."""
ASKED = sorted(set(COMMANDS) - TURNING) + ["", "favicon.ico", "robots.txt", "ngamsInternal.dtd",
                                           "os", "status", "../STATUS", "ngamsCmd_x"]  # fmt: skip
FOR_EVERYBODY = settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def node(make_node: MakeNode, database: str, tmp_path_factory: pytest.TempPathFactory) -> Node:
    folder = tmp_path_factory.mktemp("fuzzed")
    outside = folder / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"the secret of this test")
    made = make_node(folder=folder / "node", database=database, server={"TimeOut": "20"})
    for name in ("a.bin", "b.txt"):
        assert made.qarchive(name, b"0123456789", mime_type="text/plain").status == 200
    return made


@pytest.fixture(autouse=True)
def nothing_unexpected(node: Node) -> Iterator[None]:
    """What the node did not expect is in its log; and it is not busy for ever."""
    yield
    log = node.log()
    assert "a request failed" not in log, log[log.find("a request failed") :][:3000]
    assert node.get("STATUS").of("Status")["SubState"] == "IDLE"


def ask(node: Node, sent: bytes) -> bytes:
    """All that the node says until it closes the connection."""
    with socket.create_connection((node.address, node.port), timeout=60) as client:
        client.sendall(sent)
        answer = b""
        while piece := client.recv(1 << 20):
            answer += piece
    return answer


def judge(node: Node, sent: Sent) -> None:
    try:
        answer = ask(node, sent.raw)
    except (BrokenPipeError, ConnectionResetError):
        # It said no before it had read everything.
        return
    told = re.match(rb"HTTP/1\.[01] (?:100 Continue\r\n\r\nHTTP/1\.[01] )?(\d{3}) ", answer)
    assert told is not None, answer[:300]
    assert int(told[1]) not in (500, 503), answer[:2000]
    assert b"the secret of this test" not in answer
    assert b"root:x:0:0" not in answer


def outside(node: Node) -> dict[str, str]:
    """Everything beside the root directory, by path and content."""
    files = (each for each in node.folder.parent.rglob("*") if each.is_file())
    mine = (each for each in files if not each.is_relative_to(node.folder))
    return {str(each): hashlib.sha256(each.read_bytes()).hexdigest() for each in mine}


@FOR_EVERYBODY
@given(sent=requests(ASKED))
def test_any_request_is_answered(node: Node, sent: Sent) -> None:
    judge(node, sent)


@settings(FOR_EVERYBODY, max_examples=EXAMPLES // 3)
@given(sent=noise())
def test_any_noise_is_answered(node: Node, sent: Sent) -> None:
    judge(node, sent)


@settings(FOR_EVERYBODY, max_examples=EXAMPLES // 3)
@given(data=st.data())
def test_containers_of_any_kind(node: Node, data: st.DataObject) -> None:
    names = sorted(name for name in COMMANDS if name.startswith("C") and "CONTAINER" not in name)
    judge(node, data.draw(requests([each for each in names if each != "CONFIG"])))


def test_nothing_outside_was_touched(node: Node) -> None:
    before = outside(node)
    assert any(each.endswith("secret") for each in before)
    for command in ASKED:
        for name in ("path", "file_id", "filename", "fileUri", "file_path", "url", "disk_id"):
            secret = node.folder.parent / "outside" / "secret"
            judge(
                node,
                Sent(f"GET /{command}?{name}={secret}&execute=1 HTTP/1.0\r\n\r\n".encode(), b""),
            )
    assert outside(node) == before
    assert not Path("/tmp/escaped").exists()
