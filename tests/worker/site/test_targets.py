"""A site's targets are opened when they are needed, and again after they were away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lagan.hsm.choosing import Rule
from lagan.kit.errors import BadInput, Unavailable
from lagan.store.errors import BadLocation
from lagan.worker import place
from lagan.worker.place import Place
from lagan.worker.site import tiering
from lagan.worker.site.targets import look_at_all, target_called, target_for
from tests.worker.told import Told


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    """A site with two targets, the second for large files."""
    for name in ("root", "one", "two"):
        (tmp_path / name).mkdir()
    one = Place(
        (tmp_path / "root",),
        targets={name: str(tmp_path / name) for name in ("one", "two")},
        rules=(Rule("two", min_size=1000), Rule("one", min_size=10)),
    )
    with place.serving(one):
        yield one


def written(here: Place, size: int) -> Path:
    path = here.first_root() / f"{size}.dat"
    path.write_bytes(os.urandom(size))
    return path


def chosen(path: Path, name: str = "") -> str:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return target_for(name, str(path), descriptor).name
    finally:
        os.close(descriptor)


def test_a_file_goes_to_the_first_target_that_fits(here: Place) -> None:
    assert chosen(written(here, 2000)) == "two"
    assert chosen(written(here, 100)) == "one"
    assert chosen(written(here, 2000), "one") == "one"
    with pytest.raises(BadInput, match="No target"):
        chosen(written(here, 1))


def test_a_file_stays_with_the_target_where_it_is(here: Place) -> None:
    path = written(here, 2000)
    tiering.migrate(Told(), {"target": "one", "premigrate": True}, [str(path)])
    assert chosen(path) == "one"
    told = Told()
    tiering.migrate(told, {}, [str(path)])
    assert told.failed == {}
    assert not list((here.first_root().parent / "two").rglob("*.dat"))


def test_a_disk_that_was_away_is_opened_again(here: Place, tmp_path: Path) -> None:
    before = target_called("one")
    assert target_called("one") is before
    (tmp_path / "one").rename(tmp_path / "unmounted")
    with pytest.raises(Unavailable):
        target_called("one")
    assert [(each.name, each.answers) for each in look_at_all()] == [("one", False), ("two", True)]
    (tmp_path / "one").mkdir()  # another disk at the same place
    path = written(here, 100)
    tiering.migrate(Told(), {}, [str(path)])
    assert (tmp_path / "one" / "100.dat").exists()
    assert not (tmp_path / "unmounted" / "100.dat").exists()


def test_the_archive_needs_a_hub(tmp_path: Path) -> None:
    alone = Place((tmp_path,), targets={"archive": "archive:"})
    with place.serving(alone), pytest.raises(BadLocation, match="hub"):
        target_called("archive")
