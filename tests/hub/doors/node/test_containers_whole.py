"""Containers come in one body and go out in one: whole, or not at all."""

from __future__ import annotations

import http.client
import io
import os
import socket
import tarfile
import threading
import zlib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.hub.doors.node.conftest import MakeNode
from tests.hub.doors.node.containers.messages import END, Tree, message
from tests.hub.doors.node.containers.test_multipart import read
from tests.services.hub import until
from tests.services.node import Node, Reply

pytestmark = pytest.mark.database
TYPE = {"Content-Type": "ngas/container"}


def carchive(node: Node, name: str, tree: Tree, **pars: str) -> Reply:
    return node.post("CARCHIVE", message(name, tree), TYPE, filename=name, **pars)


def listed(node: Node, name: str) -> ElementTree.Element:
    document = node.get("CLIST", container_name=name).document
    assert document is not None
    found = document.find("Container")
    assert found is not None
    return found


def retrieved(node: Node, name: str) -> dict[str, object]:
    reply = node.get("CRETRIEVE", container_name=name)
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "ngas/container"
    assert int(reply.headers["content-length"]) == len(reply.body)
    return read(reply.body)


def objects(node: Node) -> set[Path]:
    return {each for each in node.root.glob("volumes/*/saf/**/*") if each.is_file()}


def staged(node: Node) -> list[Path]:
    return list(node.root.glob("volumes/*/.lagan/incoming/*"))


def test_a_tree_comes_and_goes(node: Node) -> None:
    tree: Tree = {
        "t-in": {"t-b.bin": bytes(range(256)) * 5000, "t-deep": {"t-c": b"\r\n--b0+/=\r\n"}},
        "t-a.txt": b"hello\r\n",
        "t-empty": b"",
    }
    reply = carchive(node, "tree", tree)
    assert reply.status == 200
    assert reply.message == (
        "Successfully handled Archive Pull Request for data file with URI: tree"
    )
    assert reply.of("DiskStatus")["Mounted"] == "1"
    assert reply.document is not None
    assert reply.document.find(".//FileStatus") is None
    assert retrieved(node, "tree") == {"tree": tree}


def test_what_is_said_of_a_file(node: Node) -> None:
    carchive(node, "facts", {"f.dat": b"0123456789"})
    status = node.get("STATUS", file_id="f.dat").of("FileStatus")
    assert status["ChecksumPlugIn"] == "StreamCrc32"
    assert status["Checksum"] == str(zlib.crc32(b"0123456789"))
    assert status["Format"] == "text/plain"
    assert status["FileName"].endswith("/1/f.dat")
    container = listed(node, "facts").attrib
    assert (status["ContainerId"], container["size"]) == (container["id"], "10")
    assert "ingestionDate" in container
    assert node.get("RETRIEVE", file_id="f.dat").body == b"0123456789"


def test_a_tar(node: Node) -> None:
    carchive(node, "packed", {"p-s": {"p-b": b"two"}, "p-a": b"one"})
    reply = node.get("CRETRIEVE", container_name="packed", format="application/x-tar")
    assert reply.headers["content-type"] == "application/x-tar"
    assert reply.headers["content-disposition"] == 'attachment; filename="packed"'
    with tarfile.open(fileobj=io.BytesIO(reply.body)) as archive:
        assert archive.getnames() == ["packed", "packed/p-s", "packed/p-s/p-b", "packed/p-a"]


def test_many_files_share_their_groups(node: Node) -> None:
    tree: Tree = {f"m{number:03}": b"%d" % number for number in range(450)}
    assert carchive(node, "many", tree).status == 200
    assert retrieved(node, "many") == {"many": tree}
    assert listed(node, "many").attrib["size"] == str(sum(len(str(n)) for n in range(450)))


def test_equal_names_of_one_upload_are_files_of_their_own(node: Node) -> None:
    tree: Tree = {"x": {"same": b"x"}, "y": {"same": b"y", "z": {"same": b"z"}}, "same": b"top"}
    assert carchive(node, "equal", tree).status == 200
    assert retrieved(node, "equal") == {"equal": tree}
    ids = {each.attrib["FileId"] for each in listed(node, "equal").iter("FileStatus")}
    assert ids == {"same", "y/same", "y/z/same", "equal/same"}


def test_equal_names_of_two_uploads_are_versions_in_two_containers(node: Node) -> None:
    carchive(node, "monday", {"readme": b"one"})
    carchive(node, "tuesday", {"readme": b"two"})
    assert retrieved(node, "monday") == {"monday": {"readme": b"one"}}
    assert retrieved(node, "tuesday") == {"tuesday": {"readme": b"two"}}
    assert node.get("STATUS", file_id="readme").of("FileStatus")["FileVersion"] == "2"
    assert listed(node, "monday").attrib["size"] == "3"


def test_a_name_twice_in_a_container_is_two_versions(node: Node) -> None:
    body = message("twice", {"v": b"first", "w": b"second!"}).replace(b'"w"', b'"v"')
    assert node.post("CARCHIVE", body, TYPE).status == 200
    assert retrieved(node, "twice") == {"twice": {"v": b"second!"}}
    assert listed(node, "twice").attrib["size"] == "7"


