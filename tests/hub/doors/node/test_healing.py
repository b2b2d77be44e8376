"""A damaged copy is healed from another node of the cluster, and left alone where nobody has the
right bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.hub.doors.node.cluster_catalogue import place, sql, status_of
from tests.hub.doors.node.conftest import MakeNode
from tests.hub.doors.node.test_checking import CHECK, archive, flip
from tests.services.hub import until
from tests.services.node import Node

pytestmark = pytest.mark.database
Pair = tuple[Node, Node]


@pytest.fixture(scope="module")
def pair(make_node: MakeNode, database: str, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Two nodes of one cluster; the first checks its disks all the time."""
    shared = database or (
        f'Interface="sqlite3" database="{tmp_path_factory.mktemp("cluster")}/ngas.sqlite"'
    )
    checking = {"DataCheckThread": CHECK.format(0, 0)}
    one = make_node(database=shared, volumes=("volume1",), elements=checking)
    return one, make_node(database=shared, volumes=("volume2",))


def twice(pair: Pair, file_id: str, body: bytes) -> tuple[Path, Path]:
    """A file with a copy at each node; where they are."""
    one, two = pair
    first = archive(one, file_id, body)
    cloned = two.get("CLONE", file_id=file_id)
    assert cloned.status == 200, cloned.body
    disks = status_of(one, file_id)
    assert len(disks) == 2
    places = {place(one, file_id, each) for each in disks}
    return first, (places - {first}).pop()


def test_good_bytes_come_from_a_peer(pair: Pair) -> None:
    one, _ = pair
    body = os.urandom(3 << 20)
    first, second = twice(pair, "peer.bin", body)
    flip(first)
    asked = "SELECT data FROM audit_event WHERE kind = ? AND data LIKE ?"
    healed = until(lambda: sql(one, asked, "node.healed", '%"peer.bin/1"%'))
    assert pair[1].host_id in healed[0][0]
    disks = status_of(one, "peer.bin")
    assert set(disks.values()) == {"00000000"}
    assert {place(one, "peer.bin", each).read_bytes() for each in disks} == {body}
    until(lambda: not first.exists())
    assert second.read_bytes() == body
    assert one.get("RETRIEVE", file_id="peer.bin").body == body


def test_where_all_copies_are_damaged_none_takes_the_place_of_another(pair: Pair) -> None:
    one, two = pair
    first, second = twice(pair, "both.bin", b"both" * 1000)
    flip(second)
    flip(first)
    damaged = first.read_bytes()
    disk = sql(one, "SELECT disk_id FROM ngas_disks WHERE mount_point LIKE ?", f"{one.root}%")[0][0]
    until(lambda: status_of(one, "both.bin")[disk] == "10000000")
    assert first.read_bytes() == damaged
    pending = one.root / "volumes" / "volume1" / ".lagan" / "incoming"
    until(lambda: not list(pending.iterdir()))
    # Once the other copy is seen to be in order again, it heals this one.
    flip(second)
    (other,) = set(status_of(one, "both.bin")) - {disk}
    seen = two.get("CHECKFILE", file_id="both.bin", file_version=1, disk_id=other)
    assert "NGAMS_INFO_FILE_OK" in seen.message
    found = "SELECT finding FROM node_proof WHERE file_id = ? AND disk_id = ?"
    until(lambda: sql(one, found, "both.bin", disk) == [("",)])
    assert two.get("RETRIEVE", file_id="both.bin").body == b"both" * 1000
    assert place(one, "both.bin", disk).read_bytes() == b"both" * 1000
