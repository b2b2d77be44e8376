"""A site's archive server is replaced by a node: its database, its volumes, its requests."""

from __future__ import annotations

import base64
import json
import os
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.hub.doors.node import old_server
from tests.hub.doors.node.old_server import DISK, FILES
from tests.services.hub import LAGAN
from tests.services.node import Node, own_database

IGNORE = "ignore"


def lagan(*words: str, code: int = 0) -> str:
    """What `lagan node ...` says; its exit code is as expected."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("LAGAN_")}
    done = subprocess.run(
        [str(LAGAN), "node", *words], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout


def told(*words: str, code: int = 0) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(lagan(*words, "--json", code=code))
    return rows


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node in the place of an archive server that ran here on this database."""
    folder = tmp_path_factory.mktemp("site")
    postgresql = os.environ["LAGAN_TEST_DATABASE"] == "postgresql"
    node = Node(folder, database=own_database() if postgresql else "", volumes=("volume1",))
    old_server.volume(node.root / "volumes" / "volume1")
    if postgresql:
        with psycopg.connect(address_of(node.database)) as connection:
            for each in (
                *old_server.scripts(IGNORE),
                *old_server.rows(node.host_id, "volume1", IGNORE),
            ):
                connection.execute(each)
        node.database += ' UseFileIgnore="0"'
    else:
        old_server.sqlite_database(node.root / "ngas.sqlite", node.host_id, "volume1", IGNORE)
    node.start()
    yield node
    node.stop()


def config(node: Node) -> str:
    return str(node.folder / "node.xml")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.database
def test_what_was_archived_before_is_there(node: Node, name: str) -> None:
    reply = node.get("RETRIEVE", file_id=name.rpartition("/")[2], file_version=1)
    assert (reply.status, reply.body) == (200, FILES[name])


@pytest.mark.database
def test_what_it_said_of_them_is_the_same(node: Node) -> None:
    file = node.get("STATUS", file_id="rnd.bin", file_version=1).of("FileStatus")
    assert file["FileSize"] == "12000"
    assert file["IngestionRate"] == "498728180"
    assert file["IngestionDate"] == "2026-11-21T19:51:53.795"
    disk = node.get("STATUS", disk_id=DISK).of("DiskStatus")
    assert (disk["LogicalName"], disk["Mounted"]) == ("BULK-M-000001", "1")
    assert disk["InstallationDate"] == "2011-01-31T14:31:43.460"


@pytest.mark.database
def test_every_table_came_along(node: Node) -> None:
    """Subscribers, what happened to disks, what could not be delivered: with keys of ours."""
    counts = {
        "ngas_subscribers": "subscr_id = 'copy'",
        "ngas_disks_hist": "hist_synopsis = 'Disk Registered' AND id IS NOT NULL",
        "ngas_subscr_back_log": "file_name = 'x' AND id IS NOT NULL",
        "ngas_hosts": f"host_id = '{node.host_id}' AND domain <> ''",
        "ngas_files": "file_ignore = 0 AND file_status = '00000000' AND file_version = 1"
        f" AND disk_id = '{DISK}' AND file_id IN ('rnd.bin', 'b.txt')",
    }
    expected = {**dict.fromkeys(counts, 1), "ngas_files": 2}
    assert {
        table: number_of(node, f"SELECT COUNT(*) FROM {table} WHERE {where}")
        for table, where in counts.items()
    } == expected


def number_of(node: Node, statement: str) -> int:
    """The one number that a statement gives in the node's database."""
    if not node.database:
        connection = sqlite3.connect(node.root / "ngas.lagan.sqlite")
        (found,) = connection.execute(statement).fetchone()
        connection.close()
        return int(found)
    with psycopg.connect(address_of(node.database)) as postgresql:
        row = postgresql.execute(statement).fetchone()
    assert row is not None
    return int(row[0])


def address_of(database: str) -> str:
    """What libpq connects to, from the attributes of a `Db`."""
    pairs = dict(re.findall(r'(\w+)="([^"]*)"', database))
    return " ".join(f"{k}={v}" for k, v in pairs.items() if k not in ("Interface", "UseFileIgnore"))


@pytest.mark.database
def test_until_it_is_confirmed_nothing_is_written_then_it_takes_files(node: Node) -> None:
    (before,) = told("volumes", "--cfg", config(node))
    assert (before["state"], before["left"]) == ("unconfirmed", 2)
    disk = node.get("STATUS", disk_id=DISK).of("DiskStatus")
    assert (disk["NumberOfFiles"], disk["BytesStored"]) == ("2", "12006")
    assert not (node.root / "volumes/volume1/.lagan").exists()
    assert node.qarchive("rnd.bin", b"new").status == 400
    (done,) = told("confirm", "--cfg", config(node))
    assert (done["files"], done["damaged"]) == (2, [])
    assert node.get("INIT").status == 200
    long = "a-name-that-is-longer-than-the-archive-server-would-have-taken-" * 2
    assert node.qarchive("rnd.bin", b"new").of("FileStatus")["FileVersion"] == "2"
    assert node.qarchive("x.bin", b"new", file_id=long).of("FileStatus")["FileId"] == long
    assert [each["state"] for each in told("volumes", "--cfg", config(node))] == ["ours"]
    assert node.get("STATUS", disk_id=DISK).of("DiskStatus")["NumberOfFiles"] == "4"


