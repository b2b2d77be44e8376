"""A site's part in a policy: the longest unread go first, no more than is needed, and what is
pinned, excluded or was read lately stays."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lagan.hsm.policy import pins
from lagan.hsm.policy.errors import UnsoundPolicy
from lagan.hsm.policy.pins import Pin
from lagan.hsm.states import state_of
from lagan.worker import place
from lagan.worker.place import Place
from lagan.worker.site import choosing, policies, tiering
from tests.small_disk import old_file, percent, small_disk
from tests.worker.told import Told

MIB = 1 << 20
NOW = time.time()
MS_NOATIME = 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A site whose root is a filesystem of 20 MiB, with one target elsewhere."""
    (tmp_path / "bucket").mkdir()
    with small_disk(tmp_path / "data", 20 * MIB) as root:
        targets = {"archive": str(tmp_path / "bucket")}
        with place.serving(Place((root,), targets=targets)):
            yield root


def run(root: Path, **policy: Any) -> tuple[list[str], dict[str, Any]]:
    """What the walk of a policy finds, without the root's name, and its report."""
    told = Told()
    report = policies.choose(told, {"filters": policy}, [str(root)])
    assert told.failed == {}
    return [os.path.relpath(path, root) for batch, _ in told.batches for path in batch], report


def pin(path: Path, until: float | None = None) -> None:
    opened = os.open(path, os.O_RDONLY)
    pins.write(opened, Pin(until))
    os.close(opened)


def fill(root: Path, count: int = 17) -> None:
    """So many files of 1 MiB, `f00` unread for the most days."""
    for number in range(count):
        old_file(root / "a" / f"f{number:02}", MIB, 400 - number * 10, NOW)


def test_the_longest_unread_go_until_the_low_mark(disk: Path) -> None:
    fill(disk)
    assert percent(disk) == 85
    found, report = run(disk, unread_for="90 d", high=80, low=70)
    assert found == ["a/f00", "a/f01", "a/f02"]
    assert (report["files"], report["frees"]) == (3, 3 * MIB)
    (told,) = report["filesystems"]
    assert (told["percent"], told["percent_after"], told["full"]) == (85.0, 70.0, True)
    assert report["left_out"] == {"not-needed": {"files": 14, "bytes": 14 * MIB, "frees": 14 * MIB}}
    assert not report["limited"]


def test_what_is_chosen_brings_the_filesystem_to_the_mark_and_no_further(disk: Path) -> None:
    fill(disk)
    found, _ = run(disk, high=80, low=70)
    told = Told()
    tiering.migrate(told, {"until": 70}, [f"{disk}/{each}" for each in found])
    assert told.failed == told.skipped == {}
    assert percent(disk) == 70
    more = f"{disk}/a/f10"
    tiering.migrate(told, {"until": 70}, [more])
    assert told.categories == {more: "skipped.enough"}
    assert percent(disk) == 70


def test_nothing_is_chosen_while_it_is_not_full_enough(disk: Path) -> None:
    fill(disk, 16)
    found, report = run(disk, high=80, low=70)
    assert found == []
    assert report["left_out"]["not-full"]["files"] == 16
    assert not report["filesystems"][0]["full"]


def test_without_thresholds_all_that_is_meant_goes(disk: Path) -> None:
    fill(disk, 3)
    old_file(disk / "young", MIB, 1, NOW)
    found, report = run(disk, unread_for="90 d")
    assert found == ["a/f00", "a/f01", "a/f02"]
    assert report["left_out"]["read"]["files"] == 1


def test_what_is_pinned_excluded_small_or_away_stays_and_is_counted(disk: Path) -> None:
    fill(disk, 2)
    pin(old_file(disk / "a" / "pinned", MIB, 500, NOW))
    pin(old_file(disk / "a" / "once-pinned", MIB, 10, NOW), until=NOW - 5)
    for name in ("in/here", "in/deeper/there"):
        old_file(disk / "kept" / name, MIB, 500, NOW)
    pin(disk / "kept", until=NOW + 10 * 86400)
    old_file(disk / "scratch" / "x", MIB, 500, NOW)
    old_file(disk / "b" / "x.tmp", MIB, 500, NOW)
    old_file(disk / "b" / "small", 100, 500, NOW)
    away = str(old_file(disk / "b" / "away", MIB, 500, NOW))
    tiering.migrate(Told(), {}, [away])
    (disk / "b" / "link").symlink_to(disk / "a" / "f00")
    found, report = run(disk, exclude=["scratch", "*.tmp"])
    assert found == ["a/f00", "a/f01", "a/once-pinned"]
    counted = {reason: tally["files"] for reason, tally in report["left_out"].items()}
    assert counted == {"pinned": 3, "excluded": 1, "small": 1, "away": 1, "no-file": 1}


def test_a_folder_above_where_it_looks_pins_too(disk: Path) -> None:
    fill(disk, 2)
    pin(disk)
    told = Told()
    policies.choose(told, {"filters": {}}, [f"{disk}/a", f"{disk}/a/f00"])
    assert told.batches == []
    policies.choose(told, {"filters": {}}, [f"{disk}/a/f00"])
    assert told.batches == []


