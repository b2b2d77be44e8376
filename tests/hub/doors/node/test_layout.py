"""Files lie where the archive server would put them, and never in one another's place."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.doors.node.files import layout
from lagan.hub.doors.node.volumes import volume_info
from lagan.hub.doors.node.wire import moments
from lagan.hub.doors.node.wire.requests import InvalidParameter
from lagan.kit.errors import BadInput
from lagan.store.layout import check_object

TYPES = {"bin": "application/octet-stream", "fits": "image/x-fits", "fits.gz": "application/x-g"}


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("hello.txt", "hello.txt"),
        ("file:///data/a%20b.fits", "a b.fits"),
        ("http://host:80/x/y.fits?z=1", "y.fits"),
        ("/tmp/../etc/passwd", "passwd"),
        ("C:\\data\\a.raw", "a.raw"),
        (".hidden", "_hidden"),
        ("a\nb", "a_b"),
        ("x" * 300 + ".fits", "x" * 195 + ".fits"),
        ("dir/", "dir"),
    ],
)
def test_base_names(uri: str, name: str) -> None:
    assert layout.base_name(uri) == name


@pytest.mark.parametrize("uri", ["", "/", "..", "a/..", "http://host", "\\", " "])
def test_a_uri_without_a_name_is_refused(uri: str) -> None:
    with pytest.raises(BadInput, match="names no file"):
        layout.base_name(uri)


@given(uri=st.text(max_size=400))
def test_any_uri_becomes_a_name_that_a_volume_takes_or_is_refused(uri: str) -> None:
    try:
        name = layout.base_name(uri)
    except BadInput:
        return
    day = date(2026, 11, 21)
    check_object(layout.object_path(prefix="saf", day=day, version=1, name=name, apart=None))


@pytest.mark.parametrize(
    ("name", "mime_type", "stored"),
    [
        ("hello.txt", "application/octet-stream", "hello.txt.bin"),
        ("a.bin", "application/octet-stream", "a.bin"),
        ("a.fits.fits", "image/x-fits", "a.fits"),
        ("a.dat", "text/unknown", "a.dat"),
    ],
)
def test_extensions(name: str, mime_type: str, stored: str) -> None:
    assert layout.with_extension(name, mime_type, TYPES) == stored


def test_types_by_name() -> None:
    assert layout.type_of("a.fits.gz", TYPES) == "application/x-g"
    assert layout.type_of("a.fits", TYPES) == "image/x-fits"
    assert layout.type_of("a", TYPES) is None


def test_paths() -> None:
    day = date(2026, 11, 21)
    one = layout.object_path(prefix="saf", day=day, version=2, name="a", apart=None)
    two = layout.object_path(prefix="", day=day, version=2, name="a", apart=UUID(int=1))
    assert (one, two) == ("saf/2026-11-21/2/a", f"2026-11-21/2/{UUID(int=1).hex}/a")


@given(
    disk_id=st.text("abcdef0123456789-_", min_size=1, max_size=128),
    manufacturer=st.text("abc XYZ=", max_size=20),
)
def test_volume_info_round_trips(disk_id: str, manufacturer: str) -> None:
    info = volume_info.VolumeInfo(disk_id, manufacturer.strip(), "usb")
    assert volume_info.decode(volume_info.encode(info)) == info


def test_volume_info_of_the_archive_server_is_read() -> None:
    # printf 'DiskId = 35ecaa0a7c65795635087af61c3ce903\nManufacturer = 0\nType = None\n' | base64
    content = (
        b"RGlza0lkID0gMzVlY2FhMGE3YzY1Nzk1NjM1MDg3YWY2MWMzY2U5MDMKTWFudWZhY3R1cmVyID0g\n"
        b"MApUeXBlID0gTm9uZQo=\n"
    )
    assert volume_info.decode(content) == volume_info.VolumeInfo(
        "35ecaa0a7c65795635087af61c3ce903", "0", "None"
    )


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"/////w==", b"QSA9IEIK"])
def test_volume_info_that_says_nothing_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput):
        volume_info.decode(content)


def test_moments() -> None:
    moment = datetime(2026, 11, 21, 19, 51, 53, 795_400, UTC)
    assert moments.show_utc(moment) == "2026-11-21T19:51:53.795"
    assert moments.read_local(moments.show_local(moment), "start_date") == moment.replace(
        microsecond=795_000
    )
    for wrong in ("2026-11-21T19:51:53", "yesterday", "2026-13-21T19:51:53.795"):
        with pytest.raises(InvalidParameter, match="Invalid parameter: start_date"):
            moments.read_local(wrong, "start_date")
