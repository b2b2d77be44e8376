"""The discovery `snapdiff` finds what is new or changed since the last run that ended well."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.kit.errors import BadInput, NoSpace
from lagan.worker.ledger import Cancelled, Claimed
from lagan.worker.site import listings, snapshots
from lagan.worker.site.listings import Damaged, record
from tests.worker.told import Told

KEY = "0" * 64


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that were made a moment ago count as old enough."""
    monkeypatch.setattr(snapshots, "SETTLED", -(10**12))


def diff(*items: Path, since: str | None = None, job: int = 1, attempt: int = 1,
         **args: Any) -> tuple[list[str], dict[str, Any]]:  # fmt: skip
    """What one run finds, relative to the first path, and its result."""
    told = Told(Claimed(job * 10, job, "discover.snapdiff", "lab", attempt, {}, ()))
    args = {"key": KEY, "since": since, **args}
    result = snapshots.snapdiff(told, args, [str(each) for each in items])
    assert told.failed == {}
    found = [os.path.relpath(each, items[0]) for batch, _ in told.batches for each in batch]
    return found, result


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(os.fsencode(name))


def test_the_first_run_finds_everything_and_the_second_nothing(root: Path, settled: None) -> None:
    make(root, "x", "a/x", "a/caf\udce9")
    found, first = diff(root)
    assert found == ["a/caf\udce9", "a/x", "x"] or sorted(found) == sorted(
        ["a/caf\udce9", "a/x", "x"]
    )
    assert (first["new"], first["since"]) == (3, None)
    found, second = diff(root, since=first["listing"], job=2)
    assert found == []
    assert (second["same"], second["since"]) == (3, first["listing"])


def test_new_and_changed_files_are_found_and_removed_ones_counted(
    root: Path, settled: None
) -> None:
    make(root, "same", "longer", "rewritten", "touched", "mode", "replaced", "moved", "removed")
    _, first = diff(root)
    (root / "longer").write_text("longer than it was")
    before = (root / "rewritten").stat()
    (root / "rewritten").write_text("Rewritten")
    os.utime(root / "rewritten", ns=(before.st_atime_ns, before.st_mtime_ns))
    os.utime(root / "touched", (5, 5))
    (root / "mode").chmod(0o600)
    (root / "replaced").rename(root / "kept")
    make(root, "replaced", "new")
    (root / "moved").rename(root / "elsewhere")
    (root / "removed").unlink()
    found, second = diff(root, since=first["listing"], job=2)
    assert sorted(found) == sorted(
        ["longer", "rewritten", "touched", "mode", "replaced", "kept", "new", "elsewhere"]
    )
    told = {each: second[each] for each in ("new", "changed", "same", "removed")}
    assert told == {"new": 3, "changed": 5, "same": 1, "removed": 2}


def test_what_was_changing_when_it_was_listed_is_found_again(root: Path) -> None:
    make(root, "x")
    _, first = diff(root)
    found, second = diff(root, since=first["listing"], job=2)
    assert (found, second["changed"]) == (["x"], 1)


def test_a_run_that_failed_is_not_compared_with(root: Path, settled: None) -> None:
    make(root, "x")
    _, first = diff(root)
    make(root, "new")
    assert diff(root, since=first["listing"], job=2)[0] == ["new"]
    assert diff(root, since=first["listing"], job=3)[0] == ["new"]


def test_each_attempt_has_a_listing_of_its_own(root: Path, settled: None) -> None:
    make(root, "x")
    _, late = diff(root, attempt=1)
    make(root, "new")
    _, well = diff(root, attempt=2)
    assert late["listing"] != well["listing"]
    assert diff(root, since=well["listing"], job=2)[0] == []
    assert diff(root, since=late["listing"], job=3)[0] == ["new"]


def test_a_listing_that_is_gone_or_damaged_finds_everything(root: Path, settled: None) -> None:
    make(root, "x")
    _, first = diff(root)
    listing = root / ".lagan" / "listings" / KEY / first["listing"]
    listing.write_bytes(listing.read_bytes()[:-4])
    with pytest.raises(Damaged):
        diff(root, since=first["listing"], job=2)
    found, second = diff(root, since=first["listing"], job=2, attempt=2)
    assert (found, second["since"]) == (["x"], None)


