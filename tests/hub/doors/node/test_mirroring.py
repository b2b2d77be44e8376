"""A node that mirrors another one has its files, with their versions, dates and places."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from tests.hub.doors.node.conftest import MakeNode
from tests.services.hub import until
from tests.services.node import Node

pytestmark = pytest.mark.database
KEPT = ("FileVersion", "FileName", "Format", "FileSize", "Checksum", "ChecksumPlugIn",
        "IngestionDate", "CreationDate")  # fmt: skip


@pytest.fixture(scope="module")
def source(make_node: MakeNode) -> Node:
    node = make_node()
    for number in range(3):
        node.qarchive("before.txt", b"version %d" % number, mime_type="text/plain")
    return node


@pytest.fixture(scope="module")
def node(make_node: MakeNode, database: str, source: Node) -> Node:
    mirroring = (
        '<Mirroring Active="1" Threads="2" ErrorRetryPeriod="0T00:00:00.5">'
        f'<MirroringSource Id="s" ServerList="127.0.0.1:{source.port}" Period="0T00:00:01"/>'
        "</Mirroring>"
    )
    return make_node(database=database, elements={"Mirroring": mirroring})


def there(node: Node, file_id: str, version: int = 1) -> bool:
    return node.get("STATUS", file_id=file_id, file_version=version).status == 200


def same(one: Node, other: Node, file_id: str, version: int) -> None:
    asked: dict[str, Any] = {"file_id": file_id, "file_version": version}
    first, second = (each.get("STATUS", **asked).of("FileStatus") for each in (one, other))
    assert {name: first[name] for name in KEPT} == {name: second[name] for name in KEPT}
    assert one.get("RETRIEVE", **asked).body == other.get("RETRIEVE", **asked).body


def test_every_version_comes_as_it_is(node: Node, source: Node) -> None:
    until(lambda: all(there(node, "before.txt", version) for version in (1, 2, 3)))
    for version in (1, 2, 3):
        same(source, node, "before.txt", version)


def test_what_is_archived_later_follows(node: Node, source: Node) -> None:
    name = f"later-{secrets.token_hex(4)}.bin"
    source.qarchive(name, b"later", file_id=f"id of {name}")
    until(lambda: there(node, f"id of {name}"))
    same(source, node, f"id of {name}", 1)


def test_damaged_bytes_do_not_come_and_good_ones_do_at_last(node: Node, source: Node) -> None:
    name = f"damaged-{secrets.token_hex(4)}.bin"
    folder = source.root / "volumes"
    said = source.qarchive(name, b"right").of
    path = folder / said("DiskStatus")["SlotId"] / said("FileStatus")["FileName"]
    path.chmod(0o644)
    path.write_bytes(b"wrong")
    other = f"other-{secrets.token_hex(4)}.bin"
    source.qarchive(other, b"other")
    until(lambda: there(node, other))
    assert not there(node, name)
    path.write_bytes(b"right")
    source.get("CHECKFILE", file_id=name)
    assert node.get("MIRRTABLE").status == node.get("MIRREXEC").status == 200
    until(lambda: there(node, name))
    same(source, node, name, 1)


def test_it_goes_on_after_a_sudden_end(node: Node, source: Node) -> None:
    node.kill()
    names = [f"meanwhile-{secrets.token_hex(4)}.bin" for _ in range(5)]
    for each in names:
        source.qarchive(each, each.encode())
    node.start()
    until(lambda: all(there(node, each) for each in names))


def test_a_node_without_mirroring_says_so(source: Node) -> None:
    assert "NGAMS_INFO_SERVICE_UNAVAIL" in source.get("MIRRTABLE").message
