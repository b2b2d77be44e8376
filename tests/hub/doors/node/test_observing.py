"""METRICS and HEALTH of a node, and the cluster's figures at the hub."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

import pytest

from lagan.hub.doors.node.process.metrics import OTHER, Meters, cluster, known
from tests.services.hub import until
from tests.services.node import Node


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    node = Node(tmp_path_factory.mktemp("observed"), volumes=("volume1",)).start()
    yield node
    node.stop()


def figure(text: str, name: str, **labels: str) -> float:
    """A sample by its name and some of its labels; 0 if there is none."""
    for line in text.splitlines():
        found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
        if found and found[1] == name:
            told = dict(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
            if labels.items() <= told.items():
                return float(found[3])
    return 0.0


def metrics(node: Node) -> str:
    reply = node.get("METRICS")
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/plain")
    return reply.body.decode()


def test_what_was_asked_and_moved_is_counted(node: Node) -> None:
    before = metrics(node)
    assert node.qarchive("counted.bin", bytes(1000)).status == 200
    assert len(node.get("RETRIEVE", file_id="counted.bin").body) == 1000
    assert node.get("RETRIEVE", file_id="nothing").status == 400
    moved = [("RETRIEVE", "200"), ("RETRIEVE", "400"), ("QARCHIVE", "200")]

    def grown(after: str, name: str, **labels: str) -> float:
        return figure(after, name, **labels) - figure(before, name, **labels)

    def counted() -> str:
        """The figures, once what was answered is counted too: that comes after the answer."""
        after = metrics(node)
        done = [
            grown(after, "lagan_node_requests_total", command=command, status=status)
            for command, status in moved
        ]
        alone = figure(after, "lagan_node_requests_active") == 1
        return after if all(done) and alone else ""

    after = until(counted)
    assert grown(after, "lagan_node_requests_total", command="QARCHIVE", status="200") == 1
    assert grown(after, "lagan_node_requests_total", command="RETRIEVE", status="200") == 1
    assert grown(after, "lagan_node_requests_total", command="RETRIEVE", status="400") == 1
    assert grown(after, "lagan_node_request_seconds_count", command="RETRIEVE") == 2
    assert grown(after, "lagan_node_bytes_total", direction="in") == 1000
    assert grown(after, "lagan_node_bytes_total", direction="out") >= 1000
    assert grown(after, "lagan_node_volume_files", node=node.host_id) == 1
    assert figure(after, "lagan_node_online") == 1
    assert figure(after, "lagan_node_volume_bytes", kind="total") > 0


def test_names_that_clients_make_up_are_one_label(node: Node) -> None:
    for n in range(3):
        assert node.get(f"NONSENSE{n}").status == 404

    def counted() -> str:
        text = metrics(node)
        seen = figure(text, "lagan_node_requests_total", command=OTHER, status="404")
        return text if seen >= 3 else ""

    text = until(counted)
    assert "NONSENSE" not in text
    assert known("STATUS", ["STATUS"]) == "STATUS"


def test_health_says_what_is_wrong(node: Node) -> None:
    well = node.get("HEALTH")
    assert (well.status, json.loads(well.body)["status"]) == (200, "well")
    assert node.get("OFFLINE", force=1).status == 200
    try:
        unwell = node.get("HEALTH")
        said = json.loads(unwell.body)
        assert (unwell.status, said["status"], said["state"]) == (503, "unwell", "OFFLINE")
        reasons = {each["name"]: each["reason"] for each in said["checks"] if not each["well"]}
        assert reasons["state"] == "the node is OFFLINE"
    finally:
        assert node.get("ONLINE").status == 200


def test_with_a_token_only_its_holder_may(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from lagan.hub.doors.node.commands.observing import _may_scrape

    def may(token: str = "", user: str = "", asker: str = "127.0.0.1") -> bool:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        call = SimpleNamespace(
            user=user, asker=(asker, 1), request=SimpleNamespace(headers=headers)
        )
        return _may_scrape(call)  # type: ignore[arg-type]

    monkeypatch.delenv("LAGAN_METRICS_TOKEN", raising=False)
    assert may()
    assert not may(asker="10.0.0.9")
    assert may(user="operator", asker="10.0.0.9")
    monkeypatch.setitem(os.environ, "LAGAN_METRICS_TOKEN", "t0ken")
    assert may("t0ken", asker="10.0.0.9")
    assert not may("other")
    assert not may()


@pytest.mark.django_db
def test_the_hub_tells_of_every_node_and_volume() -> None:
    from lagan.hub.doors.node.models import Disk, Host
    from lagan.hub.ops.metrics import exposition

    assert list(cluster()) == []
    Host.objects.create(host_id="a:1", srv_state="ONLINE", srv_version="x")
    Host.objects.create(host_id="b:1", srv_state="OFFLINE", srv_version="x")
    Disk.objects.create(disk_id="d", logical_name="M-1", host_id="a:1", bytes_stored=5)
    text = exposition().decode()
    assert figure(text, "lagan_node_up", node="a:1") == 1
    assert 'lagan_node_up{node="b:1",version="x"} 0.0' in text
    assert figure(text, "lagan_node_volume_bytes", disk="d", kind="archived") == 5


def test_two_nodes_of_one_process_do_not_count_together() -> None:
    one, other = Meters("a:1"), Meters("a:2")
    one.note("STATUS", 200, seconds=0.1, received=1, sent=2)
    assert other.registry.get_sample_value("lagan_node_bytes_total", {"direction": "in"}) is None
