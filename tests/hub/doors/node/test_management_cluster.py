"""Two nodes with one database: each tells of the other's files, checks and copies them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.hub.doors.node.conftest import MakeNode
from tests.services.node import Node

pytestmark = [pytest.mark.service, pytest.mark.database]


@pytest.fixture(scope="module")
def shared(database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("shared")
    return database or f'Interface="sqlite3" database="{folder}/ngas.sqlite"'


@pytest.fixture(scope="module")
def holder(make_node: MakeNode, shared: str) -> Node:
    return make_node(database=shared, volumes=("holder",))


@pytest.fixture(scope="module")
def node(make_node: MakeNode, shared: str, holder: Node) -> Node:
    return make_node(database=shared, volumes=("one", "two"))


@pytest.fixture(scope="module")
def proxy(make_node: MakeNode, shared: str, holder: Node) -> Node:
    return make_node(database=shared, volumes=("proxy",), server={"ProxyMode": "1"})


def archive(node: Node, name: str, body: bytes = b"some bytes") -> Mapping[str, str]:
    reply = node.qarchive(name, body)
    assert reply.status == 200, reply.body
    return reply.of("DiskStatus")


def test_a_file_of_another_node_is_known_and_asked_for(node: Node, holder: Node) -> None:
    archive(holder, "far.bin")
    assert node.get("STATUS", file_id="far.bin").of("DiskStatus")["HostId"] == holder.host_id
    told = node.get("STATUS", file_access="far.bin")
    assert told.message.startswith("NGAMS_INFO_FILE_AVAIL:4029:INFO:")
    assert holder.host_id in told.message


def test_status_of_another_host_is_there(node: Node, proxy: Node, holder: Node) -> None:
    redirected = node.get("STATUS", host_id=holder.host_id)
    assert (redirected.status, redirected.body) == (303, b"")
    where = urlsplit(redirected.headers["location"])
    assert (where.hostname, where.port) == (holder.address, holder.port)
    assert where.path == "/STATUS"
    proxied = proxy.get("STATUS", host_id=holder.host_id)
    assert proxied.status == 200
    assert proxied.of("Status")["HostId"] == holder.host_id


def test_a_file_is_checked_where_it_is(node: Node, proxy: Node, holder: Node) -> None:
    archive(holder, "check.bin")
    redirected = node.get("CHECKFILE", file_id="check.bin")
    assert redirected.status == 303
    assert f":{holder.port}/CHECKFILE?" in redirected.headers["location"]
    proxied = proxy.get("CHECKFILE", file_id="check.bin")
    assert proxied.message.startswith("NGAMS_INFO_FILE_OK:4056:INFO:")
    assert proxied.of("Status")["HostId"] == holder.host_id
    assert proxy.get("CHECKFILE", file_id="absent.bin").status == 400


def test_a_clone_is_fetched_from_the_node_that_has_the_file(node: Node, holder: Node) -> None:
    archive(holder, "fetch.bin", b"y" * 3_000_000)
    reply = node.get("CLONE", file_id="fetch.bin")
    assert (reply.status, reply.message) == (200, "Successfully handled command CLONE")
    assert reply.of("DiskStatus")["HostId"] == node.host_id
    path = Path(reply.of("DiskStatus")["MountPoint"]) / reply.of("FileStatus")["FileName"]
    assert path.read_bytes() == b"y" * 3_000_000
    assert reply.of("FileStatus")["FileVersion"] == "1"


def test_what_a_node_gives_damaged_is_not_cloned(node: Node, holder: Node) -> None:
    archive(holder, "bad.bin", b"right")
    told = holder.get("STATUS", file_id="bad.bin")
    path = Path(told.of("DiskStatus")["MountPoint"]) / told.of("FileStatus")["FileName"]
    path.chmod(0o644)
    path.write_bytes(b"wrong")
    reply = node.get("CLONE", file_id="bad.bin")
    assert reply.status == 400
    assert reply.message.startswith("NGAMS_ER_CLONE_REJECTED:4053:ERROR:")
    rows = json.loads(node.get("QUERY", query="files_like", like="bad.bin", format="json").body)
    assert len(rows) == 1


def test_files_of_another_node_are_removed_there(node: Node, holder: Node) -> None:
    disk = archive(holder, "mine.bin")["DiskId"]
    ids: dict[str, Any] = {"disk_id": disk, "file_id": "mine.bin", "file_version": 1}
    assert node.get("DISCARD", execute=1, **ids).status == 400
    assert node.get("REMDISK", disk_id=disk, execute=1).status == 400
    assert holder.get("RETRIEVE", file_id="mine.bin").body == b"some bytes"


def test_a_file_list_is_of_the_node_that_is_asked(node: Node, holder: Node) -> None:
    archive(holder, "listed.bin")
    assert b"listed.bin" in gzip.decompress(holder.get("STATUS", file_list=1).body)
    assert b"listed.bin" not in gzip.decompress(node.get("STATUS", file_list=1).body)
