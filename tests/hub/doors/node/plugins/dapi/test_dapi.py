"""The archiving plug-ins that are part of the node name and pack files as deployed ones do."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from lagan.hub.doors.node.files import fits
from lagan.hub.doors.node.plugins.dapi import BUILT_IN, Arrived, Filed, packing
from lagan.hub.doors.node.wire.reply import Failed
from lagan.hub.doors.node.wire.requests import InvalidParameter
from lagan.kit.errors import BadInput

TYPES = {
    "fits": "image/x-fits",
    "fits.gz": "application/x-gfits",
    "bin": "application/octet-stream",
    "txt": "text/plain",
    "txt.gz": "application/x-gtext",
    "nglog": "ngas/nglog",
    "tar": "application/x-tar",
}
ARCFILE = "TEST.2001-05-08T15:25:00.123"
File = Callable[..., Filed]


def fits_file(arcfile: str = f"{ARCFILE}.fits", size: int = 2 * fits.BLOCK) -> bytes:
    cards = ["SIMPLE  =                    T", f"ARCFILE = '{arcfile}'" if arcfile else "A", "END"]
    header = "".join(each.ljust(fits.CARD) for each in cards).ljust(fits.BLOCK).encode()
    return header.ljust(size, b"\0")[:size]


@pytest.fixture
def file(tmp_path: Path) -> File:
    def act(
        plug_in: str,
        content: bytes,
        name: str,
        mime_type: str,
        configured: Mapping[str, str] | None = None,
        **parameters: str,
    ) -> Filed:
        path = tmp_path / "staged"
        path.write_bytes(content)
        arrived = Arrived(
            path, name, parameters.get("file_id", name), mime_type, len(content),
            parameters, configured or {}, TYPES,
        )  # fmt: skip
        return BUILT_IN[plug_in](arrived)

    return act


def kept(filed: Filed) -> bytes:
    assert filed.content is not None
    return b"".join(filed.content())


def test_general_keeps_bytes_and_id(file: File) -> None:
    found = file("ngamsGenDapi", b"abc", "hello.txt", "application/octet-stream")
    assert found == Filed("hello.txt", "hello.txt.bin", "application/octet-stream")


@pytest.mark.parametrize(
    ("command", "unpack"),
    [
        ("gzip", gzip.decompress),
        ("gzip -9 --no-name", gzip.decompress),
        ("bzip2", bz2.decompress),
        ("xz", lzma.decompress),
    ],
)
def test_general_compresses_within_the_node(
    file: File, command: str, unpack: Callable[[bytes], bytes]
) -> None:
    found = file(
        "ngamsGenDapi", b"abc" * 9, "a.txt", "text/plain", compression=command, compression_ext="gz"
    )
    assert (found.name, found.format) == ("a.txt.gz", "application/x-gtext")
    assert (found.compression, found.uncompressed_size) == (command, 27)
    assert unpack(kept(found)) == b"abc" * 9
    assert kept(found) == kept(found)


def test_general_believes_that_bytes_are_compressed(file: File) -> None:
    found = file(
        "ngamsGenDapi", b"abc", "a.txt", "text/plain",
        compression="compress", uncompressed_file_size="99", target_mime_type="a/b",
    )  # fmt: skip
    assert (found.compression, found.uncompressed_size, found.content) == ("compress", 99, None)
    assert found.format == "a/b"


@pytest.mark.parametrize(
    "parameters",
    [
        {"compression": "gzip"},
        {"compression_ext": "gz"},
        {"compression": "gzip", "compression_ext": "odd"},
        {"compression": "touch /tmp/x", "compression_ext": "gz"},
        {"compression": "gzip; id", "compression_ext": "gz"},
        {"compression": "gzip --rsyncable=/etc/passwd", "compression_ext": "gz"},
        {"compression": "gzip", "uncompressed_file_size": "-1"},
        {"target_mime_type": "a" * 129},
        {"target_mime_type": "a\0b"},
        {"compression": "gzip" + " -1" * 60, "compression_ext": "gz"},
    ],
)
def test_general_runs_no_program(file: File, parameters: dict[str, str]) -> None:
    with pytest.raises((Failed, InvalidParameter)):
        file("ngamsGenDapi", b"abc", "a.txt", "text/plain", **parameters)


def test_fits_goes_by_arcfile_and_night(file: File) -> None:
    found = file("ngamsFitsPlugIn", fits_file(), "SmallFile.fits", "image/x-fits")
    assert (found.file_id, found.name, found.day) == (ARCFILE, f"{ARCFILE}.fits", date(2001, 5, 8))
    assert (found.format, found.content) == ("image/x-fits", None)


def test_fits_is_compressed_where_configured(file: File) -> None:
    content = fits_file()
    found = file(
        "ngamsFitsPlugIn", content, "a.fits", "image/x-fits", {"compression": "gzip --no-name"}
    )
    assert (found.name, found.format) == (f"{ARCFILE}.fits.gz", "application/x-gfits")
    assert (found.compression, found.uncompressed_size) == ("gzip --no-name", len(content))
    assert gzip.decompress(kept(found)) == content


@pytest.mark.parametrize("configured", [{}, {"compression": "gzip"}])
def test_compressed_fits_is_looked_into(file: File, configured: dict[str, str]) -> None:
    content = fits_file()
    zipped = gzip.compress(content)
    found = file("ngamsFitsPlugIn", zipped, "a.fits.gz", "application/x-gfits", configured)
    assert (found.file_id, found.uncompressed_size) == (ARCFILE, len(content))
    if configured:
        assert (found.content, found.name) == (None, f"{ARCFILE}.fits.gz")
    else:
        assert (kept(found), found.name) == (content, f"{ARCFILE}.fits")


def test_fits_without_arcfile_by_its_name_when_asked(file: File) -> None:
    content = fits_file("")
    found = file("ngamsFitsPlugIn", content, "mine.fits", "image/x-fits", ignore_arcfile="1")
    assert (found.file_id, found.name, found.day) == ("mine.fits", "mine.fits", None)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (fits_file(""), "a.fits", "NGAMS_ER_DAPI:4001"),
        (fits_file("no.time"), "a.fits", "NGAMS_ER_DAPI:4001"),
        (fits_file(size=3000), "a.fits", "NGAMS_ER_DAPI_BAD_FILE:4003"),
        (gzip.compress(fits_file())[:-9], "a.fits.gz", "NGAMS_ER_DAPI_BAD_FILE:4003"),
        (b"no gzip", "a.fits.gz", "NGAMS_ER_DAPI_BAD_FILE:4003"),
        (b"", "a.fits", "NGAMS_ER_DAPI:4001"),
    ],
)
def test_fits_refuses_what_is_none(file: File, content: bytes, name: str, words: str) -> None:
    with pytest.raises(Failed) as refused:
        file("ngamsFitsPlugIn", content, name, "image/x-fits")
    assert refused.value.sentence.startswith(words)


@pytest.mark.parametrize(
    ("arcfile", "day"),
    [
        ("A.2001-05-08T11:59:59.999.fits", date(2001, 5, 7)),
        ("A.2001-05-08T12:00:00.000.fits", date(2001, 5, 8)),
        ("A.2001-01-01T00:00:00.000", date(2000, 12, 31)),
    ],
)
def test_a_night_begins_at_noon(arcfile: str, day: date) -> None:
    known = fits.identity(arcfile)
    assert known is not None
    assert known[1] == day


@pytest.mark.parametrize("arcfile", ["", "A.fits", "A.2001-13-08T11:59:59.999", "A/../B"])
def test_an_arcfile_that_is_no_identity(arcfile: str) -> None:
    assert fits.identity(arcfile) is None


def test_a_header_is_read_across_pieces() -> None:
    content = fits_file()
    pieces = [content[at : at + 7] for at in range(0, len(content), 7)]
    assert fits.arcfile(iter(pieces)) == f"{ARCFILE}.fits"


def test_logs_lie_under_their_first_day(file: File) -> None:
    found = file("ngamsNgLogPlugIn", b"x 2026-11-20T10:00:00.000 y\n", "a.nglog", "ngas/nglog")
    assert (found.name, found.day) == ("a.nglog", date(2026, 11, 20))


def test_tar_files_are_read_to_their_end(file: File) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for number in range(3):
            member = tarfile.TarInfo(f"f{number}")
            member.size = 5000
            archive.addfile(member, io.BytesIO(b"x" * 5000))
    whole = made.getvalue()
    assert file("ngasTarBallPlugIn", whole, "a.tar", "application/x-tar").name == "a.tar"
    for damaged in (b"no tar", whole[:12_000], whole[:700]):
        with pytest.raises(Failed, match="NGAMS_ER_DAPI_BAD_FILE"):
            file("ngasTarBallPlugIn", damaged, "a.tar", "application/x-tar")


def test_multipart_messages_go_by_their_id(file: File) -> None:
    head = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n"
    content = head + b"alma-uid: uid://X1/X2/X3\r\n\r\n--B--\r\n"
    found = file("ngamsSdmMultipart", content, "a.bin", "application/octet-stream")
    assert (found.file_id, found.name) == ("uid://X1/X2/X3", "X1_X2_X3.bin")
    with pytest.raises(Failed, match="no multipart"):
        file("ngamsSdmMultipart", b"plain", "a.bin", "application/octet-stream")


def test_unpacking_takes_members_and_bounded_pieces() -> None:
    content = b"\0" * (5 << 20)
    zipped = gzip.compress(content) + gzip.compress(b"end")
    pieces = list(packing.unpack([zipped[:100], zipped[100:]]))
    assert b"".join(pieces) == content + b"end"
    assert max(map(len, pieces)) <= 1 << 20
    with pytest.raises(BadInput):
        list(packing.unpack([]))
