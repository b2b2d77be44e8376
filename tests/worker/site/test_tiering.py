"""What jobs do to a site's files: migrate, recall, send and delete, item by item."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from lagan.hsm import marker as markers
from lagan.hsm.states import state_of
from lagan.hsm.target import Tick, copy_into
from lagan.hsm.together import keeping
from lagan.kit.errors import BadInput, Unavailable
from lagan.store.volume import Incoming
from lagan.worker import place
from lagan.worker.ledger import AGAIN, ALREADY, Cancelled
from lagan.worker.place import Place
from lagan.worker.site import register, tiering
from lagan.worker.steps import step
from tests.services.hub import until
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


def test_one_items_trouble_is_not_anothers(file: Path, here: Place) -> None:
    root = here.first_root()
    link, busy = root / "link", root / "busy"
    link.symlink_to(file)
    busy.write_bytes(b"open")
    items = [str(each) for each in (link, root, root / "gone", "/etc/passwd", busy, file)]
    told = Told()
    with busy.open("rb"):
        done = tiering.migrate(told, {}, items)
    assert done["states"] == {"migrated": 1}
    assert told.categories == {
        str(link): "skipped.link",
        str(root): "skipped.folder",
        str(root / "gone"): "failed.missing",
        "/etc/passwd": "failed.path",
        str(busy): f"{AGAIN}.busy",
    }
    assert told.done == (len(items), len(CONTENT))


def test_what_somebody_wrote_into_a_stub_is_a_failure_for_good(file: Path) -> None:
    tiering.migrate(Told(), {}, [str(file)])
    with file.open("r+b") as stub:
        stub.write(b"new")
    told = Told()
    tiering.recall(told, {}, [str(file)])
    assert told.categories == {str(file): "failed.written-into"}


def test_a_cancelled_job_leaves_the_file_as_it_was(
    file: Path, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told so while the file is copied: the copying waits until the job is cancelled."""
    told, copying = Told(until=0), Event()

    def slowly(incoming: Incoming, descriptor: int, size: int, tick: Tick) -> None:
        copying.set()
        copy_into(incoming, descriptor, size, partial(wait_for_the_end, tick))

    monkeypatch.setattr(keeping, "copy_into", slowly)
    with pytest.raises(Cancelled):
        tiering.migrate(told, {}, [str(file)])
    assert copying.is_set()
    assert (state(file), file.read_bytes()) == ("unmanaged", CONTENT)
    left = [each for each in bucket.rglob("*") if each.is_file()]
    assert [each for each in left if each.parent.name != "hsm-roots"] == []


def wait_for_the_end(tick: Tick, count: int) -> None:
    until(lambda: tick(count))  # what it raises ends it


def test_two_names_of_one_file_are_not_in_each_others_way(file: Path) -> None:
    names = [file, *(file.with_name(f"name {number}") for number in range(6))]
    for each in names[1:]:
        each.hardlink_to(file)
    told = Told()
    tiering.migrate(told, {}, [str(each) for each in names])
    tiering.recall(told, {}, [str(each) for each in names])
    assert told.failed == {}
    assert file.read_bytes() == CONTENT


def test_a_site_without_the_target_says_so(file: Path) -> None:
    with pytest.raises(BadInput, match="bucket"):
        tiering.migrate(Told(), {"target": "tape"}, [str(file)])
    with place.serving(Place(place.current().roots)), pytest.raises(BadInput, match="none"):
        tiering.migrate(Told(), {}, [str(file)])


def test_a_target_that_is_not_mounted_is_waited_for(file: Path, tmp_path: Path) -> None:
    away = Place(place.current().roots, targets={"bucket": str(tmp_path / "not mounted")})
    with place.serving(away), pytest.raises(Unavailable):
        tiering.migrate(Told(), {}, [str(file)])