def test_paths_filters_and_our_own_notes_are_as_in_any_walk(root: Path, settled: None) -> None:
    make(root, "a/x.tif", "a/b/x.tif", "a/x.txt", "other/x.tif")
    found, _ = diff(root / "a", root / "a/b", filters={"include": "*.tif"})
    assert found == ["b/x.tif", "x.tif"]
    assert sorted(diff(root, job=2)[0]) == ["a/b/x.tif", "a/x.tif", "a/x.txt", "other/x.tif"]


def test_what_cannot_be_looked_at_fails_its_run(root: Path) -> None:
    told = Told(Claimed(1, 1, "discover.snapdiff", "lab", 1, {}, ()))
    snapshots.snapdiff(told, {"key": KEY}, [f"{root}/gone"])
    assert told.categories == {f"{root}/gone": "failed.missing"}


def test_a_walk_that_is_no_longer_wanted_leaves_nothing(root: Path) -> None:
    make(root, "x")
    told = Told(Claimed(1, 1, "discover.snapdiff", "lab", 1, {}, ()), until=0)
    with pytest.raises(Cancelled):
        snapshots.snapdiff(told, {"key": KEY}, [str(root)])
    assert list((root / ".lagan/listings" / KEY).iterdir()) == []


def test_a_full_disk_is_said_and_leaves_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    make(root, "x")
    monkeypatch.setattr("lagan.kit.files.write_all", full)
    with pytest.raises(NoSpace) as caught:
        diff(root)
    assert not caught.value.permanent
    assert list((root / ".lagan/listings" / KEY).iterdir()) == []


def test_old_listings_go_but_not_the_one_in_use(
    root: Path, settled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(root, "x")
    shelf = root / ".lagan/listings"
    made = [diff(root, job=n)[1]["listing"] for n in range(1, 10)]
    first = made[0]
    assert not (shelf / KEY / first).exists()
    assert len(list((shelf / KEY).iterdir())) == snapshots.KEPT
    for age, name in enumerate(made[-4:]):
        os.utime(shelf / KEY / name, (age, age))
    oldest = made[-4]
    diff(root, job=20, since=oldest)
    diff(root, job=21, since=oldest)
    assert (shelf / KEY / oldest).exists()


def test_what_killed_walks_and_forgotten_work_left_is_removed(root: Path, settled: None) -> None:
    make(root, "x")
    shelf = root / ".lagan/listings"
    forgotten, scratch = shelf / ("f" * 64), shelf / KEY / "scratch-killed"
    for old in (forgotten, scratch):
        old.mkdir(parents=True)
        (old / "1-1-1").touch()
        os.utime(old, (5, 5))
    (shelf / KEY / "scratch-running").mkdir()
    diff(root)
    assert not forgotten.exists()
    assert not scratch.exists()
    assert (shelf / KEY / "scratch-running").exists()


@pytest.mark.parametrize(
    "args", [{}, {"key": "../x"}, {"key": KEY, "since": "../../etc"}, {"key": KEY, "since": 5}]
)
def test_arguments_that_lead_elsewhere_are_refused(root: Path, args: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        snapshots.snapdiff(Told(), args, [str(root)])


names = st.binary(min_size=1, max_size=3)
listing = st.dictionaries(names, st.tuples(st.integers(0, 2), st.integers(0, 1)), max_size=12)


@given(now=listing, before=listing)
def test_comparing_agrees_with_a_naive_comparison(
    now: dict[bytes, tuple[int, int]], before: dict[bytes, tuple[int, int]]
) -> None:
    def records(listing: dict[bytes, tuple[int, int]]) -> list[listings.Record]:
        return [
            record(name, size, 0, changed, 0) for name, (size, changed) in sorted(listing.items())
        ]

    told = {
        each.path: change
        for change, each in snapshots.compare(iter(records(now)), iter(records(before)))
    }
    expected = dict.fromkeys(before.keys() - now.keys(), "removed")
    for name, facts in now.items():
        expected[name] = (
            "new" if name not in before else "same" if facts == before[name] else "changed"
        )
    assert told == expected
