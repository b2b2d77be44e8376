"""What was acknowledged stays, whatever is killed or full; what was not leaves nothing behind."""

from __future__ import annotations

import http.client
import json
import mailbox
import os
import secrets
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from tests.hub.doors.node.conftest import MakeNode
from tests.services.hub import until
from tests.services.node import Node, own_database
from tests.services.process import Running

pytestmark = pytest.mark.database

TEXT = {"Content-Type": "text/plain"}

PREPARE = """
import os, sys
from pathlib import Path
from lagan.hub.doors.node.process import start
from lagan.hub.doors.node.config import load

file = Path(sys.argv[1])
config = load(file)
start.set_up(config)
start.migrate()
from lagan.hub.doors.node.files import buffering
from lagan.hub.doors.node.archival.order import understand
from lagan.hub.doors.node.archival.storing import choose, store
from lagan.hub.doors.node.node import ArchiveNode
from lagan.hub.doors.node.files.pulling import Source
from lagan.hub.doors.node.wire.requests import Request
from lagan.hub.doors.node.process.running import Options

node = ArchiveNode(config, file, Options())
node.go_online()
node.services.stop()  # only this script works

def archive(name, body):
    request = Request("POST", "ARCHIVE", {"filename": name}, {}, len(body), "text/plain")
    order = understand(request, config, full=True)
    store(node, order, Source(iter([body]), len(body)), choose(node, order, len(body)), by=node.by)
"""
DIE_STAGED = """
from lagan.store.staging import PosixIncoming
PosixIncoming.digests = lambda self: os._exit(9)
archive("staged.txt", b"staged")
"""
DIE_PUBLISHED = """
from lagan.store.posix import PosixVolume
publish = PosixVolume.publish
def then_die(self, arrivals):
    publish(self, arrivals)
    os._exit(9)
PosixVolume.publish = then_die
archive("published.txt", b"published")
"""
DIE_WRITTEN = """
from lagan.store.journal import Journal
append = Journal.append
def then_die(self, lines):
    append(self, lines)
    os._exit(9)
Journal.append = then_die
archive("written.txt", b"written")
"""
RETRY = """
print(buffering.retry(node))
node.close()
"""


@pytest.fixture
def database() -> str:
    """A database of one test alone: everything in it is looked at."""
    return own_database() if os.environ["LAGAN_TEST_DATABASE"] == "postgresql" else ""


