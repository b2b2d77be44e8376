"""ARCHIVE and QARCHIVE on the wire, as section 4.1 of the reference says; better where it says."""

from __future__ import annotations

import gzip
import http.server
import socket
import socketserver
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.hub.doors.node.conftest import MakeNode
from tests.services.hub import until
from tests.services.node import Node, Reply

pytestmark = pytest.mark.database

HELLO = b"hello world\n"
CRC = str(zlib.crc32(HELLO))
CRC32C = "4043272850"

SETS = """<StorageSets>
  <StorageSet StorageSetId="pair" MainDiskSlotId="main1" RepDiskSlotId="rep1" DiskLabel="BULK"/>
  <StorageSet StorageSetId="lone" MainDiskSlotId="main2" Mutex="1"/>
</StorageSets>"""
STREAMS = """<Streams>
  <Stream MimeType="text/plain" PlugIn="ngamsPlugIns.ngamsGenDapi">
    <StorageSetRef StorageSetId="pair"/></Stream>
  <Stream MimeType="application/octet-stream" PlugIn="ngamsGenDapi">
    <StorageSetRef StorageSetId="lone"/></Stream>
  <Stream MimeType="image/x-fits" PlugIn="ngamsFitsPlugIn" PlugInPars="compression=gzip --no-name">
    <StorageSetRef StorageSetId="pair"/></Stream>
  <Stream MimeType="text/xml" PlugIn="mine.shout"><StorageSetRef StorageSetId="pair"/></Stream>
  <Stream MimeType="application/x-tar" PlugIn="nobody.knows">
    <StorageSetRef StorageSetId="pair"/></Stream>
</Streams>"""
HANDLING = """<ArchiveHandling PathPrefix="saf" Replication="1" BackLogBuffering="0"
  BackLogBufferDirectory="." CRCVariant="0" FreeSpaceDiskChangeMb="0" MinFreeSpaceWarningMb="0">
  <EventHandlerPlugIn Name="mine.events.Handler" PlugInPars="file={told}"/>
</ArchiveHandling>"""
SHOUT = """
from pathlib import Path
from typing import Any

def modifies_content(server, request):
    return request.get("quietly") == ""

def shout(server, request):
    staged = Path(request.getStagingFilename())
    if request.get("fail"):
        raise RuntimeError("no voice")
    staged.chmod(0o644)
    staged.write_bytes(staged.read_bytes().upper())
    return {"file_id": "loud-" + request["file_id"], "relative_name": request.get("place") or None}
"""
EVENTS = """
class Handler:
    def __init__(self, file):
        self.file = file

    def handle_event(self, event):
        with open(self.file, "a") as out:
            out.write(f"{event.disk_id} {event.file_id} {event.file_version}\\n")
"""


@pytest.fixture(scope="module")
def node(make_node: MakeNode, database: str, tmp_path_factory: pytest.TempPathFactory) -> Node:
    """A node with a pair of disks, a lone one, and plug-ins of its installation."""
    folder = tmp_path_factory.mktemp("archiving")
    plug_ins = folder / "plugins" / "mine"
    plug_ins.mkdir(parents=True)
    (plug_ins / "shout.py").write_text(SHOUT)
    (plug_ins / "events.py").write_text(EVENTS)
    (folder / "drop").mkdir()
    return make_node(
        folder=folder,
        database=database,
        volumes=("main1", "rep1", "main2"),
        server={"PluginsPath": str(folder / "plugins")},
        elements={
            "StorageSets": SETS,
            "Streams": STREAMS,
            "ArchiveHandling": HANDLING.format(told=folder / "told"),
            "Lagan": f'<Lagan PullPaths="{folder / "drop"}:volumes"/>',
        },
    )


def archive(node: Node, name: str, body: bytes = HELLO, **pars: object) -> Reply:
    pars.setdefault("mime_type", "text/plain")
    return node.post("ARCHIVE", body, None, filename=name, **pars)


def volume(node: Node, slot: str) -> Path:
    return node.root / "volumes" / slot


def retrieved(node: Node, file_id: str) -> bytes:
    reply = node.get("RETRIEVE", file_id=file_id)
    assert reply.status == 200, reply.body
    return reply.body


def nothing_is_left(node: Node, name: str) -> None:
    for slot in node.volumes:
        assert not list(volume(node, slot).rglob(f"*{name}*"))
        assert not list((volume(node, slot) / ".lagan/incoming").glob("*"))


