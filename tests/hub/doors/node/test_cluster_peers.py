"""A file comes back whichever node of the cluster is asked, by redirect or through it; holders that
are away, asleep or damaged are dealt with."""

from __future__ import annotations

import base64
import http.client
import os
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.conftest import DATABASE
from tests.hub.doors.node.cluster_catalogue import (
    add_copy,
    disk_in,
    noted,
    overwrite,
    place,
    sql,
    status_of,
)
from tests.hub.doors.node.cluster_holder import another_holder
from tests.services.hub import until
from tests.services.node import Node, own_database
from tests.services.process import free_port

pytestmark = pytest.mark.database
MIB = 1 << 20
HELLO = b"hello world\n"
SECRET = base64.b64encode(b"between nodes").decode()
PLUG_INS = """
from pathlib import Path

def wake(server, host_id):
    Path(server.parameters["said"]).open("a").write(host_id + chr(10))

def sleep(server):
    Path(server.parameters["said"]).open("a").write(server.host_id + chr(10))
"""


@dataclass
class Cluster:
    """`holder` has the files, `pointer` redirects, `proxy` hands on; `partner` is another
    archive."""

    holder: Node
    pointer: Node
    proxy: Node
    partner: Node
    folder: Path
    hosts: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    for name in ("wake", "sleep"):
        (folder / f"{name}.py").write_text(PLUG_INS)
    database = (
        own_database()
        if DATABASE == "postgresql"
        else f'Interface="sqlite3" database="{folder}/shared.sqlite"'
    )
    users = f'<Authorization><User Name="ngas-int" Password="{SECRET}"/></Authorization>'
    waker, port = free_port(), free_port()
    plug_ins = {"PluginsPath": str(folder)}
    holder = Node(folder / "holder", database)
    proxy = Node(
        folder / "proxy",
        database,
        port=waker,
        server={"ProxyMode": "1", **plug_ins},
        elements={
            "Authorization": users,
            "HostSuspension": '<HostSuspension IdleSuspension="0" IdleSuspensionTime="1"'
            f' WakeUpPlugIn="wake" WakeUpPlugInPars="said={folder}/woken" WakeUpCallTimeOut="20"/>',
        },
    )
    pointer = Node(
        folder / "pointer",
        database,
        server=plug_ins,
        elements={
            "HostSuspension": '<HostSuspension IdleSuspension="1" IdleSuspensionTime="3600"'
            f' WakeUpServerHost="{proxy.host_id}" WakeUpCallTimeOut="20"/>',
        },
    )
    partner = Node(
        folder / "partner",
        port=port,
        elements={
            "PartnerSites": '<PartnerSites ProxyMode="1">'
            f'<PartnerSite Address="127.0.0.1:{free_port()}"/>'
            f'<PartnerSite Address="127.0.0.1:{port}"/>'
            f'<PartnerSite Address="127.0.0.1:{pointer.port}"/></PartnerSites>',
            "Permissions": '<Permissions AllowArchiveReq="1" AllowProcessingReq="0"'
            ' AllowRemoveReq="0" AllowRetrieveReq="1"/>',
        },
    )
    nodes = (holder, proxy, pointer, partner)
    with ThreadPoolExecutor() as pool:
        list(pool.map(Node.start, nodes))
        yield Cluster(holder, pointer, proxy, partner, folder)
        list(pool.map(Node.stop, nodes))


def archive(node: Node, file_id: str, content: bytes = HELLO) -> None:
    assert node.qarchive(file_id, content, file_id=file_id, mime_type="text/plain").status == 200


def test_who_does_not_have_it_points_to_who_does(cluster: Cluster) -> None:
    archive(cluster.holder, "a b")
    reply = cluster.pointer.get("RETRIEVE", file_id="a b", time_out="5.0")
    assert (reply.status, reply.body) == (303, b"")
    assert reply.headers["location"] == (
        f"http://127.0.0.1:{cluster.holder.port}/RETRIEVE?file_id=a+b&time_out=5.0"
    )
    there = urlsplit(reply.headers["location"])
    assert cluster.holder.get("RETRIEVE", None, **dict(parse_qsl(there.query))).body == HELLO