def run(node: Node, script: str, code: int) -> str:
    """Be the node for a moment, in a process that may die."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("LAGAN_")}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, "-c", PREPARE + script, str(node.configure())],
        capture_output=True, text=True, check=False, env=environment, timeout=150,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout


def catalogued(node: Node) -> list[dict[str, object]]:
    reply = node.get("QUERY", query="files_list", format="json")
    rows: list[dict[str, object]] = json.loads(reply.body)
    return rows


def on_disks(node: Node) -> set[tuple[str, str]]:
    """Slot and name of every object on the disks."""
    return {
        (slot, path.relative_to(node.root / "volumes" / slot).as_posix())
        for slot in node.volumes
        for path in (node.root / "volumes" / slot / "saf").rglob("*")
        if path.is_file()
    }


def test_a_death_at_any_point_leaves_nothing_half_done(make_node: MakeNode, database: str) -> None:
    node = make_node(database=database, volumes=("volume1",), start=False)
    for script in (DIE_STAGED, DIE_PUBLISHED, DIE_WRITTEN):
        run(node, script, 9)
    # The next start after each death settled what the one before had left; the last is left.
    node.start()
    volume = node.root / "volumes" / "volume1"
    assert not list((volume / ".lagan/incoming").iterdir())
    assert node.get("RETRIEVE", file_id="staged.txt").status == 400
    assert node.get("RETRIEVE", file_id="published.txt").status == 400
    assert [each.name.endswith("-published.txt") for each in (volume / "bad-files").iterdir()] == [
        True
    ]
    # Its line was durable: it counts, although its sender never heard.
    assert node.get("RETRIEVE", file_id="written.txt").body == b"written"
    assert node.get("STATUS", file_id="written.txt").of("DiskStatus")["NumberOfFiles"] == "1"
    assert {name for _, name in on_disks(node)} == {each["file_name"] for each in catalogued(node)}
    reply = node.post("ARCHIVE", b"after", TEXT, filename="written.txt")
    assert reply.of("FileStatus")["FileVersion"] == "2"


def test_what_was_acknowledged_survives_kills_under_load(
    make_node: MakeNode, database: str
) -> None:
    node = make_node(database=database)
    acknowledged: dict[str, bytes] = {}
    stopped = threading.Event()

    def send(worker: int) -> None:
        number = 0
        while not stopped.is_set():
            number += 1
            name, body = f"load-{worker}-{number}.txt", b"%d of %d" % (number, worker) * 50
            try:
                reply = node.post(("ARCHIVE", "QARCHIVE")[number % 2], body, TEXT, filename=name)
            except (OSError, http.client.HTTPException):
                stopped.wait(0.05)
                continue
            if reply.status == 200:
                acknowledged[name] = body

    senders = [threading.Thread(target=send, args=(each,)) for each in range(6)]
    for each in senders:
        each.start()
    try:
        for _ in range(2):
            enough = len(acknowledged) + 60
            until(lambda: len(acknowledged) >= enough, 150)  # noqa: B023 - asked at once
            node.kill()
            node.start()
    finally:
        stopped.set()
        for each in senders:
            each.join(150)
    rows = catalogued(node)
    assert max(Counter((row["file_id"], row["file_version"]) for row in rows).values()) == 1
    slots = {node.get("STATUS", disk_id=d).of("DiskStatus")["SlotId"]: d for d in _disks(rows)}
    known = {(row["disk_id"], row["file_name"]) for row in rows}
    assert {(slots[slot], name) for slot, name in on_disks(node)} == known
    assert acknowledged.keys() <= {row["file_id"] for row in rows}
    for name, body in acknowledged.items():
        assert node.get("RETRIEVE", file_id=name, file_version=1).body == body


def _disks(rows: list[dict[str, object]]) -> set[object]:
    return {row["disk_id"] for row in rows}


def test_a_full_disk_refuses_and_goes_on(make_node: MakeNode, tmp_path: Path) -> None:
    node = make_node(volumes=("volume1",), start=False, folder=tmp_path)
    volume = node.root / "volumes" / "volume1"
    mount = (
        f"cp {volume}/.ngas_volume_info {tmp_path}/info && mount -t tmpfs -o size=4m none {volume}"
        f' && cp {tmp_path}/info {volume}/.ngas_volume_info && exec "$@"'
    )
    node.prefix = ("unshare", "--mount", "sh", "-c", mount, "sh")
    node.start()
    body = os.urandom(1 << 20)
    replies = [node.post("ARCHIVE", body, TEXT, filename=f"{n}.txt") for n in range(5)]
    taken = [each for each in replies if each.status == 200]
    assert 2 <= len(taken) <= 3
    refused = replies[-1]
    assert (refused.status, refused.message.split(":")[0]) == (400, "NGAMS_AL_NO_STO_SETS")
    # Nobody said how much comes: the disk fills up in the middle of it.
    chunks = iter([body[: 1 << 17]] * 10)
    full = node.ask("POST", "QARCHIVE", chunks, TEXT, filename="chunks.txt")  # type: ignore[arg-type]
    assert (full.status, "No space" in full.message) == (400, True)
    assert node.get("RETRIEVE", file_id="0.txt").body == body
    disk = taken[0].of("DiskStatus")["DiskId"]
    gone = node.get("DISCARD", disk_id=disk, file_id="0.txt", file_version=1, execute=1)
    assert gone.of("Status")["Status"] == "SUCCESS", gone.body
    assert node.post("ARCHIVE", body, TEXT, filename="again.txt").status == 200
    assert node.get("RETRIEVE", file_id="again.txt").body == body


NOTIFICATION = """<Notification Active="1" SmtpHost="{host}" SmtpPort="{port}"
  Sender="node@example.org"
  MaxRetentionTime="00T00:30:00" MaxRetentionSize="1">
  <DiskChangeNotification><EmailRecipient Address="{name}@example.org"/></DiskChangeNotification>
  <DiskSpaceNotification><EmailRecipient Address="{name}@example.org"/></DiskSpaceNotification>
  <NoDiskSpaceNotification><EmailRecipient Address="{name}@example.org"/></NoDiskSpaceNotification>
