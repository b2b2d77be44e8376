"""STATUS and QUERY on the wire: every parameter, every query, every form."""

from __future__ import annotations

import gzip
import json
import pickle
from ast import literal_eval
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from lagan.hub.doors.node.files.listings import DISKS, FILES, HOSTS, QUERIES, SUBSCRIBERS
from tests.conftest import DATABASE
from tests.services.node import Node, own_database

pytestmark = [pytest.mark.service, pytest.mark.database]

USERS = (
    '<Authorization Enable="0"><User Name="anna" Password="aHVudGVyMg==" Commands="*"/>'
    "</Authorization>"
)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("telling")
    database = own_database() if DATABASE == "postgresql" else ""
    running = Node(
        folder,
        database=database,
        server={"RequestDbBackend": "memory"},
        elements={"Authorization": USERS},
    ).start()
    for each in ("a.bin", "b.bin", "c.bin"):
        assert running.qarchive(each, each.encode()).status == 200
    assert running.qarchive("a.bin", b"again").status == 200
    yield running
    running.stop()


def test_status_of_a_disk(node: Node) -> None:
    disk = node.get("STATUS", file_id="b.bin").of("DiskStatus")["DiskId"]
    told = node.get("STATUS", disk_id=disk)
    assert told.of("DiskStatus")["DiskId"] == disk
    assert told.message == "Successfully handled command STATUS"
    unknown = node.get("STATUS", disk_id="nowhere")
    assert unknown.status == 400
    assert unknown.message.startswith("NGAMS_ER_UNKNOWN_DISK:4020:ERROR:")


def test_status_of_a_file_is_of_its_highest_version(node: Node) -> None:
    told = node.get("STATUS", file_id="a.bin")
    assert told.of("FileStatus")["FileVersion"] == "2"
    assert told.of("DiskStatus")["HostId"] == node.host_id
    assert node.get("STATUS", file_id="a.bin", file_version=1).of("FileStatus")["FileSize"] == "5"


@pytest.mark.parametrize("parameter", ["file_id", "file_access"])
def test_a_file_that_is_not_there(node: Node, parameter: str) -> None:
    asked: dict[str, Any] = {parameter: "absent", "file_version": "7"}
    told = node.get("STATUS", **asked)
    assert told.status == 400
    assert told.message == (
        "NGAMS_ER_UNAVAIL_FILE:4019:ERROR: File with ID: absent/Version: 7 appears not to be "
        "available."
    )


def test_file_access_looks(node: Node) -> None:
    told = node.get("STATUS", file_access="b.bin")
    assert (told.status, told.of("Status")["Status"]) == (200, "SUCCESS")
    assert told.message.startswith("NGAMS_INFO_FILE_AVAIL:4029:INFO:")
    node.qarchive("gone.bin", b"gone")
    place = node.get("STATUS", file_id="gone.bin")
    path = Path(place.of("DiskStatus")["MountPoint"]) / place.of("FileStatus")["FileName"]
    path.unlink()
    told = node.get("STATUS", file_access="gone.bin")
    assert told.status == 200
    assert told.message.startswith("NGAMS_INFO_FILE_NOT_AVAIL:4030:INFO:")


def test_a_request_is_known_by_its_id(node: Node) -> None:
    id = node.qarchive("known.bin", b"x").of("Status")["RequestId"]
    told = node.get("STATUS", request_id=id).of("Status")
    assert told["RequestId"] == id
    assert told["CompletionPercent"] == "100.00"
    assert told["CompletionTime"]
    unknown = node.get("STATUS", request_id="0")
    assert unknown.status == 400
    assert unknown.message.startswith("NGAMS_ER_ILL_REQ_ID:4059:ERROR:")


def test_the_configuration_is_shown_without_passwords(node: Node) -> None:
    assert node.get("STATUS", configuration_file=1).of("NgamsCfgFile") == {
        "ConfigFileName": "node.xml"
    }
    told = node.get("STATUS", configuration_file=-1)
    assert told.of("Server")["ArchiveName"] == "TestArchive"
    assert told.of("User")["Password"] == "********"
    assert b"aHVudGVyMg" not in told.body
    assert told.document is not None
    assert [each.tag for each in told.document] == ["Status", "NgamsCfg"]


@pytest.mark.parametrize("pars", [{"db_time": 1}, {"flush_log": 1}, {"help": 1}, {"time_out": 5}])
def test_parameters_that_are_taken(node: Node, pars: dict[str, Any]) -> None:
    assert node.get("STATUS", **pars).of("Status")["Status"] == "SUCCESS"


def test_no_request_has_a_file_written(node: Node) -> None:
    target = node.folder / "dump"
    assert node.get("STATUS", dump_object_info=str(target)).status == 400
    assert not target.exists()


def test_another_host_is_pointed_to(node: Node) -> None:
    assert node.get("STATUS", host_id=node.host_id).status == 200
    unknown = node.get("STATUS", host_id="nobody:1")
    assert unknown.status == 400
    assert unknown.message == "No NGAS host with host_id: nobody:1"


def listed(node: Node, **pars: object) -> tuple[str, int, list[dict[str, str]]]:
    asked: dict[str, Any] = {"file_list": 1, **pars}
    told = node.get("STATUS", **asked)
    assert told.status == 200, told.body
    assert told.headers["content-type"] == "application/x-gxml"
    assert told.headers["content-disposition"].startswith("attachment;")
    root = ElementTree.fromstring(gzip.decompress(told.body))
    files = root.find("FileList")
    assert files is not None
    left = files.attrib["Status"].removeprefix("REMAINING_DATA_OBJECTS: ")
    return files.attrib["Id"], int(left), [each.attrib for each in files]


