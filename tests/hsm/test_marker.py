"""The marker comes back as it was written, and what is no marker is refused, never guessed at."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from lagan.hsm import marker as markers
from lagan.hsm.errors import BadMarker
from lagan.hsm.marker import MIGRATED, NAME, PREMIGRATED, Marker
from tests.hsm.conftest import opened

SHA = "ab" * 32
MARKER = Marker(MIGRATED, "bucket", "run 1/háček.dat", 5 << 32, 10**18 + 7, SHA, 4096, 8192)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "file").touch()
    return tmp_path / "file"


def test_a_marker_comes_back(file: Path) -> None:
    with opened(file) as descriptor:
        assert markers.read(descriptor) is None
        markers.write(descriptor, MARKER)
        assert markers.read(descriptor) == markers.read(file) == MARKER
        markers.drop(descriptor)
        markers.drop(descriptor)
        assert markers.read(descriptor) is None


def test_a_link_has_none_of_its_file(file: Path) -> None:
    with opened(file) as descriptor:
        markers.write(descriptor, MARKER)
    link = file.with_name("link")
    link.symlink_to(file)
    assert markers.read(link) is None


def test_an_administrator_can_read_where_the_content_is(file: Path) -> None:
    with opened(file) as descriptor:
        markers.write(descriptor, MARKER)
    value = os.getxattr(file, NAME).decode()
    assert '"target":"bucket"' in value
    assert '"state":"migrated"' in value


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b'{"v":2}',
        b"\xff\xfe",
        markers.pack(MARKER).replace(b"migrated", b"elsewhere"),
        markers.pack(MARKER).replace(b'"v":1', b'"v":9'),
        markers.pack(MARKER).replace(b'"head":4096', b'"head":-1'),
        markers.pack(MARKER).replace(b'"head":4096', b'"head":true'),
        markers.pack(MARKER).replace(b'"size":', b'"length":'),
        markers.pack(replace(MARKER, sha256="ab")),
        markers.pack(replace(MARKER, sha256="x" * 64)),
        markers.pack(replace(MARKER, object="")),
        markers.pack(MARKER)[:-1] + b',"more":1}',
    ],
)
def test_what_is_no_marker_is_refused(file: Path, value: bytes) -> None:
    os.setxattr(file, NAME, value)
    with pytest.raises(BadMarker):
        markers.read(file)


def test_only_a_premigrated_file_may_be_trusted() -> None:
    assert not replace(MARKER, state=PREMIGRATED).away
    assert all(replace(MARKER, state=each).away for each in ("migrating", "migrated", "recalling"))
