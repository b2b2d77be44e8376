"""What is pinned keeps its content here, whoever asks, unless that is said."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lagan.hsm.policy import pins
from lagan.hsm.policy.pins import Pin
from lagan.hsm.states import state_of
from lagan.worker import place
from lagan.worker.place import Place
from lagan.worker.site import fullness, tiering
from lagan.worker.site.pinned import Pins
from tests.small_disk import percent
from tests.worker.told import Told


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks a filesystem waits for it, and hears the same for as long as a test takes."""
    monkeypatch.setattr(fullness, "PATIENCE", 100)
    monkeypatch.setattr(fullness, "FRESH", 1000)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "bucket").mkdir()
    root = tmp_path / "data"
    (root / "run" / "deep").mkdir(parents=True)
    with place.serving(Place((root,), targets={"bucket": str(tmp_path / "bucket")})):
        yield root


def pinned(path: Path, until: float | None = None) -> None:
    opened = os.open(path, os.O_RDONLY)
    pins.write(opened, Pin(until))
    os.close(opened)


def migrate(*items: Path, **args: object) -> dict[str, str]:
    told = Told()
    tiering.migrate(told, args, [str(each) for each in items])
    return told.categories


def state(path: Path) -> str:
    return state_of(path, path.stat())


def test_pinned_files_are_left_and_the_others_go(here: Path) -> None:
    one, other, free = here / "one", here / "run" / "deep" / "other", here / "free"
    for each in (one, other, free):
        each.write_bytes(b"x" * 100_000)
    pinned(one)
    pinned(here / "run", until=time.time() + 100)
    said = migrate(one, other, free)
    assert said == {str(one): "skipped.pinned", str(other): "skipped.pinned"}
    assert [state(each) for each in (one, other, free)] == ["unmanaged", "unmanaged", "migrated"]


def test_pins_do_not_count_for_who_says_so_nor_against_a_copy(here: Path) -> None:
    file = here / "x"
    file.write_bytes(b"x" * 100_000)
    pinned(file)
    assert migrate(file, premigrate=True) == {}
    assert state(file) == "premigrated"
    assert migrate(file, even_pinned=True) == {}
    assert state(file) == "migrated"


def test_a_pin_that_is_over_holds_nothing(here: Path) -> None:
    file = here / "x"
    file.write_bytes(b"x" * 100_000)
    pinned(file, until=time.time() - 1)
    assert migrate(file) == {}


def test_a_pin_stays_with_a_file_that_goes_and_comes_back(here: Path) -> None:
    file = here / "x"
    file.write_bytes(b"x" * 100_000)
    pinned(file)
    migrate(file, even_pinned=True)
    assert pins.read(file) == Pin()
    tiering.recall(Told(), {}, [str(file)])
    assert pins.read(file) == Pin()
    assert migrate(file) == {str(file): "skipped.pinned"}


def test_a_pin_goes_with_a_file_to_another_site(here: Path, tmp_path: Path) -> None:
    file = here / "x"
    file.write_bytes(b"x" * 100_000)
    pinned(file)
    migrate(file, premigrate=True)
    (tmp_path / "there").mkdir()
    there = Place((tmp_path / "there",), targets={"shared": str(tmp_path / "bucket")})
    with place.serving(there):
        told = Told()
        tiering.reverse_stub(told, {"hydrate": True}, [str(file)])
        assert told.failed == {}
    assert pins.read(tmp_path / "there" / "x") == Pin()


def test_what_is_not_there_or_outside_has_no_pin(here: Path) -> None:
    (here / "link").symlink_to(here / "run")
    looked = Pins()
    for path in (here / "gone", here / "gone" / "x", here / "link", Path("/etc/passwd")):
        assert looked.of(str(path)) is None
    pinned(here)
    assert Pins().of(f"{here}/run/deep/x") is None  # not there
    assert Pins().of(f"{here}/run/deep") == Pins().of(str(here)) == Pin()


def test_the_site_tells_how_full_its_filesystems_are(here: Path) -> None:
    (told,) = fullness.filesystems()
    assert told["path"] == str(here)
    assert abs(told["percent"] - percent(here)) < 1
    assert fullness.filesystems() == [told]


def test_filesystems_mounted_beneath_a_root_are_told_too(here: Path) -> None:
    from tests.small_disk import small_disk

    with small_disk(here / "a b", 1 << 20), place.serving(Place((here, here / "run"))):
        assert [each["path"] for each in fullness.filesystems()] == [str(here), f"{here}/a b"]
