"""Files of one group: each ends as if it were alone, and what they wait for is waited for once."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lagan.hsm import marker as markers
from lagan.hsm.errors import Busy, Changed, MissingAtTarget, WrongContent
from lagan.hsm.lease import Lease
from lagan.hsm.migrating import Outcome, migration
from lagan.hsm.recalling import recollection
from lagan.hsm.target import Target
from lagan.hsm.together.flushing import Flush
from lagan.hsm.together.group import Move, together
from lagan.kit.errors import LaganError, NoSpace
from lagan.store.posix import PosixVolume
from lagan.store.volume import Incoming
from tests.hsm.conftest import MTIME, Files, opened, sectors, state
from tests.services.hub import until

SIZE = 20_000
COUNT = 12
Ends = list[Outcome | LaganError | OSError]


def many(files: Files, count: int = COUNT) -> list[Path]:
    return [files.make(f"run {at % 3}/{at}.dat", size=SIZE + at) for at in range(count)]


def migrate(files: Files, paths: Sequence[Path], **how: Any) -> Ends:
    def move(path: Path) -> Move[Outcome]:
        with opened(path) as descriptor:
            name = str(path.relative_to(files.root))
            return (yield from migration(descriptor, name, files.target, origin=str(path), **how))

    return together([move(path) for path in paths])


def recall(files: Files, paths: Sequence[Path], **how: Any) -> Ends:
    def move(path: Path) -> Move[Outcome]:
        with opened(path) as descriptor:
            return (yield from recollection(descriptor, files.target, **how))

    return together([move(path) for path in paths])


def test_together_files_go_and_come_back(anywhere: Files) -> None:
    paths = many(anywhere)
    whole = {path: path.read_bytes() for path in paths}
    assert migrate(anywhere, paths) == [Outcome("migrated", sent=SIZE + at) for at in range(COUNT)]
    assert all(state(path) == "migrated" and sectors(path) <= 8 for path in paths)
    assert anywhere.objects() == sorted(str(path.relative_to(anywhere.root)) for path in paths)
    for path in paths:
        record = anywhere.target.find(str(path), "")
        assert record.size == len(whole[path])
    assert [end.state for end in recall(anywhere, paths)] == ["premigrated"] * COUNT  # type: ignore[union-attr]
    assert {path: path.read_bytes() for path in paths} == whole
    assert {path.stat().st_mtime_ns for path in paths} == {MTIME}
    assert anywhere.waiting() == []


def test_they_share_their_flushes(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    waves: Counter[str] = Counter()
    publish, replace_many, meet = PosixVolume.publish, PosixVolume.replace_many, Flush.meet

    def counted(name: str, act: Any) -> Any:
        def counting(*given: Any) -> Any:
            waves[name] += 1
            return act(*given)

        return counting

    monkeypatch.setattr(PosixVolume, "publish", counted("publish", publish))
    monkeypatch.setattr(PosixVolume, "replace_many", counted("tell", replace_many))
    monkeypatch.setattr(Flush, "meet", counted("flush", meet))
    paths = many(files)
    migrate(files, paths)
    assert waves == {"publish": 1, "tell": 1, "flush": 2}
    waves.clear()
    recall(files, paths)
    assert waves == {"flush": 2}


def test_the_trouble_of_some_is_not_that_of_others(files: Files, bucket: Path) -> None:
    paths = many(files)
    (bucket / "run 1").mkdir()
    (bucket / "run 1" / "4.dat").write_bytes(b"of somebody else")
    whole = paths[4].read_bytes()
    with opened(paths[3], os.O_RDONLY):
        ends = migrate(files, paths)
    assert isinstance(ends[3], Busy)
    assert state(paths[3]) == "unmanaged"
    assert sum(isinstance(end, Outcome) for end in ends) == COUNT - 1
    assert (bucket / "run 1" / "4.dat").read_bytes() == b"of somebody else"
    (bucket / "run 2" / "5.dat").unlink()
    (bucket / "run 0" / "6.dat").write_bytes(bytes(SIZE + 6))
    ends = recall(files, paths)
    assert isinstance(ends[5], MissingAtTarget)
    assert isinstance(ends[6], WrongContent)
    assert [state(paths[at]) for at in (4, 5, 6)] == ["premigrated", "migrated", "migrated"]
    assert paths[4].read_bytes() == whole
    assert sum(isinstance(end, Outcome) and not end.already for end in ends) == COUNT - 3


def test_two_files_that_want_one_name_both_get_one(files: Files, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Files(tmp_path / "other", files.target)
    mine, theirs = files.make("a", size=SIZE), other.make("a", size=SIZE)
    whole = mine.read_bytes(), theirs.read_bytes()

    def move(path: Path) -> Move[Outcome]:
        with opened(path) as descriptor:
            return (yield from migration(descriptor, "a", files.target, origin=str(path)))

    together([move(mine), move(theirs)])
    assert len(files.objects()) == 2
    recall(files, [mine, theirs])
    assert (mine.read_bytes(), theirs.read_bytes()) == whole


def test_a_target_that_is_full_for_one_is_not_for_all(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = PosixVolume.publish

    def full(self: PosixVolume, arrivals: Sequence[tuple[Incoming, str]]) -> None:
        if any(name.endswith("7.dat") for _, name in arrivals):
            raise NoSpace("Full.")
        publish(self, arrivals)

    monkeypatch.setattr(PosixVolume, "publish", full)
    paths = many(files)
    ends = migrate(files, paths)
    assert isinstance(ends[7], NoSpace)
    assert (state(paths[7]), files.waiting()) == ("unmanaged", [])
    assert sum(isinstance(end, Outcome) for end in ends) == COUNT - 1


def test_who_opens_one_of_them_at_the_last_moment_has_that_one(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = many(files)
    content, read = paths[8].read_bytes(), []
    reader = threading.Thread(target=lambda: read.append(paths[8].read_bytes()))
    wanted = Lease.wanted

    def open_it(lease: Lease) -> bool:
        if reader.ident is None:
            reader.start()
            found = paths[8].stat()
            held = [
                each for each in Path("/proc/locks").read_text().splitlines() if "LEASE" in each
            ]
            assert any(each.split()[5].endswith(f":{found.st_ino}") for each in held)
            until(lambda: "BREAKING" in Path("/proc/locks").read_text())
        return wanted(lease)

    monkeypatch.setattr(Lease, "wanted", open_it)
    ends = migrate(files, paths)
    reader.join(30)
    assert read == [content]
    assert [at for at, end in enumerate(ends) if isinstance(end, Busy)] == [8]
    assert state(paths[8]) == "premigrated"


def test_one_that_is_written_while_others_are_copied_stays(files: Files) -> None:
    paths = many(files)
    written: list[Path] = []

    def write(count: int) -> None:
        if not written and count == SIZE + 2:  # the third is copied: the first was
            written.append(paths[0])
            with paths[0].open("r+b") as file:
                file.write(b"newer")
            os.utime(paths[0], ns=(MTIME, MTIME))

    ends = migrate(files, paths, tick=write)
    assert [at for at, end in enumerate(ends) if isinstance(end, Changed)] == [0]
    assert paths[0].read_bytes()[:5] == b"newer"
    assert "run 0/0.dat" not in files.objects()


@pytest.mark.parametrize("verb", [migrate, recall])
def test_who_stops_the_group_finds_all_as_it_was(files: Files, verb: Any) -> None:
    paths = many(files)
    if verb is recall:
        migrate(files, paths)
    before = [(state(path), path.stat().st_blocks, markers.read(path)) for path in paths]
    objects = files.objects()
    seen = []

    def stop(count: int) -> None:
        seen.append(count)
        if len(seen) == COUNT // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verb(files, paths, tick=stop)
    assert [(state(path), path.stat().st_blocks, markers.read(path)) for path in paths] == before
    assert (files.objects(), files.waiting()) == (objects, [])


class Proving(PosixVolume):
    """A volume that tells itself what it holds."""

    asked: list[list[str]]

    def prove(self, names: Sequence[str]) -> dict[str, str | None]:
        self.asked.append(list(names))
        target = Target("x", PosixVolume(self.root))
        return {
            name: "00" * 32 if name.endswith("1.dat") else target.digest(name) for name in names
        }


def test_a_volume_that_can_prove_what_it_holds_is_asked_once(files: Files, bucket: Path) -> None:
    volume = Proving(bucket)
    volume.asked = []
    paths = many(files, 3)
    ends = migrate(Files(files.root, Target("bucket", volume)), paths)
    assert volume.asked == [["run 0/0.dat", "run 1/1.dat", "run 2/2.dat"]]
    assert isinstance(ends[1], WrongContent)
    assert [state(path) for path in paths] == ["migrated", "unmanaged", "migrated"]
    assert files.objects() == ["run 0/0.dat", "run 2/2.dat"]
