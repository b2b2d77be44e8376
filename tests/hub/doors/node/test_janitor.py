"""A node tidies up after itself, keeps its log, lets nobody in who may not, and stops before it is
full."""

from __future__ import annotations

import base64
import mailbox
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from lagan.hub.doors.node.wire.authorization import basic
from tests.hub.doors.node.conftest import MakeNode
from tests.hub.doors.node.test_checking import mail_to
from tests.services.hub import until
from tests.services.node import Node
from tests.services.process import Running

JANITOR = (
    '<JanitorThread SuspensionTime="0T00:00:00.1" MinSpaceSysDirMb="{}">'
    '<PlugIn Name="broken"/><PlugIn Name="sweeper"/></JanitorThread>'
)
LOG = (
    '<Log LocalLogFile="log/LogFile.nglog" LocalLogLevel="4" LogRotateCache="3"'
    ' LogRotateInt="0T00:00:00.3" SysLog="0" SysLogPrefix="node" ArchiveRotatedLogfiles="1">'
    '<LogfileHandlerPlugIn Name="reader" PlugInPars="to=seen"/></Log>'
)
SECRET = "hunter2-is-secret"
AUTHORIZATION = (
    '<Authorization Enable="1" Exclude="STATUS,ONLINE,OFFLINE,INIT,EXIT">'
    '<User Name="anna" Password="{}" Commands="qarchive,RETRIEVE"/></Authorization>'
)
PLUG_INS = {
    "broken": "def run(server, stop):\n    raise ValueError('broken')\n",
    "sweeper": (
        "def run(server, stop):\n    (server.root / 'swept').write_text(str(stop.is_set()))\n"
    ),
    "reader": (
        "def run(pars, server, filename):\n"
        "    with (server.root / pars['to']).open('a') as seen:\n"
        "        seen.write(filename + '\\n')\n"
    ),
}
ANNA = {"Authorization": basic("anna", SECRET)}


def elements(smtp: Running, least_space: int) -> dict[str, str]:
    password = base64.b64encode(SECRET.encode()).decode()
    return {
        "JanitorThread": JANITOR.format(least_space),
        "Log": LOG,
        "Authorization": AUTHORIZATION.format(password),
        "Notification": mail_to(
            smtp, "janitor@example.org", NoDiskSpaceNotification="room@example.org"
        ),
    }


@pytest.fixture(scope="module")
def janitor(make_node: MakeNode, tmp_path_factory: pytest.TempPathFactory, smtp: Running) -> Node:
    folder = tmp_path_factory.mktemp("janitor")
    plug_ins = folder / "plug_ins"
    plug_ins.mkdir()
    for name, text in PLUG_INS.items():
        (plug_ins / f"{name}.py").write_text(text)
    return make_node(
        folder=folder, elements=elements(smtp, 1), server={"PluginsPath": str(plug_ins)}
    )


def test_a_plug_in_that_fails_does_not_stop_the_next(janitor: Node) -> None:
    until((janitor.root / "swept").exists)


def test_log_files_are_put_aside_archived_and_shown(janitor: Node) -> None:
    seen = janitor.root / "seen"
    shown = until(lambda: seen.exists() and seen.read_text().splitlines())
    name = Path(shown[0]).name
    assert name.startswith("LOG-ROTATE-")
    assert name.endswith(".nglog")
    found = janitor.get("RETRIEVE", ANNA, file_id=f"{janitor.host_id}-{name}")
    assert found.status == 200, found.body
    assert b"INFO" in found.body
    assert found.headers["content-type"] == "ngas/nglog"


def test_as_many_log_files_stay_as_configured(janitor: Node) -> None:
    seen = janitor.root / "seen"

    def more() -> bool:
        janitor.get("STATUS")
        return seen.exists() and len(seen.read_text().splitlines()) > 5

    until(more)
    until(lambda: len(list((janitor.root / "log").glob("LOG-ROTATE-*.nglog"))) <= 3)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "Unauthorized request received"),
        ({"Authorization": "Digest x"}, "Invalid authentication scheme: Digest"),
        ({"Authorization": basic("anna", "wrong")}, "wrong password for user anna"),
        ({"Authorization": basic("otto", "wrong")}, "wrong password for user otto"),
    ],
)
def test_who_is_not_known_is_asked_who_they_are(
    janitor: Node, headers: dict[str, str], message: str
) -> None:
    reply = janitor.get("RETRIEVE", headers, file_id="x")
    assert (reply.status, reply.message) == (401, message)
    assert reply.headers["www-authenticate"].startswith("Basic ")


def test_who_may_not_is_refused_and_who_may_is_let_in(janitor: Node) -> None:
    assert janitor.get("STATUS").status == 200
    refused = janitor.get("REMFILE", ANNA, file_id="x", disk_id="y")
    assert (refused.status, refused.message) == (403, "Unauthorized access denied")
    octets = "application/octet-stream"
    stored = janitor.post("QARCHIVE", b"x", ANNA, filename="a.bin", mime_type=octets)
    assert stored.status == 200, stored.body
    told = quote(ANNA["Authorization"])
    assert janitor.get(f"RETRIEVE?authorization={told}&file_id=a.bin").body == b"x"
    assert janitor.get("ANYTHING").status == 401


def test_no_password_is_in_any_log(janitor: Node) -> None:
    told = ANNA["Authorization"]

    def logged() -> str:
        """What is in the logs just now; they are put aside and removed meanwhile."""
        janitor.get(f"RETRIEVE?authorization={quote(told)}&file_id=none")
        janitor.get("RETRIEVE", {"Authorization": told}, file_id="none")
        found = janitor.log()
        for each in (janitor.root / "log").iterdir():
            with suppress(FileNotFoundError, IsADirectoryError):
                found += each.read_text()
        return found if "RETRIEVE" in found else ""

    written = until(logged)
    assert SECRET not in written
    assert told.split()[1] not in written


def test_a_node_without_room_for_itself_goes_offline_and_says_so(
    janitor: Node, smtp: Running
) -> None:
    janitor.elements = elements(smtp, 10**9)
    janitor.configure()
    assert janitor.get("INIT").status == 200
    until(lambda: janitor.get("STATUS").of("Status")["State"] == "OFFLINE")
    box = mailbox.Maildir(smtp.address["maildir"])

    def told() -> bool:
        sent = [each for each in box if each["From"] == "janitor@example.org"]
        return any("NO DISK SPACE" in str(each["Subject"]) for each in sent)

    until(told)
    janitor.elements = elements(smtp, 1)
    janitor.configure()
    assert janitor.get("ONLINE").status == 200
    assert janitor.get("STATUS").of("Status")["State"] == "ONLINE"