@pytest.mark.parametrize("blank", [b"", END])
def test_one_blank_line_or_two(node: Node, blank: bytes) -> None:
    name = f"blank{len(blank)}"
    body = message(name, {f"{name}-1": b"one", f"{name}-2": b"two"}, blank=blank)
    assert node.post("CARCHIVE", body, TYPE, filename=name).status == 200
    assert retrieved(node, name) == {name: {f"{name}-1": b"one", f"{name}-2": b"two"}}


def test_the_length_may_be_unknown(node: Node) -> None:
    body = message("chunked", {"ch": b"x" * 5000})
    connection = http.client.HTTPConnection(node.address, node.port, timeout=150)
    pieces = (body[at : at + 700] for at in range(0, len(body), 700))
    connection.request("POST", "/CARCHIVE", pieces, TYPE, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert retrieved(node, "chunked") == {"chunked": {"ch": b"x" * 5000}}


def test_the_type_may_be_in_the_request(node: Node) -> None:
    head, _, rest = message("headed", {"hd": b"x"}).partition(b"\r\n\r\n")
    told = {"Content-Type": head.decode().partition("Content-Type: ")[2]}
    assert node.post("CARCHIVE", rest, told).status == 200
    assert retrieved(node, "headed") == {"headed": {"hd": b"x"}}


BROKEN = {
    "cut": (message("bad-cut", {"k1": b"x" * 1000, "k2": b"y" * 1000})[:-1200], "last boundary"),
    "twice": (
        message("bad-twice", {"k1": b"x", "s": {}, "t": {}}).replace(b'"t"', b'"s"'),
        "has two named s",
    ),
    "nameless": (message("bad-name", {"k1": b"x", "": b"y"}), "no filename"),
    "hostile": (message("bad-file", {"k1": b"x", "k\x072": b"y"}), "no name of a file"),
    "noise": (b"hello", "last boundary"),
    "late": (
        message("bad-late", {**{f"k{n}": b"x" for n in range(300)}, "": b""}),
        "no filename",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_leaves_nothing(node: Node, case: str) -> None:
    body, words = BROKEN[case]
    before = objects(node)
    reply = node.post("CARCHIVE", body, TYPE)
    assert (reply.status, reply.of("Status")["Status"]) == (400, "FAILURE")
    assert words in reply.message
    assert node.get("CLIST", container_name=f"bad-{case}").status == 400
    assert node.get("STATUS", file_id="k1").status == 400
    assert (objects(node), staged(node)) == (before, [])


def test_a_client_that_goes_away_leaves_nothing(node: Node) -> None:
    before = objects(node)
    body = message("gone", {"g1": b"x" * 3_000_000, "g2": b"y"})
    connection = http.client.HTTPConnection(node.address, node.port, timeout=150)
    connection.putrequest("POST", "/CARCHIVE")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:2_500_000])
    until(lambda: bool(staged(node)))
    connection.close()
    until(lambda: not staged(node))
    assert objects(node) == before
    assert node.get("CLIST", container_name="gone").status == 400


def test_only_a_body_is_archived(node: Node) -> None:
    assert node.get("CARCHIVE", filename="x").message == "Only POST allowed for CARCHIVE"
    reply = node.post("CARCHIVE", b"", TYPE)
    assert (reply.status, reply.message) == (411, "Content-Length is 0 or unknown")


@pytest.mark.parametrize(
    ("pars", "words"),
    [
        ({}, "container_id or container_name needed"),
        ({"container_name": "never"}, "No container with name"),
        ({"container_name": "never", "processing": "x"}, "does not allow processing"),
    ],
)
def test_what_is_not_retrieved(node: Node, pars: dict[str, str], words: str) -> None:
    reply = node.ask("GET", "CRETRIEVE", None, None, **pars)
    assert reply.status == 400
    assert words in reply.message


def test_an_empty_container_goes_out(node: Node) -> None:
    node.get("CCREATE", container_name="hollow")
    assert retrieved(node, "hollow") == {"hollow": {}}


def place(node: Node, file_id: str) -> Path:
    told = node.get("STATUS", file_id=file_id)
    return Path(told.of("DiskStatus")["MountPoint"]) / told.of("FileStatus")["FileName"]


def spoil(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def test_a_missing_file_is_refused_before_the_first_byte(node: Node) -> None:
    carchive(node, "missing", {"mi1": b"one", "mi2": b"two"})
    place(node, "mi2").unlink()
    reply = node.get("CRETRIEVE", container_name="missing")
    assert reply.status == 400
    assert "NGAMS_ER_UNAVAIL_FILE:4019:ERROR: File with ID: mi2" in reply.message


@pytest.mark.parametrize("size", [1000, 3 << 20])
def test_damage_is_never_handed_on(node: Node, size: int) -> None:
    name = f"damaged{size}"
    carchive(node, name, {f"{name}.bin": b"x" * size})
    spoil(place(node, f"{name}.bin"), b"y" + b"x" * (size - 1))
    connection = http.client.HTTPConnection(node.address, node.port, timeout=150)
    connection.request("GET", f"/CRETRIEVE?container_name={name}")
    with pytest.raises(http.client.IncompleteRead):
        connection.getresponse().read()
    connection.close()
    assert node.get("STATUS", file_id=f"{name}.bin").of("FileStatus")["FileStatus"][0] == "1"


def test_sizes_follow_files_that_are_removed(node: Node) -> None:
    carchive(node, "shrinking", {"sh1": b"12345", "sh2": b"123"})
    disk = node.get("STATUS", file_id="sh1").of("DiskStatus")["DiskId"]
    reply = node.get("DISCARD", disk_id=disk, file_id="sh1", file_version=1, execute=1)
    assert reply.of("Status")["Status"] == "SUCCESS", reply.body
    assert listed(node, "shrinking").attrib["size"] == "3"
    assert retrieved(node, "shrinking") == {"shrinking": {"sh2": b"123"}}


def test_a_killed_upload_is_no_container(make_node: MakeNode, database: str) -> None:
    """Killed between two groups: whole files may be there, a container is not; and the files are
    free to be put into another one."""
    node = make_node(database=database)
    tree: Tree = {**{f"kill{at}": b"x" for at in range(200)}, "more": b"y" * (3 << 20)}
    body = message("killed", tree)
    with socket.create_connection((node.address, node.port), timeout=150) as client:
        head = f"POST /CARCHIVE HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body[: -(1 << 19)])
        until(lambda: node.get("STATUS", file_id="kill0").status == 200)
        node.kill()
    node.start()
    assert node.get("CLIST", container_name="killed").status == 400
    assert staged(node) == []
    box = node.get("CCREATE", container_name="after").of("Container")["id"]
    assert node.get("CAPPEND", container_id=box, file_id="kill0").status == 200
    assert retrieved(node, "after") == {"after": {"kill0": b"x"}}


def test_files_of_other_nodes_go_out_too(
    make_node: MakeNode, database: str, tmp_path: Path
) -> None:
    shared = database or f'Interface="sqlite3" database="{tmp_path}/shared.sqlite"'
    one, two = (make_node(database=shared) for _ in range(2))
    big = os.urandom(3 << 20)
    carchive(one, "spread", {"sp-one": b"here", "sp-big": big})
    carchive(two, "spread too", {"sp-two": b"there"})
    box = one.get("CLIST", container_name="spread").of("Container")["id"]
    assert one.get("CAPPEND", container_id=box, file_id="sp-two", force=1).status == 200
    whole = {"spread": {"sp-one": b"here", "sp-big": big, "sp-two": b"there"}}
    assert retrieved(one, "spread") == whole
    assert retrieved(two, "spread") == whole
    one.stop()
    reply = two.get("CRETRIEVE", container_name="spread")
    assert (reply.status, "NGAMS_ER_UNAVAIL_FILE" in reply.message) == (400, True)
    one.start()


def test_uploads_side_by_side(node: Node) -> None:
    replies: list[int] = []

    def send(number: int) -> None:
        tree: Tree = {f"par{at}": b"%d" % number for at in range(20)}
        replies.append(carchive(node, f"side{number}", tree).status)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert replies == [200] * 6
    for number in range(6):
        expected = {f"par{at}": b"%d" % number for at in range(20)}
        assert retrieved(node, f"side{number}") == {f"side{number}": expected}
    latest = {
        node.get("STATUS", file_id=f"par{at}").of("FileStatus")["FileVersion"] for at in range(20)
    }
    assert latest == {"6"}


def test_memory_stays_flat(node: Node) -> None:
    """200 MB in one file and back, in a process that may not take so much more."""
    assert node.process is not None
    size = 200 << 20
    head, _, tail = message("large", {"large.bin": b"*"}).partition(b"*")
    piece = os.urandom(1 << 20)

    def pieces() -> object:
        yield head
        for _ in range(size >> 20):
            yield piece
        yield tail

    before = peak(node)
    connection = http.client.HTTPConnection(node.address, node.port, timeout=150)
    connection.request("POST", "/CARCHIVE", pieces(), TYPE, encode_chunked=True)  # type: ignore[arg-type]
    assert connection.getresponse().status == 200
    connection.close()
    connection = http.client.HTTPConnection(node.address, node.port, timeout=150)
    connection.request("GET", "/CRETRIEVE?container_name=large")
    answer = connection.getresponse()
    count = 0
    while some := answer.read(1 << 20):
        count += len(some)
    connection.close()
    assert count == int(answer.headers["Content-Length"])
    assert peak(node) - before < 60 << 20


def peak(node: Node) -> int:
    """The most memory that the node ever had, in bytes."""
    assert node.process is not None
    status = Path(f"/proc/{node.process.pid}/status").read_text()
    line = next(each for each in status.splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) << 10
