"""A look at stored bytes finds every change, names it right, and keeps the page cache as it was."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.kit.digests import digests_of
from lagan.kit.errors import DigestMismatch
from lagan.store import Part, Throttle, Volume, copy, verify, verify_parts
from lagan.store.memory import MemoryVolume
from lagan.store.quiet import read_quietly
from lagan.store.verify import Depth
from lagan.store.wrappers import Fault, FaultyVolume
from tests.store.conftest import get, names, put

DEPTHS: list[Depth] = ["crc", "full"]


@pytest.mark.parametrize("depth", DEPTHS)
def test_good_bytes_are_good(each: Volume, depth: Depth) -> None:
    data = random.Random(3).randbytes(9_000_001)
    digests = put(each, "a", data)
    found = verify(each, "a", 0, len(data), digests, depth=depth)
    assert (found.state, found.read, found.reason) == ("good", len(data), "")
    part = digests_of([data[17:4_300_000]])
    assert verify(each, "a", 17, part.size, part, depth=depth).good


@pytest.mark.parametrize("depth", DEPTHS)
@given(data=st.data(), content=st.binary(min_size=1, max_size=2000))
def test_any_flipped_bit_is_found(depth: Depth, data: st.DataObject, content: bytes) -> None:
    volume = MemoryVolume("flip")
    digests = put(volume, "a", content)
    changed = bytearray(content)
    changed[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    volume.damage("a", bytes(changed))
    found = verify(volume, "a", 0, len(content), digests, depth=depth)
    assert found.state == "damaged"
    assert "crc32c" in found.differs
    assert ("sha256" in found.differs) == (depth == "full")


CHANGES: dict[str, tuple[Callable[[bytes], bytes], tuple[str, ...]]] = {
    "cut": (lambda data: data[:-5], ("size", "crc32c")),
    "emptied": (lambda data: b"", ("size", "crc32c")),
    "another file": (lambda data: data[::-1], ("crc32c",)),
    "zeros": (lambda data: bytes(len(data)), ("crc32c",)),
}


@pytest.mark.parametrize(("change", "differs"), CHANGES.values(), ids=CHANGES)
def test_damage_is_named(
    volume: Volume, folder: Path, change: Callable[[bytes], bytes], differs: tuple[str, ...]
) -> None:
    data = random.Random(4).randbytes(100_000)
    digests = put(volume, "a", data)
    (folder / "a").write_bytes(change(data))
    found = verify(volume, "a", 0, len(data), digests)
    assert (found.state, found.differs) == ("damaged", differs)
    assert " and ".join(differs) in found.reason


def test_only_the_digest_that_differs_is_named(volume: Volume) -> None:
    digests = replace(put(volume, "a", b"x"), sha256="00" * 32)
    assert verify(volume, "a", 0, 1, digests, depth="crc").good
    assert verify(volume, "a", 0, 1, digests, depth="full").differs == ("sha256",)


def test_what_is_gone_is_missing(each: Volume) -> None:
    found = verify(each, "a/b", 0, 1, digests_of([b"x"]))
    assert found.state == "missing"


def test_what_cannot_be_read_is_unreachable(volume: Volume) -> None:
    digests = put(volume, "a", b"x")
    faulty = FaultyVolume(volume, [Fault("read", "unavailable")])
    assert verify(faulty, "a", 0, 1, digests).state == "unreachable"
    assert verify(faulty, "a", 0, 1, digests).good


def parts_of(data: bytes, lengths: list[int]) -> list[Part]:
    places = [sum(lengths[:index]) for index in range(len(lengths))]
    return [
        Part(at, length, digests_of([data[at : at + length]]))
        for at, length in zip(places, lengths, strict=True)
    ]


def test_parts_are_read_in_one_pass_and_judged_apart(quick: Volume) -> None:
    data = random.Random(5).randbytes(3_000_000)
    put(quick, "a", data)
    parts = parts_of(data, [1000, 0, 2_000_000, 5, 900_000])
    parts[3] = replace(parts[3], expected=digests_of([b"wrong"]))
    gapped = [*parts, parts[0]]
    found = list(verify_parts(quick, "a", reversed(gapped), depth="full"))
    assert [part.offset for part, _ in found] == sorted(part.offset for part in gapped)
    assert [each.state for _, each in found].count("damaged") == 1
    assert [each.state for _, each in found].count("good") == 5


def test_after_a_place_that_cannot_be_read_the_rest_is_still_judged(volume: Volume) -> None:
    data = bytes(3000)
    put(volume, "a", data)
    parts = parts_of(data, [1000, 1000, 1000])
    faulty = FaultyVolume(volume, [Fault("read", "unavailable")])
    found = [finding.state for _, finding in verify_parts(faulty, "a", parts)]
    assert found == ["unreachable", "good", "good"]


def test_all_parts_of_a_missing_object_are_missing(volume: Volume) -> None:
    parts = parts_of(bytes(30), [10, 10, 10])
    assert [found.state for _, found in verify_parts(volume, "no", parts)] == ["missing"] * 3


def test_a_rate_is_kept() -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    rate = Throttle(1 << 20, clock=lambda: now[0], sleep=sleep)
    volume = MemoryVolume("rate")
    digests = put(volume, "a", bytes(10 << 20))
    assert verify(volume, "a", 0, 10 << 20, digests, rate=rate).good
    assert sum(slept) == pytest.approx(10, abs=1.5)


@pytest.mark.parametrize("kernel", ["with RWF_DONTCACHE", "without"])
def test_nothing_stays_in_the_page_cache(
    volume: Volume, folder: Path, monkeypatch: pytest.MonkeyPatch, kernel: str
) -> None:
    if kernel == "without":
        monkeypatch.setattr("lagan.store.quiet._RWF_DONTCACHE", 0)
    data = random.Random(6).randbytes(40 << 20)
    digests = put(volume, "a", data)
    _forget(folder / "a")
    assert verify(volume, "a", 0, len(data), digests).good
    assert _cached(folder / "a") <= len(data) // 20


def test_a_kernel_that_refuses_the_flag_is_asked_without(
    volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lagan.store.quiet._RWF_DONTCACHE", 0x40000000)
    put(volume, "a", b"still read")
    assert b"".join(map(bytes, read_quietly(volume, "a", 6))) == b"read"


def _forget(path: Path) -> None:
    import os

    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _cached(path: Path) -> int:
    """Bytes of a file in the page cache, by mincore."""
    import ctypes
    import mmap

    size = path.stat().st_size
    pages = -(-size // mmap.PAGESIZE)
    seen = (ctypes.c_ubyte * pages)()
    libc = ctypes.CDLL(None, use_errno=True)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE) as view:
        address = ctypes.addressof(ctypes.c_char.from_buffer(view))
        assert libc.mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), seen) == 0
    return sum(page & 1 for page in seen) * mmap.PAGESIZE


def test_a_copy_is_verified_while_it_is_made(each: Volume, volume: Volume) -> None:
    data = random.Random(7).randbytes(5_000_000)
    digests = put(each, "a", data)
    target, told = MemoryVolume("target"), list[int]()
    incoming = target.receive("k")
    assert copy(each, "a", 0, len(data), incoming, digests, progress=told.append) == digests
    target.publish([(incoming, "a")])
    assert get(target, "a") == data
    assert sum(told) == len(data)


@pytest.mark.parametrize("fault", [Fault("read", "flip", at=4000), Fault("read", "short", at=10)])
def test_a_bad_copy_is_refused_and_gone(volume: Volume, fault: Fault) -> None:
    digests = put(volume, "a", bytes(9000))
    target = MemoryVolume("target")
    incoming = target.receive(f"k{fault.kind}")
    with pytest.raises(DigestMismatch, match="does not hold"):
        copy(FaultyVolume(volume, [fault]), "a", 0, 9000, incoming, digests)
    assert names(target) == set()
    assert not list(target.pending())
