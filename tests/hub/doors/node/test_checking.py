"""Every copy is looked at again; what is damaged is found, flagged, healed and told."""

from __future__ import annotations

import mailbox
import os
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.hub.doors.node.conftest import MakeNode
from tests.services.hub import until
from tests.services.node import Node, own_database
from tests.services.process import Running

pytestmark = pytest.mark.database

CHECK = (
    '<DataCheckThread Active="1" MaxProcs="2" MinCycle="00T00:00:00.2" Scan="{}" ForceNotif="{}"/>'
)


def mail_to(smtp: Running, sender: str, **kinds: str) -> str:
    """A Notification element that sends to the sink."""
    inner = "".join(
        f'<{kind}><EmailRecipient Address="{address}"/></{kind}>' for kind, address in kinds.items()
    )
    return (
        f'<Notification Active="1" SmtpHost="127.0.0.1" SmtpPort="{smtp.address["port"]}"'
        f' Sender="{sender}" MaxRetentionTime="00T00:30:00" MaxRetentionSize="1">{inner}'
        "</Notification>"
    )


class Rows:
    """The catalogue as other programs see it."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.host_id = node.host_id

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement."""
        if not self._node.database:
            file = self._node.root / "ngas.lagan.sqlite"
            with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as connection:
                return connection.execute(statement, values).fetchall()
        with psycopg.connect(self._conninfo(), autocommit=True) as connection:
            written = statement.replace("%", "%%").replace("?", "%s")
            cursor = connection.execute(written, values)
            return cursor.fetchall() if cursor.description else []

    def _conninfo(self) -> str:
        pairs = dict(each.split("=", 1) for each in self._node.database.split())
        known = {k: v.strip('"') for k, v in pairs.items() if k != "Interface"}
        return make_conninfo(**known)


def path_of(node: Node, status: Mapping[str, str], disk: Mapping[str, str]) -> Path:
    return Path(disk["MountPoint"]) / status["FileName"]


def archive(node: Node, name: str, body: bytes, **pars: Any) -> Path:
    reply = node.qarchive(name, body, **pars)
    assert reply.status == 200, reply.body
    return path_of(node, reply.of("FileStatus"), reply.of("DiskStatus"))


def flip(path: Path) -> None:
    """One bit of a file turns over, as on a disk that forgets."""
    path.chmod(0o644)
    with path.open("r+b") as file:
        middle = path.stat().st_size // 2
        byte = os.pread(file.fileno(), 1, middle)[0]
        os.pwrite(file.fileno(), bytes([byte ^ 1]), middle)


@pytest.fixture(scope="module")
def checked(make_node: MakeNode, database: str, smtp: Running) -> Node:
    """A node that checks all the time and mails."""
    told = mail_to(smtp, "checked@example.org", DataCheckNotification="data@example.org")
    elements = {"DataCheckThread": CHECK.format(0, 0), "Notification": told}
    return make_node(database=database, elements=elements)


@pytest.fixture
def rows(checked: Node) -> Rows:
    return Rows(checked)


@pytest.fixture
def reports(smtp: Running) -> Callable[[str], list[str]]:
    """The texts of reports that say something."""

    def find(text: str) -> list[str]:
        box = mailbox.Maildir(smtp.address["maildir"])
        sent = (each for each in box if each["From"] == "checked@example.org")
        bodies = (bytes(each.get_payload(decode=True)).decode() for each in sent)
        return [each for each in bodies if text in each]

    return find


def status(rows: Rows, file_id: str) -> list[str]:
    found = rows.ask("SELECT file_status FROM ngas_files WHERE file_id = ?", file_id)
    return [each for (each,) in found]


def test_a_damaged_copy_is_flagged_and_told_of(
    checked: Node, rows: Rows, reports: Callable[[str], list[str]]
) -> None:
    path = archive(checked, "alone.bin", b"only copy" * 100)
    flip(path)
    until(lambda: status(rows, "alone.bin") == ["10000000"])
    (text,) = until(lambda: reports("File ID: alone.bin")[:1])
    assert "ERROR: Inconsistent checksum found File ID: alone.bin, Version: 1, Slot ID: vol" in text
    flip(path)
    until(lambda: status(rows, "alone.bin") == ["00000000"])