def test_parameters_of_a_header_are_in_the_address_that_is_pointed_to(cluster: Cluster) -> None:
    archive(cluster.holder, "in-header")
    headers = {"Content-Disposition": 'attachment; file_id="in-header"; wait="1"'}
    reply = cluster.pointer.get("RETRIEVE", headers)
    query = dict(parse_qsl(urlsplit(reply.headers["location"]).query))
    assert query == {"file_id": "in-header", "wait": "1"}


@pytest.mark.parametrize("size", [1, MIB, 9 * MIB + 5])
def test_a_proxy_hands_on_what_another_has(cluster: Cluster, size: int) -> None:
    content = os.urandom(size)
    archive(cluster.holder, f"far{size}", content)
    direct = cluster.holder.get("RETRIEVE", file_id=f"far{size}")
    reply = cluster.proxy.get("RETRIEVE", file_id=f"far{size}")
    assert (reply.status, reply.body == content) == (200, True)
    for name in ("content-type", "content-disposition", "etag", "repr-digest", "last-modified"):
        assert reply.headers[name] == direct.headers[name]
    head = cluster.proxy.ask("HEAD", "RETRIEVE", None, file_id=f"far{size}")
    assert head.headers["content-length"] == str(size)
    assert head.headers["content-disposition"] == direct.headers["content-disposition"]


def test_parts_and_conditions_go_through_a_proxy(cluster: Cluster) -> None:
    archive(cluster.holder, "far-part")
    part = cluster.proxy.get("RETRIEVE", {"Range": "bytes=6-"}, file_id="far-part")
    assert (part.status, part.body) == (200, b"world\n")
    assert part.headers["content-range"] == "bytes 6-11/12"
    middle = cluster.proxy.get("RETRIEVE", {"Range": "bytes=0-4"}, file_id="far-part")
    assert (middle.status, middle.body) == (206, b"hello")
    beyond = cluster.proxy.get("RETRIEVE", {"Range": "bytes=99-"}, file_id="far-part")
    assert beyond.status == 416
    tag = part.headers["etag"]
    same = cluster.proxy.get("RETRIEVE", {"If-None-Match": tag}, file_id="far-part")
    assert (same.status, same.body) == (304, b"")


def test_a_proxy_keeps_none_of_a_large_file_in_memory(cluster: Cluster) -> None:
    assert cluster.proxy.process is not None
    content = os.urandom(MIB) * 160
    archive(cluster.holder, "huge", content)
    before = peak(cluster.proxy.process.pid)
    assert zlib.crc32(cluster.proxy.get("RETRIEVE", file_id="huge").body) == zlib.crc32(content)
    assert peak(cluster.proxy.process.pid) - before < 40 * MIB


