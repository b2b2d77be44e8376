"""RETRIEVE at one node, as clients see it: parts, names, documents, processing, damage."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from astropy.io import fits

from tests.hub.doors.node.cluster_catalogue import (
    add_copy,
    disk_in,
    noted,
    overwrite,
    place,
    sql,
    status_of,
)
from tests.hub.doors.node.cluster_plug_ins import FILES, PLUG_IN, TAPE
from tests.services.hub import until
from tests.services.node import Node

MIB = 1 << 20
HELLO = b"hello world\n"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("node")
    plug_ins = folder / "plug-ins" / "ngamsPlugIns"
    plug_ins.mkdir(parents=True)
    for name, text in (("upper", PLUG_IN), ("files", FILES), ("tape", TAPE)):
        (plug_ins / f"{name}.py").write_text(text)
    processing = """<Processing Id="p" ProcessingDirectory="work">
      <PlugIn Name="eso.ngamsExtractFitsHdrDppi"><MimeType Name="image/x-fits"/></PlugIn>
      <PlugIn Name="ngamsPlugIns.upper" PlugInPars="mark=>"><MimeType Name="text/plain"/></PlugIn>
      <PlugIn Name="files"/>
      <PlugIn Name="missing"/>
    </Processing>"""
    running = Node(
        folder,
        elements={
            "Processing": processing,
            "FileStagingDef": '<FileStagingDef Enable="1" PlugIn="ngamsPlugIns.tape"/>',
        },
        server={"PluginsPath": str(folder / "plug-ins")},
    ).start()
    yield running
    running.stop()


def archive(node: Node, file_id: str, content: bytes = HELLO, name: str = "", **pars: str) -> None:
    pars.setdefault("mime_type", "text/plain")
    assert node.qarchive(name or file_id, content, file_id=file_id, **pars).status == 200


def test_a_file_comes_back_as_it_is(node: Node) -> None:
    archive(node, "plain")
    reply = node.get("RETRIEVE", file_id="plain")
    assert (reply.status, reply.body) == (200, HELLO)
    digest = base64.b64encode(hashlib.sha256(HELLO).digest()).decode()
    assert reply.headers["content-type"] == "text/plain"
    assert reply.headers["content-disposition"] == 'attachment; filename="plain.txt"'
    assert reply.headers["content-length"] == "12"
    assert reply.headers["accept-ranges"] == "bytes"
    assert reply.headers["etag"] == f'"{hashlib.sha256(HELLO).hexdigest()}"'
    assert reply.headers["repr-digest"] == f"sha-256=:{digest}:"


@pytest.mark.parametrize("size", [0 + 1, MIB, MIB + 1, 5 * MIB + 7])
def test_sizes_around_what_is_read_at_once_are_whole(node: Node, size: int) -> None:
    content = os.urandom(size)
    archive(node, f"size{size}", content)
    assert node.get("RETRIEVE", file_id=f"size{size}").body == content
    part = node.get("RETRIEVE", {"Range": f"bytes={size // 2}-"}, file_id=f"size{size}")
    assert part.status == 200
    assert part.body == content[size // 2 :]
    middle = node.get("RETRIEVE", {"Range": "bytes=0-0"}, file_id=f"size{size}")
    assert (middle.status, middle.body) == (206, content[:1])


def test_head_says_what_get_would(node: Node) -> None:
    archive(node, "headed")
    get = node.get("RETRIEVE", file_id="headed")
    head = node.ask("HEAD", "RETRIEVE", None, file_id="headed")
    assert head.body == b""
    assert head.status == 200
    assert {k: v for k, v in head.headers.items() if k != "date"} == {
        k: v for k, v in get.headers.items() if k != "date"
    }


def test_a_part_from_n_on_is_200_as_deployed_clients_need_it(node: Node) -> None:
    archive(node, "part")
    reply = node.get("RETRIEVE", {"Range": "bytes=6-"}, file_id="part")
    assert (reply.status, reply.body) == (200, b"world\n")
    assert reply.headers["content-range"] == "bytes 6-11/12"
    assert reply.headers["content-length"] == "6"
    beyond = node.get("RETRIEVE", {"Range": "bytes=12-"}, file_id="part")
    assert (beyond.status, beyond.body) == (416, b"")
    assert beyond.headers["content-range"] == "bytes */12"
    wrong = node.get("RETRIEVE", {"Range": "pages=1"}, file_id="part")
    assert wrong.status == 400
    assert "Range" in wrong.message


def test_who_has_the_file_already_is_told_so(node: Node) -> None:
    archive(node, "known")
    tag = node.get("RETRIEVE", file_id="known").headers["etag"]
    same = node.get("RETRIEVE", {"If-None-Match": tag}, file_id="known")
    assert (same.status, same.body) == (304, b"")
    assert node.get("RETRIEVE", {"If-Match": '"x"'}, file_id="known").status == 412


def test_versions_are_had_by_number_and_the_highest_without(node: Node) -> None:
    archive(node, "versions", b"one")
    archive(node, "versions", b"two")
    assert node.get("RETRIEVE", file_id="versions").body == b"two"
    for asked, content in (("-1", b"two"), ("1", b"one"), ("2", b"two")):
        reply = node.get("RETRIEVE", file_id="versions", file_version=asked)
        assert reply.body == content


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "NGAMS_ER_RETRIEVE_CMD:4018:ERROR: "),
        ({"file_id": "nix"}, "File with ID: nix appears not to be available."),
        (
            {"file_id": "nix", "file_version": "7"},
            "NGAMS_ER_UNAVAIL_FILE:4019:ERROR: File with ID: nix/Version: 7 appears not to be"
            " available.",
        ),
        (
            {"file_id": "nix", "file_version": "7", "disk_id": "d"},
            "File with ID: nix/Version: 7/Disk ID: d appears not to be available.",
        ),
        ({"file_id": "nix", "file_version": "x"}, "Invalid parameter: file_version"),
        ({"file_id": "nix", "processing": "nothing"}, "NGAMS_ER_ILL_DPPI:4034:ERROR: "),
        ({"internal": "ng_log"}, "There is no internal document ng_log"),
        ({"internal": "../../../../etc/passwd"}, "There is no internal document"),
    ],
)
def test_what_cannot_be_had_is_said_in_the_known_words(
    node: Node, asked: dict[str, str], message: str
) -> None:
    reply = node.get("RETRIEVE", None, **asked)
    assert reply.status == 400
    assert reply.of("Status")["Status"] == "FAILURE"
    assert message in reply.message


def test_disk_and_host_narrow_the_choice(node: Node) -> None:
    archive(node, "narrow")
    disk = next(iter(status_of(node, "narrow")))
    other = next(each for each in (disk_in(node, slot) for slot in node.volumes) if each != disk)
    assert node.get("RETRIEVE", file_id="narrow", disk_id=disk).body == HELLO
    assert node.get("RETRIEVE", file_id="narrow", disk_id=other).status == 400
    assert node.get("RETRIEVE", file_id="narrow", host_id=node.host_id).body == HELLO
    assert node.get("RETRIEVE", file_id="narrow", host_id="nowhere:1").status == 400
    domain = sql(node, "SELECT domain FROM ngas_hosts")[0][0]
    assert node.get("RETRIEVE", file_id="narrow", domain=domain).body == HELLO
    assert node.get("RETRIEVE", file_id="narrow", domain="else.where").status == 400


def test_the_node_says_what_it_is(node: Node) -> None:
    [(ip, port, slots, cluster, mac, domain, suspended)] = sql(
        node,
        "SELECT ip_address, srv_port, n_slots, cluster_name, mac_address, domain, srv_suspended"
        " FROM ngas_hosts",
    )
    assert (ip, port, slots) == ("127.0.0.1", node.port, 2)
    assert (cluster, suspended) == ("TestArchive", 0)
    assert domain
    assert mac == "" or len(mac.split(":")) == 6


@pytest.mark.parametrize("name", ["ngamsStatus.dtd", "ngamsInternal.dtd", "XmlStd.dtd"])
def test_document_types_are_given_and_hold_what_is_answered(node: Node, name: str) -> None:
    reply = node.get("RETRIEVE", internal=name)
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/xml"
    assert reply.headers["content-disposition"] == 'attachment; filename="ngamsStatus.dtd"'
    assert b"@HOST@" not in reply.body
    if name != "XmlStd.dtd":
        assert f"http://127.0.0.1:{node.port}/RETRIEVE".encode() in reply.body
    assert node.get(name).body == reply.body


def test_status_documents_hold_to_their_document_type(node: Node) -> None:
    """lxml resolves the parts that the document type names from what the node serves."""
    from lxml import etree  # type: ignore[import-untyped]

    class Served(etree.Resolver):  # type: ignore[misc]
        def resolve(self, url: str, public: str, context: object) -> object:
            name = url.rpartition("=")[2]
            return self.resolve_string(node.get("RETRIEVE", internal=name).body, context)

    archive(node, "typed")
    parser = etree.XMLParser(dtd_validation=True, resolve_entities=True, no_network=True)
    parser.resolvers.add(Served())
    for reply in (
        node.get("STATUS"),
        node.get("STATUS", file_id="typed"),
        node.get("RETRIEVE", file_id="nix"),
    ):
        assert etree.fromstring(reply.body, parser).tag == "NgamsStatus"


def test_gzip_of_the_catalogue_is_an_encoding_for_who_takes_it(node: Node) -> None:
    archive(node, "zipped", zlib.compress(HELLO), name="zipped.txt")
    sql(node, "UPDATE ngas_files SET compression = 'gzip' WHERE file_id = 'zipped'")
    taken = node.get("RETRIEVE", {"Accept-Encoding": "gzip"}, file_id="zipped")
    assert taken.headers["content-encoding"] == "gzip"
    assert taken.headers["content-disposition"] == 'attachment; filename="zipped.txt"'
    bare = node.get("RETRIEVE", file_id="zipped")
    assert "content-encoding" not in bare.headers
    assert bare.headers["content-disposition"] == 'attachment; filename="zipped.txt.gz"'


def small_fits() -> bytes:
    made = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU()]).writeto(made)
    return made.getvalue()


@pytest.mark.parametrize(
    ("parameters", "count"),
    [({}, 1), ({"processing_pars": "header=2"}, 1), ({"processingPars": "header=99"}, 2)],
)
def test_the_header_of_a_fits_file_is_given_alone(
    node: Node, parameters: dict[str, str], count: int
) -> None:
    file_id = f"SmallFile{len(parameters)}{count}.fits"
    # Told as another type while it arrives: what archiving makes of FITS files is not the point.
    archive(node, file_id, small_fits())
    sql(node, "UPDATE ngas_files SET format = 'image/x-fits' WHERE file_id = ?", file_id)
    reply = node.get(
        "RETRIEVE", None, file_id=file_id, processing="eso.ngamsExtractFitsHdrDppi", **parameters
    )
    assert reply.status == 200
    assert len(reply.body) == count * 2881
    assert reply.body.startswith(b"XTENSION" if "header=2" in parameters.values() else b"SIMPLE")
    assert reply.headers["content-disposition"] == (
        f'attachment; filename="{file_id.removesuffix(".fits")}.hdr"'
    )
    assert reply.headers["content-type"] == "text/ascii"


def assert_nothing_is_left(node: Node) -> None:
    """What a request worked with goes when its answer has been sent: a client may be faster."""
    folder = node.root / "work" / "processing"
    until(lambda: not folder.exists() or not list(folder.iterdir()))


def test_a_plug_in_works_on_a_copy_in_a_folder_that_is_gone_after(node: Node) -> None:
    archive(node, "worked")
    reply = node.get("RETRIEVE", file_id="worked", processing="upper", processingPars="new.name")
    assert reply.body == b">HELLO WORLD\n"
    assert reply.headers["content-type"] == "a/b"
    assert reply.headers["content-disposition"] == 'attachment; filename="new.name"'
    made = node.get("RETRIEVE", file_id="worked", processing="ngamsPlugIns.files")
    assert made.body == b"made of worked.txt"
    assert node.get("RETRIEVE", file_id="worked").body == HELLO
    assert_nothing_is_left(node)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"processing": "ngamsExtractFitsHdrDppi"}, "NGAMS_ER_ILL_DPPI:4034"),
        ({"processing": "eso.ngamsExtractFitsHdrDppi"}, "for the type text/plain"),
        ({"processing": "missing"}, "No module named missing"),
        ({"processing": "os.path"}, "NGAMS_ER_ILL_DPPI:4034"),
        ({"processing": "files", "processing_pars": "fail"}, "no luck"),
        ({"processing": "files", "processing_pars": "/etc/passwd"}, "outside"),
        ({"processing": "files", "processing_pars": "work/processing/../../ngas"}, "outside"),
    ],
)
def test_processing_that_cannot_be_is_refused_and_leaves_nothing(
    node: Node, parameters: dict[str, str], message: str
) -> None:
    if node.get("RETRIEVE", file_id="refused").status != 200:
        archive(node, "refused")
    reply = node.get("RETRIEVE", None, file_id="refused", **parameters)
    assert reply.status == 400
    assert message in reply.message
    assert_nothing_is_left(node)


def test_a_file_on_tape_is_brought_back_first(node: Node) -> None:
    archive(node, "taped")
    path = place(node, "taped")
    path.rename(path.with_name(path.name + ".on-tape"))
    assert node.get("RETRIEVE", file_id="taped").body == HELLO
    assert path.read_bytes() == HELLO


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: overwrite(path, b"hello_world\n"),
        lambda path: overwrite(path, b"hello"),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.symlink_to("/etc/hostname")),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["flipped", "cut", "gone", "link", "folder"],
)
def test_a_damaged_copy_is_passed_over_and_noted(node: Node, harm, request) -> None:
    file_id = f"harmed-{request.node.callspec.id}"
    archive(node, file_id)
    first = next(iter(status_of(node, file_id)))
    slot = next(each for each in node.volumes if disk_in(node, each) != first)
    add_copy(node, file_id, node, slot)
    # Of two good copies that with the lower disk id is taken.
    harm(place(node, file_id, min(status_of(node, file_id))))
    for _ in range(3):
        assert node.get("RETRIEVE", file_id=file_id).body == HELLO
    assert noted(node, file_id) == 1


def test_the_last_copy_is_refused_when_it_is_damaged_but_to_who_insists(node: Node) -> None:
    archive(node, "last")
    disk = next(iter(status_of(node, "last")))
    overwrite(place(node, "last"), b"hello_world\n")
    reply = node.get("RETRIEVE", file_id="last")
    assert reply.status == 400
    assert "appears not to be available" in reply.message
    assert status_of(node, "last") == {disk: "10000000"}
    found = sql(node, "SELECT finding FROM node_proof WHERE file_id = 'last'")
    assert "checksum" in found[0][0]
    assert noted(node, "last") == 1
    assert node.get("RETRIEVE", file_id="last", damaged=1).body == b"hello_world\n"


def test_a_large_copy_nobody_looked_at_yet_is_checked_on_its_way(node: Node) -> None:
    content = os.urandom(3 * MIB)
    archive(node, "unseen", content)
    first = next(iter(status_of(node, "unseen")))
    slot = next(each for each in node.volumes if disk_in(node, each) != first)
    path = add_copy(node, "unseen", node, slot)
    second = disk_in(node, slot)
    assert node.get("RETRIEVE", file_id="unseen", disk_id=second).body == content
    overwrite(path, content[:-1] + bytes([content[-1] ^ 1]))
    import http.client

    with pytest.raises(http.client.IncompleteRead):
        node.get("RETRIEVE", file_id="unseen", disk_id=second)
    assert noted(node, "unseen") == 1
    assert node.get("RETRIEVE", file_id="unseen").body == content


def test_copies_to_be_ignored_are_not_given(node: Node) -> None:
    archive(node, "ignored")
    sql(node, "UPDATE ngas_files SET file_ignore = 1 WHERE file_id = 'ignored'")
    assert node.get("RETRIEVE", file_id="ignored").status == 400


def test_nothing_outside_a_volume_is_read_whatever_the_catalogue_says(node: Node) -> None:
    archive(node, "outside")
    name = "../" * 12 + "etc/hostname"
    size = Path("/etc/hostname").stat().st_size
    sql(
        node,
        "UPDATE ngas_files SET file_name = ?, file_size = ?, checksum = NULL"
        " WHERE file_id = 'outside'",
        name, size,
    )  # fmt: skip
    sql(node, "DELETE FROM node_proof WHERE file_id = 'outside'")
    assert node.get("RETRIEVE", file_id="outside").status == 400