def test_recalled_content_comes_from_where_its_marker_says(file: Path, tmp_path: Path) -> None:
    (tmp_path / "tape").mkdir()
    targets = {**place.current().targets, "tape": str(tmp_path / "tape")}
    roots = place.current().roots
    with place.serving(Place(roots, targets=targets)):
        tiering.migrate(Told(), {"target": "tape"}, [str(file)])
        assert (tmp_path / "tape" / "run 1" / "scan.dat").exists()
    told = Told()
    tiering.recall(told, {}, [str(file)])
    assert told.categories == {str(file): "failed.bad-input"}
    with place.serving(Place(roots, targets=targets)):
        tiering.recall(Told(), {}, [str(file)])
    assert file.read_bytes() == CONTENT


def test_looking_at_files_counts_their_states_and_misses_what_is_gone(
    file: Path, here: Place, bucket: Path
) -> None:
    root = here.first_root()
    lost = root / "lost"
    lost.write_bytes(b"content")
    tiering.migrate(Told(), {}, [str(file), str(lost)])
    (root / "new").touch()
    (bucket / "lost").unlink()
    told = Told()
    done = tiering.stat(told, {}, [str(file), str(lost), str(root / "new"), str(root)])
    assert done["states"] == {"migrated": 1, "unmanaged": 2}
    assert told.categories == {str(lost): "failed.missing-at-target"}


def test_a_file_that_was_never_brought_to_the_target_cannot_be_made_elsewhere(
    file: Path, there: Place
) -> None:
    told = Told()
    with place.serving(there):
        tiering.reverse_stub(told, {}, [str(file)])
        assert list(there.first_root().iterdir()) == []
    assert told.categories == {str(file): "failed.missing-at-target"}


def test_another_file_at_the_other_site_is_a_failure(file: Path, there: Place) -> None:
    tiering.migrate(Told(), {"premigrate": True}, [str(file)])
    taken = there.first_root() / "run 1" / "scan.dat"
    taken.parent.mkdir()
    taken.write_bytes(b"other")
    told = Told()
    with place.serving(there):
        tiering.reverse_stub(told, {}, [str(file)])
        assert told.categories == {str(file): "failed.exists"}
        tiering.reverse_stub(Told(), {"overwrite": True, "hydrate": True}, [str(file)])
    assert taken.read_bytes() == CONTENT


ODD_NAMES = [
    *(b"two\nlines", b"caf\xe9", b"\xff\xfe", b"-rf", b"~", b".hidden", b"%2E", b"a%b", b"C:"),
    *(b"back\\slash", b"trailing.", b"trailing ", b" ", b"\x01\x7f", b"quo'te\"s", b"con", b"*?"),
    *("háček".encode(), "e\u0301".encode(), "\u202etxt".encode(), b"x" * 255, b"y" * 200 + b"%"),
]


def test_names_of_any_bytes_go_and_come_back(here: Place, there: Place) -> None:
    root = os.fsencode(here.first_root())
    for name in ODD_NAMES:
        (Path(os.fsdecode(root)) / os.fsdecode(name)).write_bytes(b"content of " + name)
    items = [os.fsdecode(root + b"/" + name) for name in ODD_NAMES]
    told = Told()
    tiering.migrate(told, {}, items)
    with place.serving(there):
        tiering.reverse_stub(told, {"hydrate": True}, items)
    tiering.recall(told, {}, items)
    assert (told.failed, told.skipped) == ({}, {})
    for root_of in (here.first_root(), there.first_root()):
        names = {os.fsencode(each.name) for each in root_of.iterdir()}
        assert names == set(ODD_NAMES)
        for name in names:
            assert (root_of / os.fsdecode(name)).read_bytes() == b"content of " + name


def test_a_job_moves_what_a_walk_found(file: Path) -> None:
    """The steps as a worker runs them, by name."""
    register()
    told = Told()
    step("hsm.migrate")(told, {"premigrate": False, "stub_size": 0, "target": ""}, [str(file)])
    assert state(file) == "migrated"
