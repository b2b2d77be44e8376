"""Three nodes on hosts of their own with one PostgreSQL, under load, while one of them is killed:
what was acknowledged is there, once, from every node."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.hub.doors.node.cluster_catalogue import add_copy, disk_in, sql
from tests.services.board import shared
from tests.services.hub import until
from tests.services.network import Network, address
from tests.services.node import Node, Reply, own_database

pytestmark = [
    pytest.mark.fault,
    pytest.mark.slow,
    pytest.mark.service,
    pytest.mark.allow_hosts(["127.0.0.1", *(address(number) for number in (1, 2, 3, 4))]),
]
PORT = 7777
HELLO = b"hello world\n"
AGAIN = (
    '<SubscriptionDef Enable="1" AutoUnsubscribe="0" SuspensionTime="0T00:00:00.5"'
    ' BackLogExpTime="1T00:00:00"/>'
)


class Host(Node):
    """A node on a host of its own."""

    @property
    def host_id(self) -> str:
        """Its host is called by its number."""
        return f"host{self.address.rpartition('.')[2]}:{self.port}"


@dataclass
class Three:
    network: Network
    nodes: list[Host]


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network(4) as made:
        yield made


@pytest.fixture(scope="module")
def three(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    folder = tmp_path_factory.mktemp("three")
    socket = shared("postgresql").folder
    database = re.sub(r' host="[^"]*"', f' host="{socket}"', own_database())
    nodes = [
        Host(
            folder / f"host{number}",
            database,
            address=address(number),
            port=PORT,
            prefix=network.command(number),
            server={"ProxyMode": str(int(number == 2))},
            elements={"SubscriptionDef": AGAIN},
        )
        for number in (1, 2, 3)
    ]
    with ThreadPoolExecutor() as pool:
        list(pool.map(Node.start, nodes))
    yield Three(network, nodes)
    for each in nodes:
        each.stop()


def follow(nodes: list[Host], asked: Host, **pars: object) -> Reply:
    """RETRIEVE as the Python client does it: at most five redirects, to where they point."""
    reply = asked.get("RETRIEVE", None, **pars)
    for _ in range(5):
        if reply.status != 303:
            break
        there = urlsplit(reply.headers["location"])
        node = next(each for each in nodes if each.address == there.hostname)
        assert there.port == PORT
        reply = node.get("RETRIEVE", None, **dict(parse_qsl(there.query)))
    return reply


def test_what_one_archives_all_give(three: Three) -> None:
    for number, node in enumerate(three.nodes):
        assert node.qarchive(f"of{number}", HELLO, mime_type="text/plain").status == 200
    for asked in three.nodes:
        for number in range(3):
            assert follow(three.nodes, asked, file_id=f"of{number}").body == HELLO
    straight = three.nodes[1].get("RETRIEVE", file_id="of0")
    assert (straight.status, straight.body) == (200, HELLO)
    pointed = three.nodes[2].get("RETRIEVE", file_id="of0")
    assert pointed.headers["location"] == f"http://{address(1)}:{PORT}/RETRIEVE?file_id=of0"


def test_the_catalogue_knows_the_hosts(three: Three) -> None:
    rows = sql(
        three.nodes[0],
        "SELECT host_id, ip_address, srv_port, n_slots, srv_state, mac_address FROM ngas_hosts"
        " ORDER BY host_id",
    )
    assert [row[:5] for row in rows] == [
        (f"host{number}:{PORT}", address(number), PORT, 2, "ONLINE") for number in (1, 2, 3)
    ]
    assert len({row[5] for row in rows}) == 3
    assert all(re.fullmatch("([0-9a-f]{2}:){5}[0-9a-f]{2}", row[5]) for row in rows)


def test_who_is_cut_off_is_passed_over(three: Three) -> None:
    """Packets to it vanish: nobody is told that it is not there."""
    first, _, third = three.nodes
    assert third.qarchive("cut-off", HELLO, mime_type="text/plain").status == 200
    add_copy(third, "cut-off", first, "volume1")
    three.network.cut_off(3)
    try:
        for node in three.nodes[:2]:
            assert follow(three.nodes, node, file_id="cut-off").body == HELLO
        assert first.qarchive("meanwhile", HELLO, mime_type="text/plain").status == 200
    finally:
        three.network.reconnect(3)
    until(lambda: _answers(third))
    assert follow(three.nodes, third, file_id="cut-off").body == HELLO


def _answers(node: Node) -> bool:
    with suppress(OSError):
        return node.get("STATUS").status == 200
    return False


def test_another_cluster_that_was_away_catches_up(three: Three, tmp_path: Path) -> None:
    """It subscribed at each node, for each sends what lies on its own disks, and gets all of it
    once, although it was killed meanwhile."""
    another = Host(tmp_path, address=address(4), port=PORT, prefix=three.network.command(4)).start()
    url = f"http://{address(4)}:{PORT}/QARCHIVE"
    for number, node in enumerate(three.nodes):
        assert node.get("SUBSCRIBE", url=url, subscr_id=f"another-{number}").status == 200
    try:
        _archive_everywhere(three, "before", 6)
        until(lambda: _received(another, "before") == 6, 150)
        another.kill()
        _archive_everywhere(three, "while", 24)
        another.start()
        _archive_everywhere(three, "after", 6)
        until(lambda: _received(another, "while") == 24 and _received(another, "after") == 6, 150)
        rows = sql(another, "SELECT file_id, file_version, checksum FROM ngas_files")
        assert len(rows) == 36
        assert {row[1] for row in rows} == {1}
        sent = sql(three.nodes[0], "SELECT file_id, checksum FROM ngas_files")
        assert {(row[0], row[2]) for row in rows} <= set(sent)
    finally:
        for number, node in enumerate(three.nodes):
            node.get("UNSUBSCRIBE", subscr_id=f"another-{number}")
        another.stop()


def _archive_everywhere(three: Three, name: str, count: int) -> None:
    for number in range(count):
        node = three.nodes[number % 3]
        file_id = f"{name}-{number}.bin"
        assert node.qarchive(file_id, file_id.encode()).status == 200


def _received(node: Node, name: str) -> int:
    """How many files of a round another cluster has, by its own count."""
    rows = sql(node, "SELECT file_id FROM ngas_files WHERE file_id LIKE ?", f"{name}-%")
    return len(rows)


@dataclass
class Load:
    """Clients that archive and retrieve until told to stop, and what they were told."""

    nodes: list[Host]
    stop: threading.Event = field(default_factory=threading.Event)
    acknowledged: dict[tuple[str, int], str] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def archive(self, number: int) -> None:
        """Files of their own names, and now and then one of a name that all share."""
        chance = random.Random(number)
        for count in range(100_000):
            if self.stop.is_set():
                return
            node = chance.choice(self.nodes)
            file_id = "shared" if chance.random() < 0.3 else f"load-{number}-{count}"
            content = chance.randbytes(chance.choice([10, 5_000, 300_000]))
            with self.guard:
                self.attempts[file_id] += 1
            try:
                reply = node.qarchive(file_id, content)
            except (OSError, http.client.HTTPException):
                self.failed[node.host_id] += 1
                continue
            if reply.status == 400 and "OFFLINE/IDLE" in reply.message:
                self.failed[node.host_id] += 1  # it is there again, but not ready yet
                continue
            if reply.status != 200:
                self.wrong.append(f"{node.host_id}: {reply.status} {reply.message}")
                continue
            version = int(reply.of("FileStatus")["FileVersion"])
            with self.guard:
                if (file_id, version) in self.acknowledged:
                    self.wrong.append(f"{file_id} has version {version} twice")
                self.acknowledged[file_id, version] = hashlib.sha256(content).hexdigest()

    def retrieve(self, number: int) -> None:
        """Anything acknowledged so far, from anybody; what is given must be right."""
        chance = random.Random(number)
        while not self.stop.wait(0.001):
            with self.guard:
                known = list(self.acknowledged.items())
            if not known:
                continue
            (file_id, version), digest = chance.choice(known)
            node = chance.choice(self.nodes)
            try:
                reply = follow(self.nodes, node, file_id=file_id, file_version=version)
            except (OSError, http.client.HTTPException):
                self.failed[node.host_id] += 1
                continue
            if reply.status == 200 and hashlib.sha256(reply.body).hexdigest() != digest:
                self.wrong.append(f"{node.host_id} gave other bytes for {file_id}/{version}")


def test_one_is_killed_under_load_and_nothing_is_lost_or_doubled(three: Three) -> None:
    load = Load(three.nodes)
    second = three.nodes[1]
    with ThreadPoolExecutor(6) as pool:
        work = [pool.submit(load.archive, number) for number in range(4)]
        work += [pool.submit(load.retrieve, number) for number in range(2)]
        try:
            until(lambda: len(load.acknowledged) > 50, 150)
            second.kill()
            before = len(load.acknowledged)
            until(lambda: len(load.acknowledged) > before + 40, 150)
            second.start()
            until(lambda: len(load.acknowledged) > before + 80, 150)
        finally:
            load.stop.set()
        for each in work:
            each.result()
    assert load.wrong == []
    assert load.failed[second.host_id] > 0, "nobody noticed that it was killed"
    _nothing_lost(load)
    _nothing_doubled(load)


def _nothing_lost(load: Load) -> None:
    """Every acknowledged version comes back from every node, its bytes the same."""

    def check(item: tuple[tuple[str, int], str], node: Host) -> str:
        (file_id, version), digest = item
        reply = follow(load.nodes, node, file_id=file_id, file_version=version)
        found = hashlib.sha256(reply.body).hexdigest()
        return "" if found == digest else f"{node.host_id}: {file_id}/{version}: {reply.status}"

    items = sorted(load.acknowledged.items())
    with ThreadPoolExecutor(8) as pool:
        told = [
            pool.submit(check, item, load.nodes[(index + turn) % 3])
            for index, item in enumerate(items)
            for turn in range(3)
        ]
    assert [each.result() for each in told if each.result()] == []


def _nothing_doubled(load: Load) -> None:
    """No version twice; nothing more than was asked for; versions without a gap."""
    rows = sql(
        load.nodes[0],
        "SELECT file_id, file_version, disk_id FROM ngas_files"
        " WHERE file_id = 'shared' OR starts_with(file_id, 'load-')",
    )
    assert len({(file_id, version) for file_id, version, _ in rows}) == len(rows)
    assert {(file_id, version) for file_id, version, _ in rows} >= set(load.acknowledged)
    stored = Counter(file_id for file_id, _, _ in rows)
    assert {file_id: n for file_id, n in stored.items() if n > load.attempts[file_id]} == {}
    versions = sorted(version for file_id, version, _ in rows if file_id == "shared")
    assert versions == list(range(1, len(versions) + 1))
    for node in load.nodes:
        for slot in node.volumes:
            objects = _objects(node.root / "volumes" / slot)
            disk = disk_in(node, slot)
            known = sql(node, "SELECT file_name FROM ngas_files WHERE disk_id = ?", disk)
            # What was under way at the one that was killed is settled when it comes back.
            assert {row[0] for row in known} == set(objects)


def _objects(volume: Path) -> list[str]:
    """The archived files that lie on a volume."""
    return [
        str(Path(folder).relative_to(volume) / name)
        for folder, _, names in os.walk(volume / "saf")
        for name in names
    ]
