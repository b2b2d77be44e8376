"""Forms are read alike however their bytes are cut, and anything else is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.base.multipart import PartReader
from lagan.kit.errors import BadInput, LaganError, TooLarge

BODY = (
    b"a preamble\r\n--b\r\n"
    b'Content-Disposition: form-data; name="name"\r\n\r\n'
    b"bag-balicek\r\n--b \r\n"
    b'content-disposition: form-data; name="content"; filename="a \\"b\\" %22.zip"\r\n'
    b"Content-Type: application/zip\r\n\r\n"
    b"PK\r\n--not the boundary\r\n\r\n-\r\n--\r\n--b\r\n"
    b'Content-Disposition: form-data; name="empty"\r\n\r\n'
    b"\r\n--b--\r\nan epilogue --b"
)
PARTS = [
    ("name", None, b"bag-balicek"),
    ("content", 'a "b" ".zip', b"PK\r\n--not the boundary\r\n\r\n-\r\n--"),
    ("empty", None, b""),
]


def read(pieces: list[bytes]) -> tuple[list[tuple[str, str | None, bytes]], bool]:
    found: list[tuple[str, str | None, bytearray]] = []

    def begin(name: str, file_name: str | None):
        found.append((name, file_name, bytearray()))
        return found[-1][2].extend

    reader = PartReader("b", begin)
    for each in pieces:
        reader.feed(each)
    return [(name, file, bytes(data)) for name, file, data in found], reader.ended


@given(st.sets(st.integers(0, len(BODY))))
def test_however_it_is_cut(cuts: set[int]):
    places = [0, *sorted(cuts), len(BODY)]
    pieces = [BODY[a:b] for a, b in zip(places, places[1:], strict=False)]
    assert read(pieces) == (PARTS, True)


@pytest.mark.parametrize("length", range(0, BODY.index(b"--b--"), 7))
def test_what_is_cut_off_has_not_ended(length: int):
    assert read([BODY[:length]])[1] is False


@pytest.mark.parametrize(
    "body",
    [
        b"--bad\r\n\r\n\r\n--b--",
        b"--b\r\n\r\nno headers\r\n--b--",
        b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--",
        b"--b\r\n" + b"X: " + b"y" * 20_000,
        b"--b" + b" " * 20_000,
    ],
)
def test_what_is_no_form_is_refused(body: bytes):
    with pytest.raises(LaganError):
        read([body])


@given(st.binary(max_size=400), st.integers(1, 50))
def test_no_bytes_break_it(data: bytes, step: int):
    pieces = [data[start : start + step] for start in range(0, len(data), step)]
    with suppress(BadInput, TooLarge):
        read([b"--b\r\n", *pieces])