def test_a_missing_and_a_short_copy_are_told_of(
    checked: Node, rows: Rows, reports: Callable[[str], list[str]]
) -> None:
    gone = archive(checked, "gone.bin", b"x" * 10)
    short = archive(checked, "short.bin", b"x" * 10)
    gone.unlink()
    short.chmod(0o644)
    short.write_bytes(b"x" * 7)
    until(lambda: status(rows, "gone.bin") + status(rows, "short.bin") == ["10000000"] * 2)
    until(lambda: reports("ERROR: File in DB missing on disk File ID: gone.bin"))
    until(lambda: reports("ERROR: File has wrong size. Expected: 10/Actual: 7. File ID: short.bin"))


def test_files_that_nobody_catalogued_are_told_of_and_left(
    checked: Node, reports: Callable[[str], list[str]]
) -> None:
    folder = checked.root / "volumes" / "volume1" / "saf" / "stray"
    folder.mkdir(parents=True)
    (folder / "stray.bin").write_bytes(b"whose?")
    (folder / "young.bin").write_bytes(b"just coming")
    os.utime(folder / "stray.bin", (1, 1))
    (found, *_) = until(lambda: reports(str(folder / "stray.bin")))
    assert "NOT REGISTERED FILES FOUND ON STORAGE DISKS" in found
    assert not reports("young.bin")
    assert not reports("NgasDiskInfo")
    (folder / "stray.bin").rename(folder.parent / ".hidden")


def test_how_far_it_is_stands_where_tools_look(checked: Node, rows: Rows) -> None:
    archive(checked, "counted.bin", b"x")
    columns = "srv_check_start, srv_check_end, srv_check_files, srv_check_count, srv_check_remain"

    def whole() -> bool:
        ((start, end, files, count, remain),) = rows.ask(
            f"SELECT {columns} FROM ngas_hosts WHERE host_id = ?", checked.host_id
        )
        return bool(end and start <= end and files >= 1 and count >= 1 and remain == 0)

    until(whole)
    until(lambda: all(each for (each,) in rows.ask("SELECT last_check FROM ngas_disks")))


def test_a_copy_without_checksum_gets_one_and_digests(
    checked: Node, rows: Rows, reports: Callable[[str], list[str]]
) -> None:
    archive(checked, "bare.txt", b"hello world\n", mime_type="text/plain")
    rows.ask("DELETE FROM node_proof WHERE file_id = ?", "bare.txt")
    rows.ask(
        "UPDATE ngas_files SET checksum = NULL, checksum_plugin = NULL WHERE file_id = ?",
        "bare.txt",
    )
    wanted = "SELECT checksum, checksum_plugin FROM ngas_files WHERE file_id = ?"
    until(lambda: rows.ask(wanted, "bare.txt") == [("2936552237", "crc32")])
    until(lambda: reports("NOTICE: Missing checksum - generated File ID: bare.txt"))
    ((sha256,),) = rows.ask("SELECT sha256 FROM node_proof WHERE file_id = ?", "bare.txt")
    assert sha256 == "a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447"


COLUMNS = (
    "disk_id, file_name, file_id, file_version, format, file_size, uncompressed_file_size,"
    " compression, ingestion_date, file_ignore, checksum, checksum_plugin, file_status,"
    " creation_date, container_id, ingestion_rate, io_time"
)