def test_archive_answers_as_clients_know(node: Node) -> None:
    reply = archive(node, "answer.txt")
    assert reply.status == 200
    said = reply.of("Status")
    assert said["Message"] == (
        "Successfully handled Archive Push Request for data file with URI: answer.txt"
    )
    assert (said["Status"], said["State"]) == ("SUCCESS", "ONLINE")
    assert said["RequestId"]
    file = reply.of("FileStatus")
    assert (file["FileId"], file["FileVersion"], file["FileSize"]) == ("answer.txt", "1", "12")
    assert (file["Checksum"], file["ChecksumPlugIn"]) == (CRC, "ngamsGenCrc32")
    assert reply.of("DiskStatus")["LogicalName"] == "BULK-M-000001"
    path = volume(node, "main1") / file["FileName"]
    assert path.read_bytes() == HELLO
    assert path.stat().st_mode & 0o777 == 0o444


def test_archive_replicates_to_the_same_path(node: Node) -> None:
    file = archive(node, "twice.txt").of("FileStatus")
    for slot in ("main1", "rep1"):
        assert (volume(node, slot) / file["FileName"]).read_bytes() == HELLO
    assert not (volume(node, "main2") / file["FileName"]).exists()


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_qarchive_names_the_checksum_as_it_is(node: Node, method: str) -> None:
    reply = node.ask(method, "QARCHIVE", HELLO, {"Content-Type": "text/plain"}, filename="q.txt")
    file = reply.of("FileStatus")
    assert (file["Checksum"], file["ChecksumPlugIn"]) == (CRC, "crc32")


@pytest.mark.parametrize(
    ("variant", "checksum", "name"),
    [
        ("-1", "None", "None"),
        ("1", CRC32C, "crc32c"),
        ("crc32c", CRC32C, "crc32c"),
        ("crc32z", CRC, "crc32z"),
        ("StreamCrc32", CRC, "ngamsGenCrc32"),
    ],
)
def test_checksum_variants(node: Node, variant: str, checksum: str, name: str) -> None:
    file = archive(node, "variant.txt", crc_variant=variant).of("FileStatus")
    assert (file["Checksum"], file["ChecksumPlugIn"]) == (checksum, name)


def test_each_archive_is_a_new_version(node: Node) -> None:
    given = [archive(node, "v.txt", file_version=7).of("FileStatus") for _ in range(3)]
    assert [each["FileVersion"] for each in given] == ["1", "2", "3"]
    assert [each["FileName"].split("/")[2] for each in given] == ["1", "2", "3"]


@pytest.mark.parametrize("how", [{"no_versioning": 1}, {"versioning": 0}])
def test_the_latest_version_is_overwritten(node: Node, how: dict[str, int]) -> None:
    name = f"over-{next(iter(how))}.txt"
    for body in (b"one", b"two"):
        archive(node, name, body)
    file = archive(node, name, b"three", **how).of("FileStatus")
    assert file["FileVersion"] == "2"
    assert retrieved(node, name) == b"three"
    copies = [p for s in node.volumes for p in volume(node, s).rglob(name)]
    assert sorted(each.read_bytes() for each in copies) == [b"one", b"one", b"three", b"three"]


def test_a_version_that_is_named_is_overwritten(node: Node) -> None:
    for body in (b"one", b"two"):
        archive(node, "named.txt", body)
    reply = archive(node, "named.txt", b"ONE", no_versioning=1, file_version=1)
    assert reply.of("FileStatus")["FileVersion"] == "1"
    assert node.get("RETRIEVE", file_id="named.txt", file_version=1).body == b"ONE"
    assert retrieved(node, "named.txt") == b"two"


def test_what_is_not_there_cannot_be_overwritten(node: Node) -> None:
    reply = archive(node, "absent.txt", no_versioning=1)
    assert (reply.status, reply.of("Status")["Status"]) == (400, "FAILURE")
    nothing_is_left(node, "absent.txt")


def test_ids_with_one_base_name_share_nothing(node: Node) -> None:
    names = set()
    for number in range(3):
        body = b"%d" % number
        reply = archive(node, f"d{number}/same.txt", body, file_id=f"same-{number}")
        names.add(reply.of("FileStatus")["FileName"])
    assert len(names) == 3
    assert [retrieved(node, f"same-{n}") for n in range(3)] == [b"0", b"1", b"2"]