def test_what_is_no_database_is_refused_and_nothing_is_made_of_it(tmp_path: Path) -> None:
    node = Node(tmp_path, volumes=("volume1",))
    (node.root / "ngas.sqlite").write_bytes(b"this is not a database of SQLite, it is a text" * 100)
    node.configure()
    said = refused("volumes", "--cfg", config(node))
    assert "is no database of SQLite" in said
    assert number_of(node, "SELECT COUNT(*) FROM ngas_files") == 0


def test_odd_rows_come_along_and_none_comes_twice(tmp_path: Path) -> None:
    """Two disks of one name, a flag of three letters; what is gone since stays gone."""
    node = Node(tmp_path, volumes=("volume1",))
    node.configure()
    old_server.sqlite_database(node.root / "ngas.sqlite", node.host_id, "volume1")
    copied = (
        "archive, installation_date, type, logical_name, number_of_files, available_mb,"
        " bytes_stored, completed"
    )
    execute(
        node.root / "ngas.sqlite",
        "UPDATE ngas_files SET file_status = '100' WHERE file_id = 'b.txt'",
        f"INSERT INTO ngas_disks (disk_id, {copied}) SELECT 'other', {copied} FROM ngas_disks",
    )
    lagan("volumes", "--cfg", config(node))
    assert number_of(node, "SELECT COUNT(*) FROM ngas_disks") == 2
    flags = "SELECT COUNT(*) FROM ngas_files WHERE file_status = '00000100'"
    assert number_of(node, flags) == 1
    execute(node.root / "ngas.lagan.sqlite", "DELETE FROM ngas_files WHERE file_id = 'b.txt'")
    lagan("volumes", "--cfg", config(node))
    assert number_of(node, "SELECT COUNT(*) FROM ngas_files") == 1


def execute(file: Path, *statements: str) -> None:
    connection = sqlite3.connect(file)
    for each in statements:
        connection.execute(each)
    connection.commit()
    connection.close()


def refused(*words: str) -> str:
    """What `lagan node ...` says when it refuses."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("LAGAN_")}
    done = subprocess.run(
        [str(LAGAN), "node", *words], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 2, (done.stdout, done.stderr)
    return done.stderr


@pytest.mark.database
def test_a_disk_that_is_not_there_is_not_confirmed(node: Node) -> None:
    lagan("confirm", "--cfg", config(node), "volume9", code=5)


@pytest.mark.database
def test_the_catalogue_is_not_rebuilt_under_a_running_node(node: Node) -> None:
    lagan("rebuild", "--cfg", config(node), code=6)


def test_a_node_whose_database_was_lost_has_its_files_again(tmp_path: Path) -> None:
    node = Node(tmp_path, volumes=("volume1",)).start()
    bodies = {f"file{n}.bin": os.urandom(100 + n) for n in range(5)}
    for name, body in bodies.items():
        assert node.qarchive(name, body, file_id=f"id of {name}").status == 200
    node.stop()
    for each in node.root.glob("ngas.lagan.sqlite*"):
        if each.is_file():
            each.unlink()
    (done,) = told("rebuild", "--cfg", config(node))
    assert (done["files"], done["added"], done["missing"]) == (5, 5, [])
    node.start()
    for name, body in bodies.items():
        reply = node.get("RETRIEVE", file_id=f"id of {name}")
        assert (reply.status, reply.body) == (200, body)
    assert (
        node.qarchive("file0.bin", b"2", file_id="id of file0.bin").of("FileStatus")["FileVersion"]
        == "2"
    )
    node.stop()


@pytest.mark.database
def test_the_flag_of_a_file_may_have_its_old_name_in_a_new_database(tmp_path: Path) -> None:
    postgresql = os.environ["LAGAN_TEST_DATABASE"] == "postgresql"
    own = own_database() if postgresql else f'Interface="sqlite3" database="{tmp_path}/n.sqlite"'
    node = Node(tmp_path, database=f'{own} UseFileIgnore="0"', volumes=("volume1",)).start()
    assert node.qarchive("a.bin", b"a").status == 200
    assert node.get("STATUS", file_id="a.bin").of("FileStatus")["Ignore"] == "0"
    node.stop()


def test_a_volume_is_prepared_as_that_servers_program_does(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    said = lagan("prepare-volume", "-y", "-i", "D1", "-t", "SSD", "-m", "ACME", str(folder))
    assert said.strip() == "D1"
    content = base64.b64decode((folder / ".ngas_volume_info").read_bytes()).decode()
    assert content == "DiskId = D1\nManufacturer = ACME\nType = SSD\n"
    assert (folder / ".ngas_volume_info").stat().st_mode & 0o777 == 0o644
    lagan("prepare-volume", "-y", str(folder), code=6)
    assert len(lagan("prepare-volume", "-y", "-o", str(folder)).strip()) == 32
