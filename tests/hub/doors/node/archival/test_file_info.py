"""NGAS-File-Info is understood, or refused in words."""

from __future__ import annotations

import base64

import pytest

from lagan.hub.doors.node.archival.file_info import FileInfo, read_info, require_agreement
from lagan.hub.doors.node.wire.reply import Failed
from lagan.hub.doors.node.wire.requests import InvalidParameter
from lagan.kit.digests import digests_of

ELEMENT = (
    '<FileStatus FileName="saf/2001-05-08/3/a.fits" FileId="a" FileVersion="3" FileSize="12"'
    ' Format="image/x-fits" UncompressedFileSize="12" Compression="NONE" CreationDate="None"'
    ' IngestionDate="2001-05-08T15:25:00.123" Checksum="{crc}" ChecksumPlugIn="ngamsGenCrc32"/>'
)


def info(element: str) -> FileInfo:
    return read_info(base64.b64encode(element.encode()).decode())


def test_reads_what_a_catalogue_says() -> None:
    found = info(ELEMENT.format(crc=2936552237))
    assert (found.file_id, found.version, found.size) == ("a", 3, 12)
    assert found.path == "saf/2001-05-08/3/a.fits"
    assert (found.ingested, found.created) == ("2001-05-08T15:25:00.123", None)


@pytest.mark.parametrize("path", ["/etc/passwd", "../a", ".lagan/volume.json", "a/../../b", ""])
def test_a_path_that_leads_elsewhere_is_not_kept(path: str) -> None:
    element = ELEMENT.replace("saf/2001-05-08/3/a.fits", path).format(crc=1)
    assert info(element).path is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "no base64!",
        base64.b64encode(b"no xml").decode(),
        base64.b64encode(b"<Other/>").decode(),
        base64.b64encode(b'<FileStatus FileId="a"/>').decode(),
        base64.b64encode(b'<FileStatus FileId="" FileVersion="1"/>').decode(),
        base64.b64encode(b'<!DOCTYPE a [<!ENTITY b "c">]><FileStatus FileId="&b;"/>').decode(),
    ],
)
def test_refuses_what_says_nothing(header: str) -> None:
    with pytest.raises(InvalidParameter):
        read_info(header)


@pytest.mark.parametrize("crc", [2936552237, 2936552237 - (1 << 32)])
def test_the_bytes_agree(crc: int) -> None:
    require_agreement(info(ELEMENT.format(crc=crc)), digests_of([b"hello world\n"]))


@pytest.mark.parametrize("content", [b"hello world!", b"hello world", b""])
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(Failed):
        require_agreement(info(ELEMENT.format(crc=2936552237)), digests_of([content]))