@pytest.mark.parametrize("command", ["ARCHIVE", "QARCHIVE"])
def test_the_sender_s_checksum_is_compared(node: Node, command: str) -> None:
    headers = {"NGAS-File-CRC": CRC, "Content-Type": "text/plain"}
    assert node.post(command, HELLO, headers, filename="sum.txt").status == 200
    reply = node.post(command, b"other bytes\n", headers, filename="wrongsum.txt")
    assert reply.status == 400
    assert reply.message == (
        "Checksum error for file wrongsum.txt, "
        f"local crc = {zlib.crc32(b'other bytes' + bytes([10]))}, but remote crc = {CRC}"
    )
    nothing_is_left(node, "wrongsum.txt")


@pytest.mark.parametrize(
    ("command", "headers", "pars", "status", "message"),
    [
        ("ARCHIVE", {}, {"mime_type": "text/plain"}, 400, "NGAMS_ER_MISSING_URI:4013:ERROR: "),
        ("QARCHIVE", {}, {"mime_type": "text/plain"}, 400, "NGAMS_ER_MISSING_URI:4013:ERROR: "),
        ("ARCHIVE", {}, {"filename": "a", "mime_type": "a/b"}, 400, "NGAMS_ER_UNKNOWN_MIME_TYPE2:"),
        ("ARCHIVE", {}, {"filename": "odd.odd"}, 400, "NGAMS_ER_UNKNOWN_MIME_TYPE1:4014:ERROR: "),
        ("QARCHIVE", {}, {"filename": "a", "mime_type": "a/b"}, 400, "Unknown mime type: a/b"),
        ("ARCHIVE", {}, {"filename": "a.txt", "crc_variant": "9"}, 400, "Invalid parameter: "),
        ("ARCHIVE", {}, {"filename": "a.tar"}, 400, "No module named nobody.knows"),
        ("ARCHIVE", {}, {"filename": ".."}, 400, "The file URI"),
    ],
)
def test_refusals(
    node: Node, command: str, headers: dict[str, str], pars: dict[str, str], status: int,
    message: str,
) -> None:  # fmt: skip
    reply = node.post(command, HELLO, {"Content-Type": "ngas/archive-request", **headers}, **pars)
    assert (reply.status, reply.of("Status")["Status"]) == (status, "FAILURE")
    assert reply.message.startswith(message)


@pytest.mark.parametrize("command", ["ARCHIVE", "QARCHIVE"])
def test_a_length_is_needed(node: Node, command: str) -> None:
    reply = node.post(command, b"", None, filename="empty.txt", mime_type="text/plain")
    assert (reply.status, reply.message) == (411, "Content-Length is 0 or unknown")
    nothing_is_left(node, "empty.txt")


def raw(node: Node, sent: bytes) -> bytes:
    with socket.create_connection((node.address, node.port), timeout=60) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        return client.makefile("rb").read()


def test_a_refusal_comes_before_the_body(node: Node) -> None:
    head = (
        b"POST /QARCHIVE?filename=big.bin&mime_type=a/b HTTP/1.0\r\n"
        b"Content-Length: 1000000000000\r\n\r\n"
    )
    with socket.create_connection((node.address, node.port), timeout=60) as client:
        client.sendall(head)
        assert b"Unknown mime type: a/b" in client.makefile("rb").read()


def test_a_client_that_goes_away_leaves_nothing(node: Node) -> None:
    head = b"POST /ARCHIVE?filename=gone.txt&mime_type=text/plain HTTP/1.0\r\n"
    answer = raw(node, head + b"Content-Length: 100\r\n\r\nabc")
    assert b" 400 " in answer
    assert b"Only read 3 out of 100 bytes" in answer
    nothing_is_left(node, "gone.txt")


def test_chunked_bodies_are_taken(node: Node) -> None:
    head = b"POST /ARCHIVE?filename=chunk.txt&mime_type=text/plain HTTP/1.1\r\nHost: x\r\n"
    body = b"Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n6\r\nworld\n\r\n0\r\n\r\n"
    assert b'Checksum="%s"' % CRC.encode() in raw(node, head + body)
    assert retrieved(node, "chunk.txt") == HELLO
    nothing = b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert b" 411 " in raw(node, head.replace(b"chunk.txt", b"nochunk.txt") + nothing)


def test_the_c_client_is_served(node: Node) -> None:
    sent = (
        b"POST /QARCHIVE HTTP/1.0\r\nUser-agent: NG/AMS C-API\r\nContent-Type: text/plain\r\n"
        b'Content-Length: 12\r\nContent-Disposition: attachment; filename="hello-c.txt"; '
        b'no_versioning="0"; wait="1"; time_out="5"\r\n\r\n' + HELLO
    )
    assert b'FileId="hello-c.txt"' in raw(node, sent)


