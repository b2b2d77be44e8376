"""Listings come back as they were written, sorted, in flat memory, or are known to be damaged."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from lagan.worker.site import listings
from lagan.worker.site.listings import Damaged, Record, Writing, in_order, is_same, read, record


def some(count: int) -> Iterator[Record]:
    for n in random.Random(5).sample(range(count), count):
        yield record(b"/data/\xff folder/a file %07d" % n, n, n, n, n)


def save(path: Path, records: list[Record]) -> None:
    with Writing(path) as listing:
        for each in records:
            listing.add(each)


def test_a_listing_comes_back_as_it_was_written(tmp_path: Path) -> None:
    records = [
        record(b"/\n", 2**62, -5, 2**62, 2**64 - 1),
        record(b"/" + b"x" * 4095, 0, 0, None, 0),
    ]
    save(tmp_path / "1", records)
    assert list(read(tmp_path / "1")) == records
    assert records[0].size == 2**62
    assert [each.name for each in tmp_path.iterdir()] == ["1"]
    save(tmp_path / "2", [])
    assert list(read(tmp_path / "2")) == []


def test_a_file_that_was_changing_is_never_the_same() -> None:
    then, now = record(b"/x", 1, 2, None, 4), record(b"/x", 1, 2, None, 4)
    assert not is_same(then, now)
    assert is_same(record(b"/x", 1, 2, 3, 4), record(b"/x", 1, 2, 3, 4))
    for other in [(5, 2, 3, 4), (1, 5, 3, 4), (1, 2, 5, 4), (1, 2, 3, 5)]:
        assert not is_same(record(b"/x", 1, 2, 3, 4), record(b"/x", *other))


def test_a_listing_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with Writing(tmp_path / "1") as listing:
            listing.add(record(b"/x", 1, 1, 1, 1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("runs", [1, 3, 50])
def test_records_are_sorted_whatever_their_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: int
) -> None:
    monkeypatch.setattr(listings, "RUN", 1000 // runs)
    monkeypatch.setattr(listings, "RUNS", 4)
    assert list(in_order(some(1000), tmp_path)) == sorted(some(1000))


@pytest.mark.parametrize("damage", ["cut", "flip", "text", "empty"])
def test_a_damaged_listing_is_put_aside(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "1"
    save(path, sorted(some(2000)))
    whole = path.read_bytes()
    middle = len(whole) // 2
    torn = {
        "cut": whole[:-9],
        "flip": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "text": b"no listing at all",
        "empty": b"",
    }
    path.write_bytes(torn[damage])
    with pytest.raises(Damaged) as caught:
        list(read(path))
    assert not caught.value.permanent
    assert [each.name for each in tmp_path.iterdir()] == ["1.damaged"]


@pytest.mark.slow
@pytest.mark.parametrize("files", [40_000, pytest.param(400_000, marks=pytest.mark.soak)])
def test_memory_does_not_grow_with_the_number_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int
) -> None:
    """All records would take 250 bytes each, a run of them a twentieth."""
    monkeypatch.setattr(listings, "RUN", files // 20)
    records = (record(b"/data/%07d" % (n * 7919 % files), n, n, n, n) for n in range(files))
    tracemalloc.start()
    with Writing(tmp_path / "1") as listing:
        for each in in_order(records, tmp_path):
            listing.add(each)
    count = sum(1 for _ in read(tmp_path / "1"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == files
    assert peak < (4 << 20) + files * 50