</Notification>"""
DIE_RETRYING = """
from pathlib import Path
unlink = Path.unlink
def die(self, missing_ok=False):
    if "back-log" in self.parts:
        os._exit(9)
    unlink(self, missing_ok)
Path.unlink = die
buffering.retry(node)
"""


def handling(change: int = 0, warn: int = 0) -> str:
    return (
        '<ArchiveHandling PathPrefix="saf" Replication="0" BackLogBuffering="1"'
        ' BackLogBufferDirectory="." CRCVariant="0"'
        f' FreeSpaceDiskChangeMb="{change}" MinFreeSpaceWarningMb="{warn}"/>'
    )


def subjects(smtp: Running, name: str) -> list[str]:
    """Of the mails that somebody got. One whose sender was killed before it knew that it was sent
    is sent again, as the same message."""
    box = mailbox.Maildir(smtp.address["maildir"], create=False)
    mine = {each["Message-ID"]: each for each in box if f"{name}@example.org" in str(each["To"])}
    return sorted(str(each["Subject"]).partition(": ")[2] for each in mine.values())


def test_what_no_disk_takes_waits_and_is_archived_later(
    make_node: MakeNode, database: str, smtp: Running
) -> None:
    name = secrets.token_hex(6)
    told = NOTIFICATION.format(**smtp.address, name=name)
    node = make_node(
        database=database,
        volumes=("volume1",),
        elements={"ArchiveHandling": handling(change=10**9), "Notification": told},
    )
    last = node.post("ARCHIVE", b"last", TEXT, filename="last.txt")
    assert last.of("DiskStatus")["Completed"] == "1"
    for number in range(3):
        reply = node.post("ARCHIVE", b"wait %d" % number, TEXT, filename=f"wait{number}.txt")
        assert (reply.status, reply.of("Status")["Status"]) == (400, "FAILURE")
        assert reply.message.startswith("NGAMS_WA_BUF_DATA:4022:WARNING: ")
    wrong = node.post("ARCHIVE", b"x", {**TEXT, "NGAS-File-CRC": "1"}, filename="wrong.txt")
    assert wrong.message.startswith("Checksum error for file wrong.txt")
    refused = node.post("QARCHIVE", b"x", TEXT, filename="q.txt")
    assert refused.message.startswith("NGAMS_AL_NO_STO_SETS:3014:ALERT: ")
    until(lambda: len(subjects(smtp, name)) == 6)
    assert Counter(subjects(smtp, name)) == {"CHANGE DISK(S)": 1, "NO STORAGE SET AVAILABLE": 5}
    folder = node.root / "back-log"
    assert len(list(folder.iterdir())) == 6
    node.stop()
    node.volumes = ("volume1", "volume2")
    node.add_volume("volume2")
    node.elements = {"ArchiveHandling": handling(warn=10**9), "Notification": told}
    run(node, DIE_RETRYING, 9)
    run(node, RETRY, 0)
    assert not list(folder.iterdir())
    node.start()
    for number in range(3):
        found = node.get("STATUS", file_id=f"wait{number}.txt")
        assert found.of("FileStatus")["FileVersion"] == "1"
        assert found.of("DiskStatus")["SlotId"] == "volume2"
    until(lambda: subjects(smtp, name).count("NOTICE: DISK SPACE RUNNING LOW") == 1)
