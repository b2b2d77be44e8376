"""The discovery `recursive`: every file once, whatever its name, and nothing but the site's."""

from __future__ import annotations

import os
import tempfile
import tracemalloc
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.kit.errors import BadInput, Unavailable
from lagan.worker.batches import BATCH_ITEMS
from lagan.worker.ledger import Cancelled
from lagan.worker.place import Place, serving
from lagan.worker.site import searching, walking
from lagan.worker.site.filters import Filters
from tests.agent.strange import names
from tests.worker.told import Told


def walk(*items: str, **args: Any) -> tuple[list[str], Told]:
    """All that one walk and those that follow it find, in the order of their finding."""
    told = Told()
    waiting: list[Sequence[str]] = [items]
    while waiting:
        walking.recursive(told, args, waiting.pop())
        waiting += told.walks
        told.walks = []
    return [each for batch, _ in told.batches for each in batch], told


def make(root: Path, *names: str) -> list[str]:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return sorted(f"{root}/{name}" for name in names)


def test_every_file_beneath_a_folder_is_found_once_with_its_bytes(root: Path) -> None:
    made = make(root, "x", "a/x", "a/b/x", "a/b/c/d/x", ".hidden/x")
    (root / "empty").mkdir()
    found, told = walk(str(root))
    assert sorted(found) == made
    assert sum(size for _, size in told.batches) == sum(Path(each).stat().st_size for each in made)
    assert told.failed == told.skipped == {}


def test_every_name_comes_back_byte_for_byte(root: Path) -> None:
    strange = [os.fsencode(name).replace(b"/", b"_") for name in names()]
    strange += [b"\xff\xfe", b"caf\xe9", b"\\", b"C:", b"a\\..\\b", b" ", b"-rf", b"..."]
    strange = sorted({each[:255] for each in strange if each not in (b"", b".", b"..")})
    assert len(strange) >= 200
    for each in strange:
        folder = bytes(root) + b"/" + each
        Path(os.fsdecode(folder)).mkdir()
        os.close(os.open(folder + b"/" + each, os.O_CREAT | os.O_WRONLY))
    found, told = walk(str(root))
    assert sorted(os.fsencode(each) for each in found) == sorted(
        b"%s/%s/%s" % (bytes(root), each, each) for each in strange
    )
    assert told.failed == {}


def test_a_walk_leaves_to_others_what_it_has_no_time_for(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "MOST_ENTRIES", 20)
    made = make(root, *(f"{n}/{m}/x{k}" for n in range(5) for m in range(5) for k in range(3)))
    told = Told()
    facts = walking.recursive(told, {}, [str(root)])
    assert facts["left"] == sum(len(each) for each in told.walks) > 0
    assert 1 < len(told.walks) <= walking.OTHERS
    found, _ = walk(str(root))
    assert sorted(found) == made


def test_a_slow_filesystem_ends_a_walk_but_each_looks_into_one_folder_at_least(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "LONGEST", -1.0)
    made = make(root, "a/x", "a/b/x", "c/x", "d/e/f/x")
    found, _ = walk(str(root), f"{root}/a/x")
    assert sorted(found) == made


def test_a_walk_goes_on_while_it_would_leave_more_than_a_message_holds(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "MOST_ENTRIES", 1)
    make(root, *(f"a folder with a long name {n:02}/x" for n in range(20)))
    one = len(f"{root}/a folder with a long name 00{searching.LEFT}")
    monkeypatch.setattr(walking, "MOST_LEFT", one * 3)
    told = Told()
    assert walking.recursive(told, {}, [str(root)])["left"] == 3


def test_batches_are_cut(root: Path) -> None:
    made = make(root, *(f"x{n}" for n in range(BATCH_ITEMS + 1)))
    found, told = walk(str(root))
    assert [len(batch) for batch, _ in told.batches] == [BATCH_ITEMS, 1]
    assert sorted(found) == made


def test_links_are_items_and_lead_nowhere(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    make(outside, "secret")
    make(root, "x")
    (root / "folder").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root / "gone").symlink_to("nowhere")
    found, told = walk(str(root))
    assert sorted(found) == [f"{root}/{name}" for name in ("folder", "gone", "loop", "x")]
    assert walk(f"{root}/folder")[0] == [f"{root}/folder"]
    _, told = walk(f"{root}/folder/secret", f"{root}/../outside", str(outside), "x")
    assert set(told.categories.values()) == {"failed.path"}
    assert len(told.failed) == 4
    assert told.batches == []


def test_paths_beneath_each_other_are_found_once(root: Path) -> None:
    made = make(root, "a/x", "a/b/x", "a-b/x")
    found, told = walk(f"{root}/a", f"{root}//a/b", f"{root}/a-b", f"{root}/a/x", f"{root}/a/gone")
    assert sorted(found) == made
    assert told.categories == {f"{root}/a/gone": "failed.missing"}


def test_a_path_that_is_not_there_is_a_failed_item(root: Path) -> None:
    made = make(root, "x")
    found, told = walk(f"{root}/x", f"{root}/gone", f"{root}/x/beneath")
    assert found == made
    assert told.categories == dict.fromkeys((f"{root}/gone", f"{root}/x/beneath"), "failed.missing")


def test_a_folder_that_went_between_two_walks_is_nobodys_failure(root: Path) -> None:
    told = Told()
    walking.recursive(told, {}, [f"{root}/gone{searching.LEFT}"])
    assert told.failed == {}


