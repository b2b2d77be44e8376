"""Commands of plug-ins, as clients meet them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lagan.hub.doors.node.commands.plug_in_commands import meant
from lagan.hub.doors.node.wire.reply import Done, Failed
from tests.services.node import Node

MODULES = {
    "ngamsCmd_LYING": "def handleCmd(server, request, http):\n    return request.get('say')\n",
    "site/echo": """
def handleCmd(server, request, http):
    assert "say" in request and request.getHttpPar("say") == request["say"]
    http.send_data(http.read(3) + b"|" + http.read(), "a/b", 201)
""",
    "told": "def handleCmd(server, request, http):\n    return 409, 'FAILURE', server.host_id\n",
    "quiet": "def handleCmd(server, request, http): pass\n",
    "odd": "def handleCmd(server, request, http): return {}\n",
    "broken": "def handleCmd(server, request, http): raise KeyError('oh')\n",
    "status": "def handleCmd(s, r, http): http.send_status('said', 'SUCCESS', 202)\n",
    "script": "raise SystemExit\n",
    "ngamsCmd_STATUS": "def handleCmd(s, r, http): return 'taken over'\n",
}
COMMANDS = {
    "ECHO": "site.echo",
    "TOLD": "ngamsPlugIns.told",
    "QUIET": "quiet",
    "ODD": "odd",
    "BROKEN": "broken",
    "SAYING": "status",
    "GONE": "ngamsPlugIns.ngamsCmd_GONE",
    "ALSO": "ngamsPlugIns.ngamsCmd_STATUS",
    "STATUS": "told",
}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("node")
    for name, text in MODULES.items():
        path = folder / "plug-ins" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    listed = "".join(f'<Command Name="{k}" Module="{v}"/>' for k, v in COMMANDS.items())
    running = Node(
        folder,
        elements={"Commands": f"<Commands>{listed}</Commands>"},
        options=("-autoonline", "-path", str(folder / "plug-ins")),
    ).start()
    yield running
    running.stop()


def test_a_message_is_the_answer(node: Node) -> None:
    reply = node.get("LYING", say="hello")
    assert (reply.status, reply.message) == (200, "hello")


def test_nothing_is_success(node: Node) -> None:
    assert node.get("QUIET").message == "Successfully handled request"


def test_code_status_and_message(node: Node) -> None:
    reply = node.get("TOLD")
    assert (reply.status, reply.of("Status")["Status"]) == (409, "FAILURE")
    assert reply.message == node.host_id


def test_a_plug_in_reads_the_body_and_sends_data_of_its_own(node: Node) -> None:
    reply = node.post("ECHO", b"abcdef", say="x")
    assert (reply.status, reply.headers["content-type"]) == (201, "a/b")
    assert reply.body == b"abc|def"


def test_a_plug_in_sends_a_status(node: Node) -> None:
    reply = node.get("SAYING")
    assert (reply.status, reply.message) == (202, "said")


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("BROKEN", 400, "The plug-in broken failed: KeyError: 'oh'"),
        ("ODD", 400, "The plug-in odd gave no answer that is one: dict."),
        ("GONE", 400, "No module named ngamsPlugIns.ngamsCmd_GONE"),
        ("script", 404, "Command not found"),
        ("told", 404, "Command not found"),
        ("site.echo", 404, "Command not found"),
        ("os", 404, "Command not found"),
        ("../../etc/passwd", 404, "Command not found"),
    ],
)
def test_refusals(node: Node, command: str, code: int, words: str) -> None:
    reply = node.get(command)
    assert (reply.status, reply.message) == (code, words)
    assert reply.of("Status")["Status"] == "FAILURE"


def test_our_own_commands_are_not_taken_over(node: Node) -> None:
    assert node.get("STATUS").message == "Successfully handled command STATUS"
    assert node.get("ALSO").message == "Successfully handled command STATUS"


def test_only_configured_commands_are_read_again_on_request(node: Node) -> None:
    folder = Path(node.folder) / "plug-ins"
    assert node.get("LYING", say="a").message == "a"
    assert node.get("QUIET").message == "Successfully handled request"
    (folder / "quiet.py").write_text("def handleCmd(s, r, h): return 'louder'\n")
    (folder / "ngamsCmd_LYING.py").write_text("def handleCmd(s, r, h): return 'changed'\n")
    assert node.get("QUIET").message == "Successfully handled request"
    assert node.get("QUIET", reload=1).message == "louder"
    assert node.get("LYING", reload=1, say="a").message == "a"
    (folder / "quiet.py").write_text(MODULES["quiet"])
    (folder / "ngamsCmd_LYING.py").write_text(MODULES["ngamsCmd_LYING"])
    assert node.get("QUIET", reload=1).message == "Successfully handled request"


@pytest.mark.parametrize("said", [0, (), (1, 2), (99, "SUCCESS", "x"), (200, "OK", "x"), b"x"])
def test_what_is_no_answer(said: object) -> None:
    with pytest.raises(Failed):
        meant("mine", said)


def test_what_is_one() -> None:
    assert meant("mine", None) == Done()
    assert meant("mine", [200, "SUCCESS", "x"]) == Done("x")