def test_the_python_client_is_served(node: Node) -> None:
    headers = {"Content-Type": "ngas/archive-request", "Accept-Encoding": "identity"}
    pars = {"file_version": -1, "async": 0, "no_versioning": 0, "time_out": 5.0}
    reply = node.post("ARCHIVE", HELLO, headers, filename="hello-py.txt", **pars)
    assert (reply.status, reply.of("FileStatus")["Format"]) == (200, "text/plain")


def test_probe_says_whether_a_file_could_come(node: Node) -> None:
    yes = node.get("ARCHIVE", probe=1, mime_type="text/plain")
    no = node.get("ARCHIVE", probe=1, mime_type="a/b")
    assert [(each.status, each.of("Status")["Status"]) for each in (yes, no)] == [
        (200, "SUCCESS"),
        (200, "SUCCESS"),
    ]
    assert yes.message.startswith("NGAMS_INFO_ARCH_REQ_OK:4068:INFO: ")
    assert no.message.startswith("NGAMS_ER_ARCH_REQ_NOK:4069:ERROR: ")


def test_streams_choose_the_storage_set(node: Node) -> None:
    reply = archive(node, "lone.bin", mime_type="application/octet-stream")
    assert reply.of("DiskStatus")["SlotId"] == "main2"


def test_general_compression_without_a_program(node: Node) -> None:
    reply = archive(node, "odd.txt", compression="touch /tmp/x", compression_ext="gz")
    assert reply.message.startswith("Invalid parameter: compression")
    nothing_is_left(node, "odd.txt")


def test_fits_files_go_by_their_header(node: Node) -> None:
    cards = ["SIMPLE  = T", "ARCFILE = 'TEST.2001-05-08T15:25:00.123.fits'", "END"]
    content = "".join(each.ljust(80) for each in cards).ljust(2880).encode()
    file = archive(node, "Small.fits", content, mime_type="image/x-fits").of("FileStatus")
    assert file["FileId"] == "TEST.2001-05-08T15:25:00.123"
    assert file["FileName"] == "saf/2001-05-08/1/TEST.2001-05-08T15:25:00.123.fits.gz"
    assert (file["Format"], file["Compression"]) == ("application/x-gfits", "gzip --no-name")
    assert file["UncompressedFileSize"] == "2880"
    kept = (volume(node, "rep1") / file["FileName"]).read_bytes()
    assert (gzip.decompress(kept), str(zlib.crc32(kept))) == (content, file["Checksum"])
    bad = archive(node, "bad.fits", content[:-1], mime_type="image/x-fits")
    assert bad.message.startswith("NGAMS_ER_DAPI_BAD_FILE:4003:ERROR: ")
    nothing_is_left(node, "bad.fits")


@pytest.mark.parametrize("quietly", ["", "1"])
def test_a_plug_in_of_the_installation_files(node: Node, quietly: str) -> None:
    pars = {"quietly": quietly} if quietly else {}
    reply = archive(node, "a.xml", b"<a/>", mime_type="text/xml", file_id=f"m{quietly}", **pars)
    file = reply.of("FileStatus")
    assert (file["FileId"], file["Checksum"]) == (f"loud-m{quietly}", str(zlib.crc32(b"<A/>")))
    assert retrieved(node, f"loud-m{quietly}") == b"<A/>"


def test_a_plug_in_says_where(node: Node) -> None:
    pars = {"mime_type": "text/xml", "file_id": "w"}
    file = archive(node, "a.xml", b"<a/>", place="own/deep/place.xml", **pars).of("FileStatus")
    assert file["FileName"] == "own/deep/place.xml"
    for place in ("../../out.xml", "/etc/out.xml", ".lagan/volume.json"):
        assert archive(node, "a.xml", b"<a/>", place=place, **pars).status == 400
    failed = archive(node, "failed.xml", b"<a/>", fail="1", **pars)
    assert (failed.status, "no voice" in failed.message) == (400, True)
    nothing_is_left(node, "failed.xml")


def test_events_come_after_the_answer(node: Node) -> None:
    reply = archive(node, "event.txt")
    line = f"{reply.of('DiskStatus')['DiskId']} event.txt 1"
    told = node.folder / "told"
    until(lambda: told.exists() and line in told.read_text().splitlines())


