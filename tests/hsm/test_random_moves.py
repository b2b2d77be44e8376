"""Random sequences of what people, jobs and other sites do to files, against a model: content is
never lost, never torn, and never comes back other than it went."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)

from lagan.hsm import marker as markers
from lagan.hsm.errors import Busy, MissingAtTarget, Taken, WrittenInto
from lagan.hsm.target import Target
from lagan.store import open_volume
from tests.hsm.conftest import Files, opened, state

SIZES = some.sampled_from([0, 1, 4095, 4096, 4097, 20_000, 70_000])
NAMES = some.sampled_from(["a", "b", "d/a", "d/e/a"])
HEADS = some.sampled_from([0, 1, 5000])


class Moves(RuleBasedStateMachine):
    """`contents` is what each file's owner would expect in it; `stale` those into whose stubs
    somebody wrote: they are left alone."""

    paths = Bundle("paths")

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="moves-"))
        root, bucket = self.folder / "root", self.folder / "bucket"
        root.mkdir()
        bucket.mkdir()
        self.files = Files(root, Target("bucket", open_volume(str(bucket))))
        self.contents: dict[Path, bytes] = {}
        self.stale: set[Path] = set()
        self.number = 0

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    def fresh(self, size: int) -> bytes:
        self.number += 1
        middle = size // 3
        return os.urandom(middle) + bytes(size - 2 * middle) + os.urandom(middle)

    @rule(target=paths, name=NAMES, size=SIZES)
    def write(self, name: str, size: int) -> Path:
        """A new file, or all of an old one anew."""
        path = self.files.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = self.fresh(size)
        path.write_bytes(content)
        self.contents[path] = content
        # Cut to nothing and written anew while it was away, a file cannot be told from one that was
        # written into: it is left as it is, which is what its owner wrote.
        marker = markers.read(path)
        self.stale.discard(path)
        if marker is not None and marker.away and size:
            self.stale.add(path)
        return path

    @rule(path=paths, overwrite=some.booleans(), premigrate=some.booleans(), head=HEADS)
    def migrate(self, path: Path, overwrite: bool, premigrate: bool, head: int) -> None:
        if path in self.contents:
            how = {"overwrite": overwrite, "premigrate": premigrate, "stub_size": head}
            self.expect_stale(path, lambda: self.files.migrate(path, **how))

    @rule(path=paths)
    def recall(self, path: Path) -> None:
        if path in self.contents:
            self.expect_stale(path, lambda: self.files.recall(path))
            if path not in self.stale:
                assert path.read_bytes() == self.contents[path]
                assert state(path) in {"premigrated", "unmanaged", "modified"}

    def expect_stale(self, path: Path, act: object) -> None:
        """What somebody wrote into is refused, and nothing else is."""
        assert callable(act)
        try:
            act()
        except WrittenInto:
            assert path in self.stale

    @rule(path=paths)
    def have_it_open(self, path: Path) -> None:
        if path in self.contents:
            before = state(path)
            with opened(path, os.O_RDONLY):
                try:
                    done = self.files.migrate(path)
                except (Busy, WrittenInto):
                    assert state(path) == before
                else:
                    assert done.already

    @rule(path=paths, time=some.integers(1, 10**9))
    def touch(self, path: Path, time: int) -> None:
        if path in self.contents:
            os.utime(path, ns=(time, time))

    @rule(target=paths, path=consumes(paths), name=NAMES)
    def rename(self, path: Path, name: str) -> Path:
        new = self.files.root / name
        if path in self.contents and new != path:
            new.parent.mkdir(parents=True, exist_ok=True)
            path.rename(new)
            self.contents[new] = self.contents.pop(path)
            self.stale.discard(new)
            if path in self.stale:
                self.stale.remove(path)
                self.stale.add(new)
        return new

    @rule(path=consumes(paths))
    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self.contents.pop(path, None)
        self.stale.discard(path)

    @rule(path=paths, hydrate=some.booleans(), overwrite=some.booleans())
    def send(self, path: Path, hydrate: bool, overwrite: bool) -> None:
        """To another site, where the file gets its content back."""
        if path not in self.contents or path in self.stale:
            return
        self.files.migrate(path, premigrate=True)
        there = self.folder / "there" / "file"
        try:
            self.files.reverse_stub(there, path, hydrate=hydrate, overwrite=overwrite)
        except Taken:
            assert not overwrite
            return
        except MissingAtTarget:
            raise AssertionError("a premigrated file has an object") from None
        self.files.recall(there)
        assert there.read_bytes() == self.contents[path]

    @invariant()
    def nothing_is_lost(self) -> None:
        for path, content in getattr(self, "contents", {}).items():
            marker = markers.read(path)
            if marker is not None and marker.away and path not in self.stale:
                there = b"".join(map(bytes, self.files.target.read(marker.object)))
                assert there == content
            else:
                assert path.read_bytes() == content

    @invariant()
    def nothing_is_left_over(self) -> None:
        if hasattr(self, "files"):
            assert self.files.waiting() == []


def search(examples: int, steps: int) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Moves,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_some_sequences() -> None:
    search(15, 20)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_ten_thousand_sequences() -> None:
    search(10_000, 30)