def peak(pid: int) -> int:
    """The most memory that a process has had, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(each for each in lines if each.startswith("VmHWM")).split()[1]) * 1024


def test_a_local_copy_goes_before_all_others(cluster: Cluster) -> None:
    archive(cluster.holder, "near")
    add_copy(cluster.holder, "near", cluster.pointer, "volume1")
    assert cluster.pointer.get("RETRIEVE", file_id="near").body == HELLO
    other = disk_in(cluster.holder, "volume1"), disk_in(cluster.holder, "volume2")
    where = next(each for each in other if each in status_of(cluster.holder, "near"))
    assert cluster.pointer.get("RETRIEVE", file_id="near", disk_id=where).status == 303
    there = cluster.pointer.get("RETRIEVE", file_id="near", host_id=cluster.holder.host_id)
    assert there.status == 303


def test_a_damaged_local_copy_is_passed_over_for_one_elsewhere(cluster: Cluster) -> None:
    archive(cluster.holder, "harmed")
    for node in (cluster.pointer, cluster.proxy):
        overwrite(add_copy(cluster.holder, "harmed", node, "volume1"), b"hello_world\n")
    assert cluster.pointer.get("RETRIEVE", file_id="harmed").status == 303
    assert cluster.proxy.get("RETRIEVE", file_id="harmed").body == HELLO
    assert noted(cluster.holder, "harmed") == 2


def test_a_holder_that_finds_its_copy_damaged_is_passed_over(cluster: Cluster) -> None:
    archive(cluster.holder, "harmed-there")
    add_copy(cluster.holder, "harmed-there", cluster.pointer, "volume2")
    overwrite(
        place(cluster.holder, "harmed-there", holder_disk(cluster, "harmed-there")), b"x" * 12
    )
    assert cluster.proxy.get("RETRIEVE", file_id="harmed-there").body == HELLO


def holder_disk(cluster: Cluster, file_id: str) -> str:
    """The disk of the holder that has the file."""
    mine = {disk_in(cluster.holder, slot) for slot in cluster.holder.volumes}
    return next(each for each in status_of(cluster.holder, file_id) if each in mine)


def test_who_is_asked_by_a_node_answers_with_what_it_has(cluster: Cluster) -> None:
    archive(cluster.holder, "relayed")
    reply = cluster.pointer.get("RETRIEVE", {"Lagan-Relayed": "1"}, file_id="relayed")
    assert reply.status == 400
    assert "appears not to be available" in reply.message


def test_a_holder_that_does_not_answer_is_passed_over(cluster: Cluster) -> None:
    archive(cluster.holder, "away")
    with another_holder(cluster.holder, "away", HELLO, started=False):
        assert cluster.proxy.get("RETRIEVE", file_id="away").body == HELLO
        reply = cluster.pointer.get("RETRIEVE", file_id="away")
        assert f":{cluster.holder.port}/" in reply.headers["location"]


def test_a_file_whose_holders_are_all_away_is_not_available(cluster: Cluster) -> None:
    archive(cluster.holder, "all-away")
    with another_holder(cluster.holder, "all-away", HELLO, started=False):
        mine = holder_disk(cluster, "all-away")
        sql(
            cluster.holder,
            "DELETE FROM ngas_files WHERE disk_id = ? AND file_id = 'all-away'",
            mine,
        )
        for node in (cluster.pointer, cluster.proxy):
            reply = node.get("RETRIEVE", file_id="all-away")
            assert reply.status == 400
            assert (
                "NGAMS_ER_UNAVAIL_FILE:4019:ERROR: File with ID: all-away appears" in reply.message
            )


def test_a_small_file_that_comes_damaged_is_had_elsewhere(cluster: Cluster) -> None:
    archive(cluster.holder, "bad-way")
    with another_holder(cluster.holder, "bad-way", b"hello_world\n") as holder:
        assert cluster.proxy.get("RETRIEVE", file_id="bad-way").body == HELLO
        assert holder.commands()[-2:] == ["RETRIEVE", "CHECKFILE"]
        holder.content = b"hello"
        assert cluster.proxy.get("RETRIEVE", file_id="bad-way").body == HELLO


def test_a_large_file_that_comes_damaged_is_never_whole(cluster: Cluster) -> None:
    content = os.urandom(3 * MIB)
    archive(cluster.holder, "bad-long-way", content)
    with another_holder(cluster.holder, "bad-long-way", content[:-1] + b"x") as holder:
        holder.content = content[:-1] + bytes([content[-1] ^ 1])
        with pytest.raises(http.client.IncompleteRead):
            cluster.proxy.get("RETRIEVE", file_id="bad-long-way")
        until(lambda: holder.commands()[-1:] == ["CHECKFILE"])
        holder.content = content
        assert cluster.proxy.get("RETRIEVE", file_id="bad-long-way").body == content


def test_nodes_of_the_cluster_are_shown_the_internal_user(cluster: Cluster) -> None:
    archive(cluster.holder, "shown")
    with another_holder(cluster.holder, "shown", HELLO) as holder:
        assert cluster.proxy.get("RETRIEVE", file_id="shown").body == HELLO
        expected = "Basic " + base64.b64encode(b"ngas-int:between nodes").decode()
        path, headers = holder.asked[-1]
        assert headers["Authorization"] == expected
        query = dict(parse_qsl(urlsplit(path).query))
        assert query == {"file_id": "shown", "file_version": "1", "disk_id": f"0-{holder.port}"}


def test_a_slow_look_asks_the_holder_for_the_file(cluster: Cluster) -> None:
    archive(cluster.holder, "slow-look")
    with another_holder(cluster.holder, "slow-look", HELLO) as holder:
        reply = cluster.pointer.get("RETRIEVE", file_id="slow-look", quick_location=0)
        assert reply.headers["location"].startswith(f"http://127.0.0.1:{holder.port}/")
        query = dict(parse_qsl(urlsplit(holder.asked[-1][0]).query))
        assert query == {"file_access": "slow-look", "file_version": "1"}


@pytest.mark.parametrize("who", ["proxy", "pointer"])
def test_a_host_that_sleeps_is_woken_first(cluster: Cluster, who: str) -> None:
    """By the one that is asked, or by the one in charge of waking."""
    file_id, said = f"asleep-{who}", cluster.folder / "woken"
    archive(cluster.holder, file_id)
    with another_holder(cluster.holder, file_id, HELLO, started=False, suspended=1) as holder:
        mine = holder_disk(cluster, file_id)
        sql(
            cluster.holder,
            "DELETE FROM ngas_files WHERE disk_id = ? AND file_id = ?",
            mine,
            file_id,
        )
        host = f"fake:{holder.port}"

        def wake() -> None:
            until(lambda: said.exists() and host in said.read_text())
            holder.start()

        thread = threading.Thread(target=wake)
        thread.start()
        node = cluster.proxy if who == "proxy" else cluster.pointer
        reply = node.get("RETRIEVE", file_id=file_id)
        thread.join()
        assert reply.status == (200 if who == "proxy" else 303)
        row = sql(
            cluster.holder,
            "SELECT srv_suspended, srv_req_wake_up_srv FROM ngas_hosts WHERE host_id = ?",
            host,
        )
        assert row == [(0, None)]


def test_a_node_without_work_sleeps_until_it_is_asked(cluster: Cluster, tmp_path: Path) -> None:
    said = tmp_path / "slept"
    node = Node(
        tmp_path,
        cluster.holder.database,
        server={"PluginsPath": str(cluster.folder)},
        elements={
            "HostSuspension": '<HostSuspension IdleSuspension="1" IdleSuspensionTime="0.2"'
            f' SuspensionPlugIn="sleep" SuspensionPlugInPars="said={said}" WakeUpCallTimeOut="1"/>'
        },
    ).start()

    def suspended() -> int:
        rows = sql(node, "SELECT srv_suspended FROM ngas_hosts WHERE host_id = ?", node.host_id)
        return int(rows[0][0])

    try:
        until(lambda: suspended() == 1)
        # The catalogue knows before the plug-in is told.
        assert until(lambda: said.exists() and said.read_text().splitlines())[0] == node.host_id
        node.configure()
        until(lambda: node.get("STATUS").status == 200 and suspended() == 0)
    finally:
        node.stop()


@pytest.mark.parametrize("size", [12, 3 * MIB])
def test_what_another_archive_has_is_had_from_it(cluster: Cluster, size: int) -> None:
    content = os.urandom(size)
    archive(cluster.holder, f"partner{size}", content)
    reply = cluster.partner.get("RETRIEVE", file_id=f"partner{size}")
    assert (reply.status, reply.body == content) == (200, True)
    assert reply.headers["content-disposition"] == f'attachment; filename="partner{size}.txt"'
    part = cluster.partner.get("RETRIEVE", {"Range": "bytes=5-"}, file_id=f"partner{size}")
    assert part.body == content[5:]


def test_processing_that_is_not_allowed_is_refused(cluster: Cluster) -> None:
    reply = cluster.partner.get("RETRIEVE", file_id="x", processing="upper")
    assert reply.status == 400
    assert reply.message == (
        "NGAMS_ER_ILL_REQ:4017:ERROR: The server is not configured for handling Processing"
        " requests."
    )


def test_a_slow_look_at_a_real_holder_finds_the_file(cluster: Cluster) -> None:
    archive(cluster.holder, "looked-for")
    assert cluster.proxy.get("RETRIEVE", file_id="looked-for", quick_location=0).body == HELLO
    assert cluster.pointer.get("RETRIEVE", file_id="looked-for", quick_location=0).status == 303


def test_what_nobody_has_goes_round_no_circle(cluster: Cluster) -> None:
    reply = cluster.partner.get("RETRIEVE", file_id="nobody-has-it")
    assert reply.status == 400
    assert "nobody-has-it appears not to be available" in reply.message
    archive(cluster.holder, "guarded")
    guarded = cluster.partner.get("RETRIEVE", file_id="guarded", partner_site_redirect=1)
    assert guarded.status == 400