def test_a_file_list_comes_in_portions_under_one_id(node: Node) -> None:
    whole_id, left, whole = listed(node)
    assert left == 0
    id, left, got = listed(node, max_elements=2)
    assert left == len(whole) - 2
    while left:
        again, left, more = listed(node, max_elements=2, file_list_id=id)
        assert again == id
        got += more
    assert got == whole
    assert {"DiskId", "FileId", "FileVersion", "Checksum"} <= got[0].keys()
    for ended in (id, whole_id, "../../etc/passwd", "0" * 32):
        told = node.get("STATUS", file_list=1, file_list_id=ended)
        assert told.status == 400, told.body
        assert "There is no file list" in told.message


def test_a_file_list_from_a_date_on(node: Node) -> None:
    soon = (datetime.now(UTC).astimezone() + timedelta(seconds=60)).replace(tzinfo=None)
    assert listed(node, from_ingestion_date=soon.isoformat(timespec="milliseconds"))[2] == []
    since = node.get("STATUS", file_id="b.bin").of("FileStatus")["IngestionDate"]
    _, left, first = listed(node, from_ingestion_date=since, max_elements=1)
    assert first[0]["IngestionDate"] >= since
    assert left > 0
    assert node.get("STATUS", file_list=1, from_ingestion_date="soon").status == 400


def test_unique_names_each_version_once(node: Node) -> None:
    _, _, files = listed(node, unique=1)
    keys = [(each["FileId"], each["FileVersion"]) for each in files]
    assert len(keys) == len(set(keys))
    assert ("a.bin", "1") in keys
    assert ("a.bin", "2") in keys


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_in_every_form(node: Node, query: str) -> None:
    pars: dict[str, Any] = {"like": "%", "start": "2000-01-01", "end": "2100-01-01"}
    rows = node.get("QUERY", query=query, **pars)
    assert rows.headers["content-type"] == "application/python-list"
    found = literal_eval(rows.body.decode())
    columns = list(QUERIES[query].columns)
    objects = node.get("QUERY", query=query, format="json", **pars)
    assert objects.headers["content-type"] == "application/json"
    told = json.loads(objects.body)
    assert all(list(each) == columns for each in told)
    assert [tuple(each.values()) for each in told] == found
    pickled = node.get("QUERY", query=query, format="pickle", **pars)
    assert pickled.headers["content-type"] == "application/python-pickle"
    assert [tuple(each) for each in pickle.loads(pickled.body)[0]] == found  # noqa: S301
    table = node.get("QUERY", query=query, format="list", **pars)
    assert table.headers["content-type"] == "text/plain"
    lines = table.body.decode().split("\n")
    assert len(lines) == 3 + len(found)
    assert lines[0] == lines[2]
    assert set(lines[0]) == {"-", " "}
    assert node.get("QUERY", query=query, format="text", **pars).body == table.body


def test_columns_are_in_the_documented_order(node: Node) -> None:
    rows = json.loads(node.get("QUERY", query="files_like", format="json", like="b.b%").body)
    assert [each["file_id"] for each in rows] == ["b.bin"]
    assert list(rows[0]) == list(FILES)
    for query, columns in (
        ("disks_list", DISKS),
        ("hosts_list", HOSTS),
        ("subscribers_list", SUBSCRIBERS),
    ):
        assert list(QUERIES[query].columns) == list(columns)
    located = json.loads(node.get("QUERY", query="files_location", format="json", like="a.%").body)
    assert [each["file_version"] for each in located] == [1, 2]
    assert all(each["host_id"] == node.host_id for each in located)
    assert all(Path(each["file_full_path"]).is_file() for each in located)
    last = json.loads(node.get("QUERY", query="lastver_location", format="json", like="a.%").body)
    assert [each["file_version"] for each in last] == [2]


def rows_of(node: Node, query: str, **pars: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = literal_eval(
        node.get("QUERY", query=query, **pars).body.decode()
    )
    return sorted(found, key=str)


def test_dates_may_be_absent(node: Node) -> None:
    everything = rows_of(node, "files_list")
    assert rows_of(node, "files_between") == everything
    assert rows_of(node, "files_between", start="2000") == everything
    assert rows_of(node, "files_between", end="2000") == []
    assert rows_of(node, "files_greater") == everything
    assert rows_of(node, "files_greater", start="2100") == []


@pytest.mark.parametrize("pattern", ["a\\", "%\\", "[", "'", "_____", "\x01"])
def test_any_pattern_is_answered(node: Node, pattern: str) -> None:
    assert node.get("QUERY", query="files_like", like=pattern).status == 200


def test_an_unknown_query_is_refused_by_name(node: Node) -> None:
    told = node.get("QUERY", query="drop table")
    assert told.status == 400
    assert told.message.startswith("Invalid query specified. Valid queries are: files_list")
    assert node.get("QUERY").status == 400
    assert node.get("QUERY", query="files_list", cursor_id="x").status == 400


@pytest.mark.parametrize(
    ("command", "name"),
    [("STATUS", "file_id"), ("STATUS", "disk_id"), ("STATUS", "host_id"), ("QUERY", "like")],
)
def test_what_no_database_holds_is_refused(node: Node, command: str, name: str) -> None:
    asked: dict[str, Any] = {"query": "files_like", name: "a\0b"}
    reply = node.get(command, **asked)
    assert reply.status == 400
    assert reply.message.startswith("Invalid parameter:")
