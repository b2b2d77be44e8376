"""The pure parts of giving files back: ranges, conditions, names, checks."""

from __future__ import annotations

import errno
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lagan.hub.doors.node.files.expecting import Expected, announced, checked, expected_of
from lagan.hub.doors.node.files.sending import (
    Damaged,
    Representation,
    begin,
    conditions,
    disposition,
    open_copy,
    part_for,
    represent,
)
from lagan.hub.doors.node.models import StoredFile
from lagan.hub.doors.node.wire.body import Cut
from lagan.hub.doors.node.wire.ranges import Part, part_of
from lagan.kit.digests import digests_of
from lagan.kit.errors import BadInput, Unavailable


@pytest.mark.parametrize(
    ("asked", "start", "stop", "status"),
    [
        ("", 0, 10, 200),
        ("bytes=0-", 0, 10, 200),
        ("bytes=4-", 4, 10, 200),
        ("Bytes = 4-", 4, 10, 200),
        ("bytes=9-", 9, 10, 200),
        ("bytes=10-", 0, 0, 416),
        ("bytes=99999-", 0, 0, 416),
        ("bytes=0-0", 0, 1, 206),
        ("bytes=2-5", 2, 6, 206),
        ("bytes=2-500", 2, 10, 206),
        ("bytes=10-12", 0, 0, 416),
        ("bytes=-3", 7, 10, 206),
        ("bytes=-300", 0, 10, 206),
        ("bytes=-0", 0, 0, 416),
        ("bytes=0-1,4-5", 0, 10, 200),
        ("bytes=0-1, -2", 0, 10, 200),
    ],
)
def test_a_range_is_answered_as_clients_expect(
    asked: str, start: int, stop: int, status: int
) -> None:
    assert part_of(10, asked) == Part(start, stop, 10, status)


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "7"])
def test_what_is_no_range_is_refused(asked: str) -> None:
    with pytest.raises(BadInput, match="Range"):
        part_of(10, asked)


def test_an_empty_file_has_no_part_but_its_whole() -> None:
    assert part_of(0, "bytes=0-") == Part(0, 0, 0)
    assert part_of(0, "bytes=0-5").status == 416
    assert part_of(0, "bytes=-5").status == 416


def test_a_part_says_where_it_is() -> None:
    assert part_of(10, "bytes=4-").headers == [("Content-Range", "bytes 4-9/10")]
    assert part_of(10, "bytes=0-9").headers == [("Content-Range", "bytes 0-9/10")]
    assert part_of(10, "bytes=10-").headers == [("Content-Range", "bytes */10")]
    assert part_of(10, "").headers == []


SHOWN = Representation(
    10, "a.txt", "text/plain", '"abc"', modified=datetime(2026, 1, 2, 3, 4, 5, 6000, UTC)
)
LATER, EARLIER = "Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:04 GMT"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, None),
        ({"if-none-match": '"abc"'}, 304),
        ({"if-none-match": 'W/"abc", "x"'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"x"'}, None),
        ({"if-none-match": '"x"', "if-modified-since": LATER}, None),
        ({"if-modified-since": LATER}, 304),
        ({"if-modified-since": EARLIER}, None),
        ({"if-modified-since": "yesterday"}, None),
        ({"if-match": '"abc"'}, None),
        ({"if-match": "*"}, None),
        ({"if-match": '"x"'}, 412),
        ({"if-match": 'W/"abc"'}, 412),
        ({"if-unmodified-since": LATER}, None),
        ({"if-unmodified-since": EARLIER}, 412),
        ({"if-match": '"abc"', "if-unmodified-since": EARLIER}, None),
    ],
)
def test_conditions_are_those_of_the_standard(headers: dict[str, str], status: int | None) -> None:
    assert conditions(headers, SHOWN) == status


def test_a_range_of_another_state_of_the_file_gets_the_whole() -> None:
    headers = {"range": "bytes=4-", "if-range": '"x"'}
    assert part_for(headers, SHOWN) == Part(0, 10, 10)
    assert part_for({**headers, "if-range": '"abc"'}, SHOWN) == Part(4, 10, 10)


def test_nothing_is_opened_for_an_answer_without_bytes() -> None:
    _, answer = begin({"range": "bytes=10-"}, SHOWN)
    assert answer is not None
    assert answer.status == 416
    assert ("Content-Range", "bytes */10") in answer.headers


