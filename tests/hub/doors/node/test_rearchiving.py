"""REARCHIVE, MIRRARCHIVE, BBCPARC and PARCHIVE on the wire; Streams that other nodes archive."""

from __future__ import annotations

import base64
import http.server
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from tests.hub.doors.node.conftest import MakeNode
from tests.services.node import Node, Reply, own_database

HELLO = b"hello world\n"
CRC = str(zlib.crc32(HELLO))
TEXT = {"Content-Type": "text/plain"}

BBCP = """#!/bin/sh
printf '%s\\n' "$@" > {folder}/arguments
for target; do source=$remote; remote=$target; done
case "$source" in *missing*) echo "no such file" >&2; exit 2;; esac
printf 'hello world\\n' > "$target"
echo "File x c32z: {crc}"
"""


def info(**given: str) -> dict[str, str]:
    told = {
        "FileName": "saf/2001-05-08/3/mirrored.txt",
        "FileVersion": "3",
        "Format": "text/plain",
        "FileSize": "12",
        "UncompressedFileSize": "12",
        "Compression": "NONE",
        "IngestionDate": "2001-05-08T15:25:00.123",
        "CreationDate": "2001-05-08T15:25:00.124",
        "Checksum": CRC,
        "ChecksumPlugIn": "ngamsGenCrc32",
        **given,
    }
    element = "<FileStatus " + " ".join(f'{k}="{v}"' for k, v in told.items()) + "/>"
    return {"NGAS-File-Info": base64.b64encode(element.encode()).decode(), **TEXT}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("rearchiving")
    program = made / "bin" / "bbcp"
    program.parent.mkdir()
    program.write_text(BBCP.format(folder=made, crc=f"{zlib.crc32(HELLO):08x}"))
    program.chmod(0o755)
    return made


@pytest.fixture(scope="module")
def node(make_node: MakeNode, database: str, folder: Path) -> Node:
    """A node on whose PATH there is a bbcp."""
    prefix = ("env", f"PATH={folder}/bin:/usr/bin:/bin")
    return make_node(folder=folder, database=database, prefix=prefix)


def rearchive(node: Node, body: bytes = HELLO, **given: str) -> Reply:
    return node.post("REARCHIVE", body, info(**given), filename="mirrored.txt")


def test_rearchive_keeps_what_is_known(node: Node) -> None:
    reply = rearchive(node, FileId="kept", FileName="saf/2001-05-08/3/kept.txt")
    assert reply.status == 200
    file = reply.of("FileStatus")
    assert (file["FileId"], file["FileVersion"]) == ("kept", "3")
    assert file["FileName"] == "saf/2001-05-08/3/kept.txt"
    assert file["IngestionDate"] == "2001-05-08T15:25:00.123"
    assert file["CreationDate"] == "2001-05-08T15:25:00.124"
    assert (file["Checksum"], file["ChecksumPlugIn"]) == (CRC, "ngamsGenCrc32")
    assert node.get("RETRIEVE", file_id="kept", file_version=3).body == HELLO


def test_rearchive_may_be_asked_again(node: Node) -> None:
    assert rearchive(node, FileId="again").status == 200
    reply = rearchive(node, FileId="again")
    assert (reply.status, reply.of("FileStatus")["FileVersion"]) == (200, "3")
    assert len(list(node.root.glob("volumes/*/saf/2001-05-08/3/**/mirrored.txt"))) >= 1
    other = rearchive(node, b"HELLO WORLD\n", FileId="again", Checksum=str(zlib.crc32(b"x")))
    assert (other.status, "another file" in other.message) == (400, True)


def test_rearchived_ids_with_one_path_share_nothing(node: Node) -> None:
    for file_id, body in (("p1", b"first bytes\n"), ("p2", b"other bytes\n")):
        assert rearchive(node, body, FileId=file_id, Checksum=str(zlib.crc32(body))).status == 200
    assert node.get("RETRIEVE", file_id="p1").body == b"first bytes\n"
    assert node.get("RETRIEVE", file_id="p2").body == b"other bytes\n"


@pytest.mark.parametrize(
    ("body", "given", "words"),
    [
        (b"other bytes\n", {}, "Checksum error for file refused"),
        (b"short", {}, "refused has 12 bytes, 5 arrived"),
        (HELLO, {"FileVersion": "0"}, "Invalid parameter"),
        (HELLO, {"FileId": ""}, "Invalid parameter"),
    ],
)
def test_rearchive_refuses_other_bytes(
    node: Node, body: bytes, given: dict[str, str], words: str
) -> None:
    reply = rearchive(node, body, **{"FileId": "refused", **given})
    assert (reply.status, words in reply.message) == (400, True)
    assert node.get("RETRIEVE", file_id="refused").status == 400
    assert not list(node.root.glob("volumes/*/.lagan/incoming/*"))


def test_rearchive_needs_the_info(node: Node) -> None:
    reply = node.post("REARCHIVE", HELLO, TEXT, filename="a.txt")
    assert reply.message.startswith("NGAMS_ER_MIS_PAR:4028:ERROR")
    assert node.post("REARCHIVE", HELLO, {"NGAS-File-Info": "x"}, filename="a").status == 400


@pytest.mark.parametrize("path", ["/etc/out.txt", "../../out.txt", ".lagan/volume.json"])
def test_a_path_never_leads_out_of_a_volume(node: Node, path: str) -> None:
    reply = rearchive(node, FileId=f"out {path}", FileName=path)
    assert reply.of("FileStatus")["FileName"].startswith("saf/")


