"""Packs are plain tar files: tarfile and tar read them, and every member is where it was said to
be."""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import tarfile
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.kit.digests import Digests, digests_of
from lagan.kit.errors import BadPath, TooLarge
from lagan.kit.paths import check_relative
from lagan.store import Member, PackWriter, Part, Volume, members, open_volume, verify_parts
from lagan.store.errors import DamagedPack
from tests.store.conftest import get, put

_NUMBERS = itertools.count()


def pack(volume: Volume, files: list[tuple[str, bytes, float]]) -> list[Member]:
    """Store a pack and say where its members should be."""
    incoming = volume.receive(f"pack-{next(_NUMBERS)}")
    writer = PackWriter(incoming)
    made = []
    for name, data, mtime in files:
        digests = digests_of([data])
        made.append(Member(name, *writer.add(name, data, digests, mtime), mtime, digests))
    writer.finish()
    assert writer.size == incoming.size
    volume.publish([(incoming, "p.tar")])
    return made


def _relative(name: str) -> bool:
    try:
        return bool(check_relative(name))
    except BadPath:
        return False


paths = (
    st.text(min_size=1, max_size=30)
    | st.from_regex(r"[a-z]{1,90}(/[a-zé]{1,90}){0,3}", fullmatch=True)
).filter(_relative)
files = st.lists(st.tuples(paths, st.binary(max_size=1500), st.floats(-1e9, 1e12)), max_size=8)


@given(files)
def test_members_are_read_back_by_us_and_by_tarfile(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, bytes, float]]
) -> None:
    volume = open_volume(str(tmp_path_factory.mktemp("v")))
    made = pack(volume, files)
    assert list(members(volume, "p.tar")) == made
    path = volume.local_path("p.tar")
    assert path is not None
    with tarfile.open(path) as tar:
        found = tar.getmembers()
        assert [each.name for each in found] == [name for name, _, _ in files]
        for each, (_, data, mtime), member in zip(found, files, made, strict=True):
            stream = tar.extractfile(each)
            assert stream is not None
            assert stream.read() == data
            assert each.mtime == mtime
            assert each.offset_data == member.offset
            assert each.pax_headers["LAGAN.sha256"] == hashlib.sha256(data).hexdigest()


def test_the_program_tar_unpacks_a_pack(volume: Volume, folder: Path, tmp_path: Path) -> None:
    files = [
        ("plain.txt", b"plain", 1_700_000_000.0),
        ("deep/" * 30 + "long.txt", b"long", 1_700_000_000.25),
        ("日本/Ω x.bin", bytes(range(256)) * 9, 0.0),
        ("empty", b"", 1e9),
        ("block", bytes(512), 1e9),
    ]
    pack(volume, files)
    subprocess.run(["tar", "-xf", folder / "p.tar", "-C", tmp_path], check=True)
    for name, data, mtime in files:
        assert (tmp_path / name).read_bytes() == data
        assert (tmp_path / name).stat().st_mtime == mtime
    quiet = subprocess.run(["tar", "-tf", folder / "p.tar"], capture_output=True, check=True)
    said = quiet.stderr.splitlines()
    assert all(b"Ignoring unknown extended header keyword 'LAGAN." in line for line in said)


def test_all_members_are_verified_in_one_pass(quick: Volume) -> None:
    made = pack(quick, [(f"f{number}", b"%d" % number * number, 0.0) for number in range(300)])
    parts = [Part(each.offset, each.length, each.digests) for each in made if each.digests]
    found = list(verify_parts(quick, "p.tar", parts, depth="full"))
    assert [part for part, _ in found] == parts
    assert all(finding.good for _, finding in found)


def test_only_what_is_known_is_stated(volume: Volume) -> None:
    incoming = volume.receive("k")
    writer = PackWriter(incoming)
    both = Digests(3, 1, 2, None, "ab" * 32)
    writer.add("a", b"abc", both, 0)
    writer.finish()
    volume.publish([(incoming, "p.tar")])
    (member,) = members(volume, "p.tar")
    assert member.digests == both


def test_tar_files_of_others_are_read_too(volume: Volume, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_bytes(b"theirs")
    subprocess.run(["tar", "-cf", tmp_path / "t.tar", "-C", tmp_path, "d"], check=True)
    put(volume, "t.tar", (tmp_path / "t.tar").read_bytes())
    (member,) = members(volume, "t.tar")
    assert (member.name, member.length, member.digests) == ("d/f", 6, None)


@pytest.mark.parametrize("name", ["../x", "/x", "a//b", "", "\ud800"])
def test_names_that_would_leave_are_refused(volume: Volume, name: str) -> None:
    writer = PackWriter(volume.receive("k"))
    with pytest.raises(BadPath):
        writer.add(name, b"", digests_of([]), 0)


def test_what_tar_cannot_size_is_refused(volume: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lagan.kit.tar.LARGEST", 10)
    with pytest.raises(TooLarge):
        PackWriter(volume.receive("k")).add("x", b"12345678901", digests_of([]), 0)


@pytest.mark.parametrize("where", ["cut", "header", "records", "sum"])
def test_a_damaged_pack_says_where(volume: Volume, where: str) -> None:
    pack(volume, [("a", b"1" * 600, 0.0), ("b", b"2" * 600, 0.0)])
    data = bytearray(get(volume, "p.tar"))
    match where:
        case "cut":
            del data[-2500:]
        case "header":
            data[1024 + 3] ^= 1
        case "records":
            data[512] = ord("x")
        case "sum":
            data[148:156] = b"notoctal"
    name = f"{uuid4()}.tar"
    put(volume, name, bytes(data))
    with pytest.raises(DamagedPack, match=r"at byte \d+"):
        list(members(volume, name))