def test_archiving_is_for_nodes_that_are_online(node: Node) -> None:
    assert node.get("OFFLINE").status == 200
    try:
        reply = archive(node, "offline.txt")
        assert reply.status == 400
        assert reply.message.startswith("NGAMS_ER_IMPROPER_STATE:4015:ERROR: Command ARCHIVE not")
    finally:
        assert node.get("ONLINE").status == 200


# Pulling


class _Files(http.server.BaseHTTPRequestHandler):
    """`/whole`, `/cut` (gives half, then the rest when asked), `/short`, `/away` (a redirect)."""

    content = bytes(range(256)) * 40_000

    def do_GET(self) -> None:  # noqa: N802 - as the library calls it
        path = self.path.partition("?")[0]
        if path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if path not in ("/whole.bin", "/cut.bin", "/short.bin", "/RETRIEVE"):
            self.send_error(404)
            return
        begin = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-")
        rest = self.content[int(begin) :]
        whole = path == "/short.bin"
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content if whole else rest)))
        if begin != "0" and not whole:
            last = len(self.content)
            self.send_header("Content-Range", f"bytes {begin}-{last - 1}/{last}")
        self.end_headers()
        cut = path == "/short.bin" or (path == "/cut.bin" and begin == "0")
        self.wfile.write(rest[: len(rest) // 2] if cut else rest)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def files() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Files) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


BINARY: dict[str, Any] = {"mime_type": "application/octet-stream"}


@pytest.mark.parametrize("path", ["/whole.bin", "/cut.bin"])
@pytest.mark.parametrize("command", ["ARCHIVE", "QARCHIVE"])
def test_pulls_over_http(node: Node, files: str, command: str, path: str) -> None:
    uri = files + path
    reply = node.get(command, filename=uri, file_id=f"pull-{command}{path}", **BINARY)
    assert reply.status == 200, reply.body
    assert reply.message == (
        f"Successfully handled Archive Pull Request for data file with URI: {uri}"
    )
    assert retrieved(node, f"pull-{command}{path}") == _Files.content


def test_pulls_from_another_node_by_id(node: Node, files: str) -> None:
    uri = quote(f"{files}/RETRIEVE?file_id=theirs", safe="")
    reply = node.get(f"QARCHIVE?filename={uri}&mime_type=application/octet-stream")
    assert reply.of("FileStatus")["FileId"] == "theirs"


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("{files}/absent.bin", "answered 404"),
        ("{files}/short.bin", "Only read"),
        ("{files}/away", "Lagan.Targets does not let"),
        ("http://127.0.0.1:1/x.bin", "cannot be fetched"),
        ("http://169.254.169.254/x.bin", "Lagan.Targets does not let"),
        ("http://nowhere.invalid/x.bin", "nowhere.invalid"),
        ("gopher://x/y.bin", "Files are not taken by gopher"),
        ("/etc/passwd", "is not one that requests may name"),
        ("file:///etc/passwd", "is not one that requests may name"),
        ("file://elsewhere/etc/passwd", "is on another host"),
        ("{root}/../../../etc/passwd", "is not one that requests may name"),
        ("{root}/ngas.lagan.sqlite", "is not one that requests may name"),
        ("{root}/volumes/main1/.ngas_volume_info", "is not one that requests may name"),
        ("{root}/volumes/main1/NgasDiskInfo", "is not one that requests may name"),
        ("{root}/log/LogFile.nglog", "is not one that requests may name"),
        ("{root}/back-log/x.json", "is not one that requests may name"),
        ("{root}/.lagan/mail", "is not one that requests may name"),
        ("{root}/../node.xml", "is not one that requests may name"),
        ("{root}/../plugins/mine/shout.py", "is not one that requests may name"),
        ("{drop}/link.bin", "a link is in its way"),
        ("{drop}/absent.bin", "cannot be read"),
        ("{drop}", "may name"),
    ],
)
@pytest.mark.parametrize("command", ["ARCHIVE", "LARCHIVE"])
def test_pulls_only_from_allowed_places(
    node: Node, files: str, command: str, uri: str, words: str
) -> None:
    drop = node.folder / "drop"
    if not (drop / "link.bin").is_symlink():
        (drop / "link.bin").symlink_to("/etc/passwd")
    named = uri.format(files=files, root=node.root, drop=drop)
    local = command == "LARCHIVE"
    pars = BINARY | {"fileUri" if local else "filename": named}
    reply = node.get(command, **pars)
    assert (reply.status, reply.of("Status")["Status"]) == (400, "FAILURE")
    if not (local and named.startswith("http")):
        assert words in reply.message