def test_pulls_from_another_node(node: Node) -> None:
    assert node.qarchive("theirs.bin", HELLO).status == 200
    uri = f"http://127.0.0.1:{node.port}/RETRIEVE?file_id=theirs.bin"
    reply = node.get("REARCHIVE", info(FileId="pulled"), filename=uri)
    assert (reply.status, reply.of("FileStatus")["FileId"]) == (200, "pulled")
    mirrored = node.get(
        "MIRRARCHIVE", filename=uri, file_id="mirrored", file_version=7, checksum=CRC,
        checksum_plugin="crc32", mime_type="text/plain",
    )  # fmt: skip
    assert (mirrored.status, mirrored.of("FileStatus")["FileVersion"]) == (200, "7")
    wrong = node.get(
        "MIRRARCHIVE", filename=uri, file_id="wrong", file_version=7, checksum="1",
        checksum_plugin="crc32", mime_type="text/plain",
    )  # fmt: skip
    assert "Checksum error for file wrong" in wrong.message


def test_bbcp_is_run_with_fixed_arguments(node: Node, folder: Path) -> None:
    reply = node.get(
        "BBCPARC", filename="ssh://anna@127.0.0.1/data/a%20b.txt", mime_type="text/plain",
        bnum_streams=4, bwinsize=65536,
    )  # fmt: skip
    assert reply.status == 200, reply.body
    assert reply.of("FileStatus")["Checksum"] == CRC
    given = (folder / "arguments").read_text().splitlines()
    assert "anna@127.0.0.1:/data/a b.txt" in given
    assert given[given.index("-s") + 1] == "4"
    assert not list((node.root / ".lagan/bbcp").iterdir())


@pytest.mark.parametrize(
    "filename",
    [
        "ssh://-oProxyCommand=x/data/a.txt",
        "ssh://a@-x/data/a.txt",
        "ssh://127.0.0.1/etc/passwd.txt",
        "ssh://127.0.0.1/data/../etc/passwd.txt",
        "ssh://169.254.169.254/data/a.txt",
        "http://127.0.0.1/data/a.txt",
        "ssh://127.0.0.1/data/missing.txt",
    ],
)
def test_bbcp_is_not_run_for_anything(node: Node, filename: str) -> None:
    reply = node.get("BBCPARC", filename=filename, mime_type="text/plain")
    assert (reply.status, reply.of("Status")["Status"]) == (400, "FAILURE")
    numbers = node.get(
        "BBCPARC", filename="ssh://127.0.0.1/data/a.txt", mime_type="text/plain", bport=70_000
    )
    assert numbers.message.startswith("Invalid parameter: bport")


class _Sink(http.server.BaseHTTPRequestHandler):
    """Keeps what it is sent; `/no` refuses."""

    got: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:  # noqa: N802 - as the library calls it
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, dict(self.headers), body))
        self.send_response(400 if self.path == "/no" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def sink() -> Iterator[str]:
    _Sink.got.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Sink) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_parchive_stores_and_sends_on(node: Node, sink: str) -> None:
    reply = node.post("PARCHIVE", HELLO, TEXT, filename="p.txt", nexturl=f"{sink}/QARCHIVE?a=b")
    assert reply.status == 200
    path, headers, body = _Sink.got[0]
    assert (path, body, headers["NGAS-File-CRC"]) == ("/QARCHIVE?a=b", HELLO, CRC)
    assert headers["Content-Disposition"] == 'attachment; filename="p.txt"; file_id=p.txt'


@pytest.mark.parametrize("where", ["{sink}/no", "http://127.0.0.1:1/x"])
def test_parchive_says_what_was_not_sent(node: Node, sink: str, where: str) -> None:
    reply = node.post(
        "PARCHIVE", HELLO, TEXT, filename="kept-p.txt", nexturl=where.format(sink=sink)
    )
    assert (reply.status, "archived here" in reply.message) == (400, True)
    assert node.get("RETRIEVE", file_id="kept-p.txt").body == HELLO


def test_parchive_goes_only_where_it_may(node: Node) -> None:
    reply = node.post("PARCHIVE", HELLO, TEXT, filename="x.txt", nexturl="http://169.254.169.254/")
    assert "Lagan.Targets" in reply.message
    assert node.post("PARCHIVE", HELLO, TEXT, filename="x.txt").status == 400
    assert node.get("RETRIEVE", file_id="x.txt").status == 400


def test_archiving_units_take_the_request(make_node: MakeNode) -> None:
    shared = own_database()
    unit = make_node(database=shared)
    streams = f"""<Streams><Stream MimeType="text/plain" PlugIn="ngamsGenDapi">
      <ArchivingUnit HostId="{unit.host_id}"/><ArchivingUnit HostId="absent:7777"/></Stream>
      <Stream MimeType="text/xml" PlugIn="ngamsGenDapi"><ArchivingUnit HostId="absent:1"/></Stream>
    </Streams>"""
    front = make_node(database=shared, elements={"Streams": streams}, volumes=("volume9",))
    for command in ("ARCHIVE", "QARCHIVE"):
        reply = front.post(command, HELLO, TEXT, filename=f"unit-{command}.txt")
        assert reply.status == 200, reply.body
        assert reply.of("Status")["HostId"] == unit.host_id
        assert unit.get("RETRIEVE", file_id=f"unit-{command}.txt").body == HELLO
    pulled = front.get(
        "QARCHIVE", filename=f"http://{unit.address}:{unit.port}/RETRIEVE?file_id=unit-ARCHIVE.txt",
        mime_type="text/plain",
    )  # fmt: skip
    assert pulled.status == 200
    nobody = front.post("ARCHIVE", HELLO, {"Content-Type": "text/xml"}, filename="a.xml")
    assert (nobody.status, nobody.message.split(":")[0]) == (400, "NGAMS_AL_NO_STO_SETS")
    assert front.get("ARCHIVE", probe=1, mime_type="text/plain").message.startswith(
        "NGAMS_INFO_ARCH_REQ_OK"
    )
