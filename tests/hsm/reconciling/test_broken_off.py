"""A reconciling that is killed between any two changes at the target has lost nothing, and the next
ones come to the same end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lagan.hsm.reconciling.reconcile import reconcile
from lagan.store.volume import Volume
from tests.hsm.reconciling.sites import Sites, clone

MOST = 60


class Killed(BaseException):
    """Nothing is done any more."""


class Dying:
    """A volume of a process that is killed before its change number `last`."""

    def __init__(self, volume: Volume, last: int) -> None:
        self._volume = volume
        self._left = last

    def __getattr__(self, name: str) -> Any:
        return getattr(self._volume, name)

    def _change(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Killed

    def delete(self, name: str) -> bool:
        self._change()
        return self._volume.delete(name)

    def replace(self, name: str, data: bytes) -> None:
        self._change()
        self._volume.replace(name, data)

    @property
    def died(self) -> bool:
        return self._left < 0


def scene(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Sites:
    """Something of everything that a reconciling has to do."""
    folder.mkdir()
    sites = Sites(folder, monkeypatch)
    sites.delete(sites.migrated("deleted"))
    sites.send(sites.migrated("sent"))
    clone(sites.migrated("cloned"), sites.roots["north"] / "clone")
    sites.reconcile()
    sites.pass_days(40)
    sites.reconcile("south")
    (sites.roots["north"] / "sent").unlink()
    sites.migrated("gone").unlink()
    sites.delete(sites.roots["north"] / "cloned")
    moved = sites.migrated("moved")
    moved.rename(moved.with_name("there"))
    return sites


def struck(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sites]:
    """The scene after a reconciling that was killed at each of its points."""
    for last in range(MOST):
        sites = scene(folder / str(last), monkeypatch)
        dying = Dying(sites.target.volume, last)
        with suppress(Killed):
            reconcile(dying, sites.roots["north"], {"north"})
        yield sites
        if not dying.died:
            assert last > 8, "it changed next to nothing: nothing is shown"
            return
    raise AssertionError("It never came to an end.")


def test_killed_anywhere_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for sites in struck(tmp_path, monkeypatch):
        sites.expect_nothing_lost()
        for _ in range(3):
            sites.later()
        sites.expect_nothing_lost()
        assert sites.objects() == sites.needed() == {"sent", "cloned", "moved"}
        assert sites.stones() == {}
