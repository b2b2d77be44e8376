"""Headers of FITS files come out byte for byte, whatever else is in the file."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import IO, cast

import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.doors.node.files.fits_headers import BLOCK, NotFits, data_size, headers
from lagan.hub.doors.node.files.results import Result, result_of
from lagan.hub.doors.node.wire.reply import Failed


def fits_file(tmp_path: Path, hdus: list[fits.PrimaryHDU]) -> bytes:
    path = tmp_path / "made.fits"
    fits.HDUList(hdus).writeto(path)
    return path.read_bytes()


def test_every_header_is_found_as_another_reader_finds_it(tmp_path: Path) -> None:
    import numpy as np

    table = fits.BinTableHDU.from_columns([fits.Column("a", "PA()", array=["x", "yy", "zzz"])])
    hdus = [
        fits.PrimaryHDU(np.arange(5000, dtype=np.int16).reshape(50, 100)),
        fits.ImageHDU(np.zeros((3, 4, 5), dtype=np.float64)),
        table,
        fits.ImageHDU(),
    ]
    whole = fits_file(tmp_path, hdus)
    found = list(headers(io.BytesIO(whole)))
    with fits.open(io.BytesIO(whole)) as opened:
        expected = [each.header.tostring().encode() for each in opened]
    assert found == expected


def test_a_long_header_is_whole(tmp_path: Path) -> None:
    primary = fits.PrimaryHDU()
    for number in range(200):
        primary.header[f"KEY{number}"] = number
    whole = fits_file(tmp_path, [primary])
    assert list(headers(io.BytesIO(whole))) == [whole]
    assert len(whole) > 5 * BLOCK


def test_random_groups_have_no_first_axis() -> None:
    cards = ["SIMPLE  = T", "BITPIX  = -32", "NAXIS   = 3", "NAXIS1  = 0", "NAXIS2  = 10",
             "NAXIS3  = 7", "GROUPS  = T", "PCOUNT  = 5", "GCOUNT  = 11", "END"]  # fmt: skip
    header = "".join(each.ljust(80) for each in cards).encode().ljust(BLOCK)
    assert data_size(header) == -(-4 * 11 * (5 + 70) // BLOCK) * BLOCK


@pytest.mark.parametrize("content", [b"", b"hello", b"SIMPLE  = T".ljust(BLOCK), b"SIMPLE  =" * 5])
def test_what_is_no_fits_file_is_refused(content: bytes) -> None:
    with pytest.raises(NotFits):
        list(headers(io.BytesIO(content)))


def test_a_compressed_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(b"SIMPLE  =" + bytes(100_000))[:40])
    with gzip.open(path) as source, pytest.raises(NotFits):
        list(headers(cast(IO[bytes], source)))


@given(st.binary(max_size=3 * BLOCK))
def test_any_bytes_are_headers_or_refused(content: bytes) -> None:
    try:
        found = list(headers(io.BytesIO(b"SIMPLE  =" + content)))
    except NotFits:
        return
    assert all(len(each) % BLOCK == 0 for each in found)


class OfTheServer:
    """A result as plug-ins of the archive server make it."""

    def __init__(self, kind: str, content: object) -> None:
        self._kind, self._content = kind, content

    def getObjDataType(self) -> str:  # noqa: N802
        return self._kind

    def getDataRef(self) -> object:  # noqa: N802
        return self._content

    def getMimeType(self) -> str:  # noqa: N802
        return "text/ascii"

    def getRefFilename(self) -> str:  # noqa: N802
        return "/somewhere/a.hdr"

    def getProcDir(self) -> str:  # noqa: N802
        return "/proc-dir"


class Status:
    def __init__(self, result: object) -> None:
        self.getResultObject = lambda number: [result][number]


def test_results_of_both_forms_are_read() -> None:
    ours = Result("a/b", "n", data=b"x")
    assert result_of(ours) is ours
    assert result_of([ours]) is ours
    theirs = result_of(Status(OfTheServer("DATA", "text")))
    assert theirs == Result("text/ascii", "a.hdr", data=b"text", folder=Path("/proc-dir"))
    assert result_of(OfTheServer("FILE", "/proc-dir/f")).path == Path("/proc-dir/f")


@pytest.mark.parametrize("given", [None, [], OfTheServer("DATA", None)])
def test_no_result_is_a_refusal(given: object) -> None:
    with pytest.raises(Failed, match="result"):
        result_of(given)