class _Ftp(socketserver.StreamRequestHandler):
    """As much of an FTP server as it takes to get one file."""

    def handle(self) -> None:
        self.say("220 here")
        with socket.create_server(("127.0.0.1", 0)) as data:
            for line in self.rfile:
                word = line.split()[0].upper()
                if word == b"PASV":
                    port = data.getsockname()[1]
                    self.say(f"227 here (127,0,0,1,{port >> 8},{port & 255})")
                elif word == b"RETR":
                    self.say(f"150 it comes ({len(HELLO)} bytes)")
                    peer, _ = data.accept()
                    with peer:
                        peer.sendall(HELLO)
                    self.say("226 done")
                else:
                    self.say({b"USER": "331 who", b"PASS": "230 in"}.get(word, "200 fine"))

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


def test_pulls_over_ftp(node: Node) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Ftp) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        uri = f"ftp://127.0.0.1:{server.server_address[1]}/data/ftp.txt"
        reply = node.get("ARCHIVE", filename=uri, mime_type="text/plain")
        server.shutdown()
    assert reply.status == 200, reply.body
    assert retrieved(node, "ftp.txt") == HELLO


@pytest.mark.parametrize("form", ["{}", "file://{}", "file:{}"])
def test_pulls_files_of_this_host(node: Node, form: str) -> None:
    path = node.folder / "drop" / "pulled.txt"
    path.write_bytes(HELLO)
    reply = node.get("QARCHIVE", filename=form.format(path), mime_type="text/plain")
    assert reply.of("FileStatus")["Checksum"] == CRC
    assert path.exists()


def test_larchive_removes_what_it_archived(node: Node) -> None:
    path = node.folder / "drop" / "local file.txt"
    path.write_bytes(HELLO)
    reply = node.get("LARCHIVE", fileUri=path, mime_type="text/plain")
    assert reply.of("FileStatus")["FileId"] == "local file.txt"
    assert not path.exists()
    assert retrieved(node, "local file.txt") == HELLO


def test_larchive_leaves_what_it_could_not_archive(node: Node) -> None:
    path = node.folder / "drop" / "stays.fits"
    path.write_bytes(b"no FITS file")
    assert node.get("LARCHIVE", fileUri=path, mime_type="image/x-fits").status == 400
    assert path.exists()
    assert node.get("LARCHIVE", mime_type="image/x-fits").message.startswith("NGAMS_ER_MIS_PAR")


def many(count: int, act: Callable[[int], Reply]) -> list[Reply]:
    """The replies to as many requests at once."""
    replies: dict[int, Reply] = {}
    barrier = threading.Barrier(min(count, 32))

    def run(number: int) -> None:
        if number < barrier.parties:
            barrier.wait(60)
        replies[number] = act(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(150)
    return [replies[number] for number in range(count)]


@pytest.mark.parametrize("count", [8, 64])
@pytest.mark.parametrize("command", ["ARCHIVE", "QARCHIVE"])
def test_many_at_once_of_one_id(node: Node, command: str, count: int) -> None:
    file_id = f"one-{command}-{count}"
    replies = many(
        count,
        lambda n: node.post(
            command, b"body %d" % n, {"Content-Type": "text/plain"}, filename=f"{file_id}.txt",
            file_id=file_id,
        ),
    )  # fmt: skip
    assert {each.status for each in replies} == {200}
    given = [int(each.of("FileStatus")["FileVersion"]) for each in replies]
    assert sorted(given) == list(range(1, count + 1))
    for number in (0, count - 1):
        found = node.get("RETRIEVE", file_id=file_id, file_version=given[number])
        assert found.body == b"body %d" % number


@pytest.mark.parametrize("count", [8, 64])
def test_many_at_once_with_one_base_name(node: Node, count: int) -> None:
    replies = many(
        count,
        lambda n: archive(node, f"{n}/base-{count}.txt", b"mine %d" % n, file_id=f"b{count}-{n}"),
    )
    assert {each.status for each in replies} == {200}
    places = {
        (each.of("DiskStatus")["DiskId"], each.of("FileStatus")["FileName"]) for each in replies
    }
    assert len(places) == count
    assert all(retrieved(node, f"b{count}-{n}") == b"mine %d" % n for n in range(0, count, 7))
