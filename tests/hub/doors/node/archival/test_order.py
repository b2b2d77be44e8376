"""What a request to archive asks for is known before a byte of it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from lagan.hub.doors.node.archival.order import Order, checksum_name, understand
from lagan.hub.doors.node.config import load
from lagan.hub.doors.node.wire.reply import Failed
from lagan.hub.doors.node.wire.requests import InvalidParameter, Request

CONFIG = load(Path(__file__).parent.parent / "node.xml")


def order(mime_type: str = "image/x-fits", *, full: bool = True, **parameters: str) -> Order:
    headers = {"ngas-file-crc": parameters.pop("crc")} if "crc" in parameters else {}
    request = Request("POST", "ARCHIVE", parameters, headers, 10, mime_type)
    return understand(request, CONFIG, full=full)


@pytest.mark.parametrize(
    ("parameters", "file_id", "name"),
    [
        ({"filename": "a.fits"}, "a.fits", "a.fits"),
        ({"filename": "/data/b/a.fits"}, "a.fits", "a.fits"),
        ({"filename": "a.fits", "file_id": "x/y"}, "x/y", "a.fits"),
        ({"filename": "http://h:1/RETRIEVE?file_id=old"}, "old", "old"),
        ({"filename": "http://h:1/RETRIEVE?file_id=old", "file_id": "new"}, "new", "old"),
        ({"filename": "file:///data/a%20b.fits"}, "a b.fits", "a b.fits"),
    ],
)
def test_id_and_name(parameters: dict[str, str], file_id: str, name: str) -> None:
    found = order(full=True, **parameters)
    assert (found.file_id, found.name) == (file_id, name)


@pytest.mark.parametrize(
    ("given", "replaces"),
    [
        ({}, False),
        ({"no_versioning": "1"}, True),
        ({"no_versioning": "0"}, False),
        ({"versioning": "0"}, True),
        ({"versioning": "1", "no_versioning": "1"}, False),
        ({"versioning": "0", "no_versioning": "0"}, True),
    ],
)
def test_versioning_wins_over_no_versioning(given: dict[str, str], replaces: bool) -> None:
    found = order(filename="a.fits", full=True, file_version="7", **given)
    assert (found.replaces, found.version) == (replaces, 7 if replaces else None)


@pytest.mark.parametrize(
    ("given", "full", "stored"),
    [
        ("", True, "crc32c"),
        ("0", True, "ngamsGenCrc32"),
        ("0", False, "crc32"),
        ("ngamsGenCrc32", False, "crc32"),
        ("StreamCrc32", True, "ngamsGenCrc32"),
        ("1", True, "crc32c"),
        ("crc32c", False, "crc32c"),
        ("2", True, "crc32z"),
        ("crc32z", False, "crc32z"),
        ("-1", True, None),
    ],
)
def test_checksums_by_all_their_names(given: str, full: bool, stored: str | None) -> None:
    parameters = {"crc_variant": given} if given else {}
    assert order(filename="a.fits", full=full, **parameters).checksum_name == stored
    assert checksum_name(None, full=full) is None


@pytest.mark.parametrize(
    ("parameters", "full", "words"),
    [
        ({"mime_type": "image/x-fits"}, True, "NGAMS_ER_MISSING_URI:4013:ERROR"),
        ({"filename": "a.odd", "mime_type": ""}, True, "NGAMS_ER_UNKNOWN_MIME_TYPE1:4014"),
        ({"filename": "a", "mime_type": "a/b"}, True, "NGAMS_ER_UNKNOWN_MIME_TYPE2:4047"),
        ({"filename": "a", "mime_type": "a/b"}, False, "Unknown mime type: a/b"),
        ({"filename": "a.fits", "crc_variant": "md5"}, True, "Invalid parameter"),
        ({"filename": "a.fits", "crc": "many"}, True, "Invalid parameter"),
        ({"filename": "a.fits", "file_id": "x" * 1025}, True, "Invalid parameter"),
        ({"filename": "a.fits", "no_versioning": "perhaps"}, True, "Invalid parameter"),
    ],
)
def test_refusals_in_known_words(parameters: dict[str, str], full: bool, words: str) -> None:
    mime_type = parameters.pop("mime_type", "image/x-fits")
    with pytest.raises((Failed, InvalidParameter)) as refused:
        order(mime_type, full=full, **parameters)
    assert refused.value.sentence.startswith(words)


def test_the_type_is_told_by_the_name() -> None:
    assert order("", filename="a.fits").mime_type == "image/x-fits"


def test_a_signed_checksum_is_the_same_bits() -> None:
    assert order(filename="a.fits", crc="-1").expected == 0xFFFFFFFF