def copy_to_other_disk(rows: Rows, file_ids: list[str]) -> None:
    """Second copies, as the archive server makes them, without proofs of ours."""
    mine = "SELECT disk_id, mount_point FROM ngas_disks WHERE host_id = ?"
    places = dict(rows.ask(mine, rows.host_id))  # other nodes may be in the same catalogue
    marks = ", ".join("?" for _ in file_ids)
    found = rows.ask(f"SELECT {COLUMNS} FROM ngas_files WHERE file_id IN ({marks})", *file_ids)
    copies = []
    for disk_id, name, *rest in found:
        other = next(each for each in places if each != disk_id)
        target = Path(places[other]) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((Path(places[disk_id]) / name).read_bytes())
        copies += [other, name, *rest]
    row = f"({', '.join('?' for _ in COLUMNS.split(','))})"
    all_rows = ", ".join([row] * len(found))
    rows.ask(f"INSERT INTO ngas_files ({COLUMNS}) VALUES {all_rows}", *copies)


def test_a_damaged_copy_is_healed_from_a_good_one(
    checked: Node, rows: Rows, reports: Callable[[str], list[str]]
) -> None:
    body = os.urandom(50_000)
    path = archive(checked, "twice.bin", body)
    copy_to_other_disk(rows, ["twice.bin"])
    flip(path)
    healed = "Healed from disk "  # perhaps not in the first report: digests were taken before
    until(lambda: [told for told in reports("File ID: twice.bin") if healed in told])
    assert status(rows, "twice.bin") == ["00000000"] * 2
    names = rows.ask("SELECT disk_id, file_name FROM ngas_files WHERE file_id = ?", "twice.bin")
    mounts = dict(rows.ask("SELECT disk_id, mount_point FROM ngas_disks"))
    for disk_id, name in names:
        assert (Path(mounts[disk_id]) / name).read_bytes() == body
    assert not path.exists()
    kinds = rows.ask("SELECT kind FROM audit_event WHERE data LIKE ?", "%twice.bin%")
    assert {("node.damaged",), ("node.healed",)} <= set(kinds)


def test_a_copy_that_went_missing_comes_back_to_its_place(checked: Node, rows: Rows) -> None:
    path = archive(checked, "back.bin", b"come back" * 1000)
    copy_to_other_disk(rows, ["back.bin"])
    path.unlink()
    until(path.exists)
    assert path.read_bytes() == b"come back" * 1000
    until(lambda: status(rows, "back.bin") == ["00000000"] * 2)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_bits_turned_in_a_hundred_of_a_thousand_files_are_all_found_and_healed(
    make_node: MakeNode, database: str, tmp_path: Path
) -> None:
    node = make_node(database=own_database() if database else "")  # all that is in it is counted
    rows = Rows(node)
    bodies = {f"many{number:04}.bin": b"%d" % number * 50 for number in range(1000)}
    with ThreadPoolExecutor(8) as clients:
        paths = clients.map(lambda each: archive(node, *each), bodies.items())
        places = dict(zip(bodies, paths, strict=True))
    copy_to_other_disk(rows, list(bodies))
    node.stop()
    damaged = list(bodies)[::10]
    for name in damaged:
        flip(places[name])
    node.elements = {"DataCheckThread": CHECK.format(0, 0)}
    node.start()
    count = "SELECT COUNT(*) FROM audit_event WHERE kind = ? AND data LIKE ?"
    until(lambda: rows.ask(count, "node.healed", "%many%")[0][0] >= 100, 250)
    until(
        lambda: rows.ask("SELECT srv_check_end FROM ngas_hosts WHERE host_id = ?", node.host_id)[0][
            0
        ]
    )
    assert rows.ask(count, "node.damaged", "%many%") == [(100,)]
    bad = rows.ask("SELECT COUNT(*) FROM ngas_files WHERE file_status LIKE '1%'")
    assert bad == [(0,)]
    for name in damaged:
        assert node.get("RETRIEVE", file_id=name).body == bodies[name]
    mounts = dict(rows.ask("SELECT disk_id, mount_point FROM ngas_disks"))
    every = rows.ask("SELECT disk_id, file_name, file_id FROM ngas_files")
    assert len(every) == 2000
    assert all((Path(mounts[d]) / n).read_bytes() == bodies[i] for d, n, i in every)