def test_a_folder_that_cannot_be_read_fails_alone(root: Path) -> None:
    made = make(root, "x", "b/x")
    here = os.open(root, os.O_RDONLY)
    for _ in range(20):  # beyond what one path can name
        os.mkdir("d" * 250, dir_fd=here)
        deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    found, told = walk(str(root))
    assert sorted(found) == made
    assert list(told.categories.values()) == ["failed.path"]


def test_a_whole_filesystem_may_be_a_site(root: Path) -> None:
    made = make(root, "a/x", "b")
    with serving(Place(roots=(Path("/"),))):
        assert sorted(walk(str(root))[0]) == made
        assert searching.Search(Told(), Filters()).starts(["/", str(root)]) == ["/"]
        first = searching.Search(Told(), Filters()).first("/")
    assert first == ("/", None)


def test_what_has_no_content_is_skipped_with_a_reason(root: Path) -> None:
    os.mkfifo(root / "pipe")
    found, told = walk(str(root))
    assert found == []
    assert told.categories == {f"{root}/pipe": "skipped.special"}


def test_our_own_notes_are_passed_over(root: Path) -> None:
    made = make(root, "x", "a/.lagan/x")
    make(root, ".lagan/listings/x", "state/x")
    with serving(Place(roots=(root,), state=root / "state")):
        found, _ = walk(str(root))
    assert sorted(found) == made


def test_filters_choose_and_an_excluded_folder_is_not_entered(root: Path) -> None:
    make(root, "a.tif", "raw/b.tif", "raw/b.txt", "tmp/c.tif", "sub/tmp")
    found, told = walk(str(root), filters={"include": "*.tif", "exclude": ["tmp"]})
    assert sorted(found) == [f"{root}/a.tif", f"{root}/raw/b.tif"]
    with pytest.raises(BadInput):
        walk(str(root), filters={"size": 1})


def test_for_removal_each_folder_comes_after_what_is_in_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "MOST_ENTRIES", 1)
    make(root, "a/x", "a/b/x", "a/b/c/x", "a/empty/y")
    found, told = walk(f"{root}/a", folders=True)
    for each in found:  # only now: what is given later may be needed
        (os.rmdir if Path(each).is_dir() else os.unlink)(each)
    assert list(root.iterdir()) == []
    assert found[-1] == f"{root}/a"


def test_a_folder_with_something_that_stays_is_not_given_for_removal(root: Path) -> None:
    make(root, "a/b/x.tif", "a/c/x.txt", "d/x.tif")
    found, _ = walk(str(root), folders=True, filters={"include": "*.tif"})
    assert sorted(found) == [f"{root}/{name}" for name in ("a/b", "a/b/x.tif", "d", "d/x.tif")]


def test_the_site_itself_is_never_given_for_removal(root: Path) -> None:
    make(root, "x")
    assert walk(str(root), folders=True)[0] == [f"{root}/x"]


def test_a_walk_that_is_no_longer_wanted_stops(root: Path) -> None:
    make(root, *(f"x{n}" for n in range(1001)))
    with pytest.raises(Cancelled):
        walking.recursive(Told(until=0), {}, [str(root)])


def test_a_filesystem_that_is_not_mounted_is_no_empty_one(root: Path) -> None:
    root.rmdir()
    with pytest.raises(Unavailable):
        walk(str(root))


names_of = st.lists(st.sampled_from(["a", "b", "a-b"]), min_size=1, max_size=4).map("/".join)


@given(
    files=st.sets(names_of, max_size=8),
    starts=st.lists(st.one_of(st.just(""), names_of), min_size=1, max_size=4),
    entries=st.integers(1, 10),
    folders=st.booleans(),
)
def test_whatever_is_asked_for_is_found_once_or_told_as_missing(
    files: set[str], starts: list[str], entries: int, folders: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        root = Path(folder)
        patch.setattr(walking, "MOST_ENTRIES", entries)
        for name in sorted(files):
            with suppress(FileExistsError, NotADirectoryError):
                make(root, name + "/x")
        asked = [f"{folder}/{each}".rstrip("/") for each in starts]
        with serving(Place(roots=(root,))):
            found, told = walk(*asked, folders=folders)
        there = {f"{at}/{name}" for at, _, those in os.walk(folder) for name in those}
        if folders:
            there |= {at for at, _, _ in os.walk(folder)} - {folder}
        beneath = tuple(each + "/" for each in asked)
        assert sorted(found) == sorted(
            each for each in there if each in asked or each.startswith(beneath)
        )
        assert set(told.failed) == {each for each in asked if not Path(each).exists()}


@pytest.mark.slow
@pytest.mark.parametrize("files", [40_000, pytest.param(500_000, marks=pytest.mark.soak)])
def test_memory_does_not_grow_with_a_folder(root: Path, files: int) -> None:
    """The names alone of the smaller one would take 4 MiB."""
    for n in range(files):
        os.mknod(f"{root}/a name of a usual length {n:06}")

    class Counting(Told):
        count = 0

        def found(self, items: Sequence[str], size: int) -> None:
            self.count += len(items)

    told = Counting()
    tracemalloc.start()
    walking.recursive(told, {}, [str(root)])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert told.count == files
    assert peak < 2 << 20