def test_one_file_is_looked_at_like_those_of_a_folder(disk: Path) -> None:
    fill(disk, 2)
    told = Told()
    report = policies.choose(told, {"filters": {}}, [f"{disk}/a/f00"])
    assert [batch for batch, _ in told.batches] == [[f"{disk}/a/f00"]]
    assert (
        report["by_folder"] == [{"name": f"{disk}/a", "files": 1, "bytes": MIB, "frees": MIB}]
        or report["by_folder"][0]["files"] == 1
    )


def test_several_names_of_a_file_free_it_once(disk: Path) -> None:
    fill(disk, 1)
    os.link(disk / "a" / "f00", disk / "a" / "twin")
    _, report = run(disk)
    assert (report["files"], report["frees"]) == (2, MIB)


def test_files_that_are_premigrated_already_may_be_all_that_is_wanted(disk: Path) -> None:
    fill(disk, 3)
    tiering.migrate(Told(), {"premigrate": True}, [f"{disk}/a/f01"])
    assert run(disk, premigrated="only")[0] == ["a/f01"]
    assert run(disk, premigrated="not")[0] == ["a/f00", "a/f02"]
    assert run(disk, action="premigrate")[0] == ["a/f00", "a/f02"]


def test_premigrating_is_no_reading(disk: Path) -> None:
    fill(disk, 1)
    tiering.migrate(Told(), {"premigrate": True}, [f"{disk}/a/f00"])
    assert run(disk, unread_for="90 d")[0] == ["a/f00"]


def test_a_filesystem_that_notes_no_reading_goes_by_times_of_writing(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "data", 4 * MIB, MS_NOATIME) as root,
        place.serving(Place((root,))),
    ):
        file = old_file(root / "x", MIB, 100, NOW)
        os.utime(file, (NOW, NOW - 100 * 86400))
        found, report = run(root, unread_for="90 d")
    assert found == ["x"]
    assert not report["filesystems"][0]["keeps_read_times"]


def test_limits_leave_the_rest_to_another_run(disk: Path) -> None:
    fill(disk, 5)
    found, report = run(disk, most_files=2)
    assert found == ["a/f00", "a/f01"]
    assert report["limited"]
    found, report = run(disk, most_bytes="3 MiB")
    assert len(found) == 3
    assert report["limited"]
    assert not run(disk, most_files=5)[1]["limited"]


def test_each_filesystem_is_brought_to_its_own_mark(disk: Path) -> None:
    fill(disk, 17)
    with small_disk(disk / "other", 10 * MIB) as other:
        for number in range(5):
            old_file(other / f"x{number}", MIB, 900, NOW)
        found, report = run(disk, high=80, low=70)
        assert found == ["a/f00", "a/f01", "a/f02"]
        old_file(other / "y", 4 * MIB, 1, NOW)
        found, _ = run(disk, high=80, low=70)
        assert len(found) == 5
        assert sum(each.startswith("other/x") for each in found) == 2
    assert len(report["filesystems"]) == 2


def test_whose_files_go_may_be_said(disk: Path) -> None:
    fill(disk, 2)
    os.chown(disk / "a" / "f00", 12345, 54321)
    assert run(disk, owners=["12345"])[0] == ["a/f00"]
    assert run(disk, groups=["54321"])[0] == ["a/f00"]
    assert run(disk, owners=["root"])[0] == ["a/f01"]
    assert run(disk, owners=["nobody-of-that-name"])[0] == []


def test_a_dry_run_changes_nothing_and_tells_the_same(disk: Path) -> None:
    fill(disk)
    told = Told()
    policy = {"high": 80, "low": 70}
    report = policies.look(told, {"policy": policy}, [str(disk)])
    assert told.batches == []
    assert {state_of(each, each.stat()) for each in (disk / "a").iterdir()} == {"unmanaged"}
    again = run(disk, **policy)[1]
    for each in ("files", "bytes", "frees", "by_age", "by_folder", "filesystems", "left_out"):
        assert report[each] == again[each]
    assert [row["path"] for row in report["first"]][0] == f"{disk}/a/f00"


def test_a_policy_that_makes_no_sense_and_a_path_that_is_not_there_are_told(disk: Path) -> None:
    with pytest.raises(UnsoundPolicy):
        policies.choose(Told(), {"filters": {"high": 5}}, [str(disk)])
    told = Told()
    policies.choose(told, {"filters": {}}, [f"{disk}/gone", "/elsewhere"])
    assert set(told.categories) == {f"{disk}/gone", "/elsewhere"}


def test_folders_are_counted_two_deep() -> None:
    assert choosing.folder_of("/d/a/b/c/x", "/d") == "/d/a/b"
    assert choosing.folder_of("/d/a/x", "/d") == "/d/a"
    assert choosing.folder_of("/d/x", "/d") == "/d"
    assert choosing.folder_of("/x", "/") == "/"
