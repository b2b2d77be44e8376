"""What jobs do to a site's files: migrate, recall, send and delete, item by item."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lagan.hsm import marker as markers
from lagan.hsm.states import state_of
from lagan.worker import place
from lagan.worker.ledger import ALREADY
from lagan.worker.place import Place
from lagan.worker.site import tiering
from tests.worker.told import Told

CONTENT = os.urandom(300_000)


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """Where the target's objects are."""
    (tmp_path / "bucket").mkdir()
    return tmp_path / "bucket"


@pytest.fixture
def here(tmp_path: Path, bucket: Path) -> Iterator[Place]:
    """A site with one root and one target."""
    (tmp_path / "here").mkdir()
    with place.serving(Place((tmp_path / "here",), targets={"bucket": str(bucket)})) as one:
        yield one


@pytest.fixture
def there(tmp_path: Path, bucket: Path) -> Place:
    """Another site with the same target, which it knows by another name."""
    (tmp_path / "there").mkdir()
    return Place((tmp_path / "there",), targets={"shared": str(bucket)})


@pytest.fixture
def file(here: Place) -> Path:
    """A file with a time, a mode and an attribute of its own."""
    path = here.first_root() / "run 1" / "scan.dat"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    os.setxattr(path, "user.colour", b"red")
    path.chmod(0o640)
    os.utime(path, ns=(10**18, 10**18 + 1))
    return path


def state(path: Path) -> str:
    return state_of(path, path.stat())


def facts(path: Path) -> tuple[bytes, int, int, bytes]:
    found = path.stat()
    return path.read_bytes(), found.st_mtime_ns, found.st_mode, os.getxattr(path, "user.colour")


def test_migrated_and_recalled_a_file_is_as_it_was(file: Path) -> None:
    before, inode = facts(file), file.stat().st_ino
    told = Told()
    assert tiering.migrate(told, {}, [str(file)])["states"] == {"migrated": 1}
    assert (told.failed, told.skipped, told.done) == ({}, {}, (1, len(CONTENT)))
    assert state(file) == "migrated"
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (len(CONTENT), before[1])
    assert file.stat().st_blocks <= 8
    told = Told()
    assert tiering.recall(told, {}, [str(file)])["states"] == {"premigrated": 1}
    assert (told.failed, told.skipped) == ({}, {})
    assert facts(file) == before
    assert file.stat().st_ino == inode


@pytest.mark.parametrize("hydrate", [True, False])
def test_sent_a_file_is_the_same_at_the_other_site(
    file: Path, here: Place, there: Place, hydrate: bool
) -> None:
    told = Told()
    tiering.migrate(told, {"premigrate": True}, [str(file)])
    assert state(file) == "premigrated"
    with place.serving(there):
        tiering.reverse_stub(told, {"hydrate": hydrate}, [str(file)])
        assert (told.failed, told.skipped) == ({}, {})
        sent = there.first_root() / "run 1" / "scan.dat"
        assert state(sent) == ("premigrated" if hydrate else "migrated")
        if not hydrate:
            assert sent.stat().st_blocks <= 8
            tiering.recall(told, {}, [str(sent)])
        assert facts(sent) == facts(file)
        assert markers.read(sent).target == "shared"  # type: ignore[union-attr]


def test_what_is_as_it_should_be_is_passed_on_to_the_next_step(file: Path) -> None:
    tiering.migrate(Told(), {}, [str(file)])
    told = Told()
    tiering.migrate(told, {}, [str(file)])
    tiering.migrate(told, {"premigrate": True}, [str(file)])
    assert told.categories == {str(file): ALREADY}
    tiering.recall(Told(), {}, [str(file)])
    told = Told()
    tiering.recall(told, {}, [str(file)])
    assert told.categories == {str(file): ALREADY}


def test_deleting_takes_files_then_their_folders(file: Path, here: Place) -> None:
    told = Told()
    tiering.delete(told, {}, [str(file.parent), str(file)])
    assert told.failed == {}
    assert list(here.first_root().iterdir()) == []
    tiering.delete(told, {}, [str(file)])
    assert told.categories == {str(file): ALREADY}