def test_names_that_are_not_plain_are_given_twice() -> None:
    assert disposition("a b.txt") == 'attachment; filename="a b.txt"'
    assert disposition('x"y.txt') == "attachment; filename=\"x_y.txt\"; filename*=UTF-8''x%22y.txt"
    assert (
        disposition("šípek") == "attachment; filename=\"??pek\"; filename*=UTF-8''%C5%A1%C3%ADpek"
    )


def row(**given: object) -> StoredFile:
    facts = {
        "file_name": "saf/2026-01-02/1/a.fits.gz",
        "file_version": 1,
        "file_size": 12,
        "format": "application/x-gfits",
        "checksum": "2936552237",
        "checksum_plugin": "ngamsGenCrc32",
        **given,
    }
    return StoredFile(**facts)


@pytest.mark.parametrize(
    ("compression", "accepted", "name", "encoded"),
    [
        ("gzip", "gzip, deflate", "a.fits", True),
        ("gzip", "identity", "a.fits.gz", False),
        ("gzip", "", "a.fits.gz", False),
        ("gzip", "gzip;q=0", "a.fits.gz", False),
        ("gzip --no-name", "gzip", "a.fits.gz", None),
        ("NONE", "gzip", "a.fits.gz", None),
    ],
)
def test_only_what_is_called_exactly_gzip_goes_out_as_an_encoding(
    compression: str, accepted: str, name: str, encoded: bool | None
) -> None:
    shown = represent(row(compression=compression), None, {"accept-encoding": accepted})
    assert (shown.name, shown.gzip) == (name, encoded)
    assert (("Content-Encoding", "gzip") in shown.headers) == bool(encoded)


HELLO = b"hello world\n"


@pytest.mark.parametrize(
    ("name", "checksum"),
    [
        ("ngamsGenCrc32", "2936552237"),
        ("StreamCrc32", "-1358415059"),
        ("crc32z", "2936552237"),
        ("crc32c", "4043272850"),
    ],
)
def test_a_checksum_of_the_catalogue_is_what_the_bytes_are_held_to(
    name: str, checksum: str
) -> None:
    expected = announced(12, checksum, name)
    assert expected.checkable
    assert list(checked([HELLO[:5], HELLO[5:]], expected, pytest.fail)) == [HELLO[:5], HELLO[5:]]
    found: list[str] = []
    with pytest.raises(Cut):
        list(checked([b"hello_world\n"], expected, found.append))
    assert "checksum" in found[0]


def test_the_last_piece_of_damaged_bytes_is_never_given() -> None:
    given: list[bytes] = []
    with pytest.raises(Cut, match="damaged"):
        given.extend(checked([b"ab", b"cd", b"eX"], Expected(6, crc32=1), lambda _: None))
    assert given == [b"ab", b"cd"]


def test_a_source_that_breaks_off_cuts_the_answer() -> None:
    def broken():
        yield b"abc"
        raise Unavailable("The node went away.")

    with pytest.raises(Cut, match="went away"):
        list(checked(broken(), Expected(6), pytest.fail))


@pytest.mark.parametrize(
    ("name", "checksum"), [(None, None), ("", "1"), ("crc32", "None"), ("x", "1")]
)
def test_without_a_checksum_the_size_is_held_to(name: str | None, checksum: str | None) -> None:
    expected = announced(3, checksum, name)
    assert not expected.checkable
    with pytest.raises(Cut, match="2 bytes instead of 3"):
        list(checked([b"ab"], expected, lambda _: None))


def test_a_node_that_cannot_open_anything_calls_no_file_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(HELLO)
    known = row(file_name="a")
    with open_copy(tmp_path, known) as opened:
        assert opened.read() == HELLO
    for number, kind in ((errno.EMFILE, Unavailable), (errno.EIO, Damaged)):
        error = OSError(number, "no")

        def fail(*_: object, error: OSError = error) -> int:
            raise error

        monkeypatch.setattr("lagan.hub.doors.node.files.sending.open_beneath", fail)
        with pytest.raises(kind, match="no"):
            open_copy(tmp_path, known)


def test_own_digests_go_before_those_of_the_catalogue() -> None:
    from lagan.hub.doors.node.models import Proof

    known = digests_of([HELLO])
    proof = Proof(crc32c=known.crc32c, crc32=known.crc32, sha256=known.sha256)
    expected = expected_of(row(checksum="1"), proof)
    assert list(checked([HELLO], expected, pytest.fail)) == [HELLO]
    assert represent(row(), proof, {}).etag == f'"{known.sha256}"'
