"""Random sequences of what people, jobs, other sites and bad disks do to files, against a model:
content is never lost, never torn, never comes back other than it went, and what cannot be read any
more says so."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lagan.hsm import marker as markers
from lagan.hsm.errors import Busy, MissingAtTarget, Taken, WrittenInto, WrongContent
from lagan.hsm.migrating import Outcome, migration
from lagan.hsm.recalling import recollection
from lagan.hsm.target import Target
from lagan.hsm.together.group import Move, together
from lagan.kit.holes import data
from lagan.store import open_volume
from tests.hsm.conftest import Files, opened, state

SIZES = some.sampled_from([1, 4095, 4096, 4097, 20_000, 70_000])
NAMES = some.sampled_from(["a", "b", "d/a", "d/e/a"])
HEADS = some.sampled_from([0, 1, 5000])
WHICH = some.integers(0, 11)
OFFSETS = some.sampled_from([0, 1, 4096, 6000, 69_999])
MODES = some.sampled_from([0o640, 0o400, 0o4755, 0o2711])
MEMORY = Path("/dev/shm")  # noqa: S108 - a filesystem in memory


@dataclass(eq=False)
class One:
    """A file, by all of its names: what its owner would read in it (`content`), its time and mode.
    Into one whose content was away somebody may have `written`: that is what must stay. One whose
    object somebody took away or damaged is `lost` while its content is away."""

    content: bytes
    mtime: int = 0
    mode: int = 0
    written: bytes | None = None
    lost: bool = False
    shrunk: bool = False
    held: list[int] = field(default_factory=list)


def away(path: Path) -> markers.Marker | None:
    """The marker of a file whose content is at the target."""
    marker = markers.read(path)
    return marker if marker is not None and marker.away else None


class Moves(RuleBasedStateMachine):
    """`ones` are the files by each of their names."""

    place: Path | None = None

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="moves-", dir=self.place))
        root, self.bucket = self.folder / "root", self.folder / "bucket"
        root.mkdir()
        self.bucket.mkdir()
        self.files = Files(root, Target("bucket", open_volume(str(self.bucket))))
        self.ones: dict[Path, One] = {}
        self.numbers = count(1)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            for one in self.all():
                self.let_go(one)
            shutil.rmtree(self.folder)

    # What people do

    @rule(name=NAMES, size=SIZES | some.just(0))
    def write(self, name: str, size: int) -> None:
        """A new file, or all of an old one anew."""
        path = self.files.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        was_away = path in self.ones and away(path)
        middle = size // 3
        content = os.urandom(middle) + bytes(size - 2 * middle) + os.urandom(middle)
        path.write_bytes(content)
        one = self.ones.setdefault(path, One(content))
        one.content, one.shrunk = content, bool(was_away) and not size
        # Cut to nothing and written anew while it was away, a file cannot be told from one that
        # was written into: it is left as it is, which is what its owner wrote.
        one.written = content if was_away and size else None
        self.note(path)

    @precondition(lambda self: self.ones)
    @rule(which=WHICH, offset=OFFSETS, at_the_end=some.booleans())
    def write_into(self, which: int, offset: int, at_the_end: bool) -> None:
        path = self.pick(which)
        one, was_away = self.ones[path], away(path)
        size = path.stat().st_size
        offset = size if at_the_end else offset
        with path.open("r+b") as file:
            file.seek(offset)
            file.write(new := b"%08d" % next(self.numbers))
        old = one.content.ljust(offset, b"\0")
        one.content = old[:offset] + new + old[offset + len(new) :]
        if was_away:
            one.written = path.read_bytes()
        self.note(path)

    @precondition(lambda self: self.ones)
    @rule(which=WHICH, size=SIZES | some.just(0))
    def truncate(self, which: int, size: int) -> None:
        path = self.pick(which)
        one, was_away = self.ones[path], away(path)
        if was_away and one.shrunk and size > path.stat().st_size:
            return  # Without a gate nobody can know that it was shorter in between.
        os.truncate(path, size)
        one.shrunk = bool(was_away) and (one.shrunk or size < len(one.content))
        one.content = one.content[:size].ljust(size, b"\0")
        if one.written is not None:
            one.written = path.read_bytes() if size else None
        self.note(path)

    @precondition(lambda self: self.ones)
    @rule(which=WHICH, time=some.integers(1, 10**18))
    def touch(self, which: int, time: int) -> None:
        path = self.pick(which)
        os.utime(path, ns=(time, time))
        self.note(path)

    @precondition(lambda self: self.ones)
    @rule(which=WHICH, mode=MODES)
    def change_mode(self, which: int, mode: int) -> None:
        path = self.pick(which)
        path.chmod(mode)
        self.note(path)

    @precondition(lambda self: self.ones)
    @rule(which=WHICH, name=NAMES)
    def rename(self, which: int, name: str) -> None:
        path, new = self.pick(which), self.files.root / name
        if self.ones[path] is self.ones.get(new):
            return
        new.parent.mkdir(parents=True, exist_ok=True)
        self.forget(new)
        path.rename(new)
        self.ones[new] = self.ones.pop(path)

    @precondition(lambda self: self.ones)
    @rule(which=WHICH, name=NAMES)
    def link(self, which: int, name: str) -> None:
        path, new = self.pick(which), self.files.root / name
        if new not in self.ones:
            new.parent.mkdir(parents=True, exist_ok=True)
            new.hardlink_to(path)
            self.ones[new] = self.ones[path]

    @precondition(lambda self: self.ones)
    @rule(which=WHICH, name=NAMES)
    def clone(self, which: int, name: str) -> None:
        """As `cp -a --sparse=always`: data, attributes, times."""
        path, new = self.pick(which), self.files.root / name
        if new in self.ones:
            return
        new.parent.mkdir(parents=True, exist_ok=True)
        one, found = self.ones[path], path.stat()
        with opened(path, os.O_RDONLY) as old, new.open("wb") as copy:
            copy.truncate(found.st_size)
            for start, end in data(old, found.st_size):
                os.pwrite(copy.fileno(), os.pread(old, end - start, start), start)
            for attribute in os.listxattr(old):
                os.setxattr(copy.fileno(), attribute, os.getxattr(old, attribute))
        os.utime(new, ns=(found.st_atime_ns, found.st_mtime_ns))
        self.ones[new] = One(one.content, written=one.written, lost=one.lost, shrunk=one.shrunk)
        self.note(new)

    @precondition(lambda self: self.ones)
    @rule(which=WHICH)
    def remove(self, which: int) -> None:
        path = self.pick(which)
        self.forget(path)
        path.unlink()

    @precondition(lambda self: self.ones)
    @rule(which=WHICH)
    def open_and_keep_open(self, which: int) -> None:
        path = self.pick(which)
        if len(self.ones[path].held) < 2:
            self.ones[path].held.append(os.open(path, os.O_RDONLY | os.O_CLOEXEC))

    @precondition(lambda self: self.ones)
    @rule(which=WHICH)
    def close(self, which: int) -> None:
        """What somebody had open all the time was never pulled away beneath their hands."""
        path = self.pick(which)
        one = self.ones[path]
        if one.held and not away(path):
            assert os.pread(one.held[0], len(one.content) + 1, 0) == one.content
        self.let_go(one)

    # What jobs do

    @precondition(lambda self: self.ones)
    @rule(which=WHICH, overwrite=some.booleans(), premigrate=some.booleans(), head=HEADS)
    def migrate(self, which: int, overwrite: bool, premigrate: bool, head: int) -> None:
        path = self.pick(which)
        before = markers.read(path)
        how = {"overwrite": overwrite, "premigrate": premigrate, "stub_size": head}
        done = self.tried(path, lambda: self.files.migrate(path, **how))
        if done is not None and overwrite and before is not None:
            self.lose(before.object, but=self.ones[path])

    @precondition(lambda self: self.ones)
    @rule(which=WHICH, skip_hash=some.booleans())
    def recall(self, which: int, skip_hash: bool) -> None:
        path = self.pick(which)
        one = self.ones[path]
        skip_hash = skip_hash and not one.lost  # it would take what is there, as it says
        done = self.tried(path, lambda: self.files.recall(path, skip_hash=skip_hash))
        if done is not None:
            assert path.read_bytes() == one.content
            assert state(path) in {"premigrated", "unmanaged", "modified"}
            one.shrunk = False

    @precondition(lambda self: self.ones)
    @rule(back=some.booleans(), premigrate=some.booleans())
    def move_all_together(self, back: bool, premigrate: bool) -> None:
        paths = list({id(one): path for path, one in self.ones.items()}.values())

        def move(path: Path) -> Move[Outcome]:
            with opened(path) as descriptor:
                if back:
                    return (yield from recollection(descriptor, self.files.target))
                name = str(path.relative_to(self.files.root))
                return (
                    yield from migration(
                        descriptor, name, self.files.target, origin=str(path), premigrate=premigrate
                    )
                )

        was_away = [bool(away(path)) for path in paths]
        ends = together([move(path) for path in paths])
        for path, was, end in zip(paths, was_away, ends, strict=True):
            self.judge(path, was, end)
            if back and isinstance(end, Outcome):
                assert path.read_bytes() == self.ones[path].content
                self.ones[path].shrunk = False

    @precondition(lambda self: self.ones)
    @rule(which=WHICH, hydrate=some.booleans(), overwrite=some.booleans())
    def send(self, which: int, hydrate: bool, overwrite: bool) -> None:
        """To another site, where the file gets its content back."""
        path = self.pick(which)
        one = self.ones[path]
        if one.written is not None or one.lost or one.shrunk or one.held:
            return
        self.files.recall(path)
        self.files.migrate(path, premigrate=True)
        marker = markers.read(path)
        assert marker is not None
        if not self.files.target.holds(marker.object, marker.size, marker.sha256):
            return  # what is at the target already is read again before anything is let go of
        there = self.folder / "there" / "file"
        try:
            self.files.reverse_stub(there, path, hydrate=hydrate, overwrite=overwrite)
        except Taken:
            assert not overwrite
            return
        self.files.recall(there)
        assert there.read_bytes() == one.content
        there.unlink()

    # What bad disks and careless people do to the target

    @precondition(lambda self: self.ones)
    @rule(which=WHICH, damage=some.booleans())
    def lose_an_object(self, which: int, damage: bool) -> None:
        marker = markers.read(self.pick(which))
        there = self.bucket / marker.object if marker is not None else None
        if marker is None or there is None or not there.exists():
            return
        size = there.stat().st_size
        if damage and size:
            with there.open("r+b") as file:
                first = file.read(1)[0]
                file.seek(0)
                file.write(bytes([first ^ 1]))
        else:
            there.unlink()
        self.lose(marker.object)

    # The model

    def all(self) -> list[One]:
        return list({id(one): one for one in self.ones.values()}.values())

    def pick(self, which: int) -> Path:
        return sorted(self.ones)[which % len(self.ones)]

    def note(self, path: Path) -> None:
        """The time and mode that people gave a file, which no move changes."""
        found = path.stat()
        self.ones[path].mtime, self.ones[path].mode = found.st_mtime_ns, found.st_mode

    def forget(self, path: Path) -> None:
        one = self.ones.pop(path, None)
        if one is not None and one not in self.ones.values():
            self.let_go(one)

    def let_go(self, one: One) -> None:
        while one.held:
            os.close(one.held.pop())

    def lose(self, name: str, but: One | None = None) -> None:
        """Whoever's content is away in an object that is not what it was has lost it."""
        for path, one in self.ones.items():
            marker = away(path)
            if one is but or marker is None or marker.object != name:
                continue
            there = self.files.target.holds(name, marker.size, marker.sha256)
            one.lost = not there

    def tried(self, path: Path, act: Callable[[], Outcome]) -> Outcome | None:
        """What became of it; None when it was refused for a reason that the model knows."""
        was_away = bool(away(path))
        end: Outcome | Exception
        try:
            end = act()
        except (Busy, WrittenInto, MissingAtTarget, WrongContent) as error:
            end = error
        self.judge(path, was_away, end)
        return end if isinstance(end, Outcome) else None

    def judge(self, path: Path, was_away: bool, end: object) -> None:
        one = self.ones[path]
        if isinstance(end, Busy):
            assert one.held
        elif isinstance(end, WrittenInto):
            assert was_away
            assert one.written is not None
        elif isinstance(end, MissingAtTarget | WrongContent):
            assert was_away
            assert one.lost
        else:
            assert isinstance(end, Outcome), end
            if was_away and not away(path):
                one.written = None  # nothing but what was there was written
            if one.held and not was_away:
                assert not away(path)

    @invariant()
    def what_can_be_read_is_right_and_what_cannot_says_so(self) -> None:
        for path, one in getattr(self, "ones", {}).items():
            marker = away(path)
            one.lost = one.lost and marker is not None
            one.shrunk = one.shrunk and marker is not None
            if one.written is not None:
                assert path.read_bytes() == one.written
            elif marker is None:
                assert path.read_bytes() == one.content
            elif one.lost:
                assert not self.files.target.holds(marker.object, marker.size, marker.sha256)
            elif one.content:
                there = b"".join(map(bytes, self.files.target.read(marker.object)))
                assert there[: len(one.content)].ljust(len(one.content), b"\0") == one.content

    @invariant()
    def times_and_modes_are_their_owners(self) -> None:
        for path, one in getattr(self, "ones", {}).items():
            found = path.stat()
            assert (found.st_mtime_ns, found.st_mode) == (one.mtime, one.mode)

    @invariant()
    def nothing_is_left_over(self) -> None:
        if hasattr(self, "files"):
            assert self.files.waiting() == []


class MovesInMemory(Moves):
    """Where a flush costs nothing, ten thousand sequences do not take a day."""

    place = MEMORY


def search(machine: type[Moves], examples: int, steps: int, *, same: bool = True) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=same,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_some_sequences() -> None:
    search(Moves, 10, 20)


@pytest.mark.slow
def test_some_hundred_sequences_in_memory() -> None:
    search(MovesInMemory, 200, 20)


@pytest.mark.soak
@pytest.mark.timeout(14_400)
def test_ten_thousand_sequences() -> None:
    search(MovesInMemory, 10_000, 30, same=False)
