"""Whatever people and Lagan do at two sites, in whatever order and over years: no object that any
file needs ever goes, and in the end what nobody needs is gone."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from lagan.hsm import marker as markers
from lagan.worker.site import sending, tiering
from tests.chance import SEED, dice
from tests.hsm.reconciling.sites import Sites, clone

NAMES = [f"{folder}{name}" for folder in ("", "run/") for name in ("a", "b", "c")]
STEPS = 60
"""Of one life."""


class Life:
    """One life of two sites, by lot."""

    def __init__(self, sites: Sites, rng: random.Random) -> None:
        self.sites, self.rng = sites, rng
        self.acts: list[Callable[[], object]] = [
            self.create,
            self.create,
            self.migrate,
            self.migrate,
            self.delete,
            self.remove,
            self.rename,
            self.copy,
            self.send,
            self.recall,
            self.undelete,
            self.reconcile,
            self.wait,
        ]

    def step(self) -> str:
        act = self.rng.choice(self.acts)
        act()
        self.sites.expect_nothing_lost()
        return act.__name__

    def site(self) -> str:
        return self.rng.choice(["north", "south"])

    def path(self, site: str) -> Path:
        return self.sites.roots[site] / self.rng.choice(NAMES)

    def there(self, site: str) -> Path | None:
        found = sorted(
            each for each in self.sites.files() if self.sites.roots[site] in each.parents
        )
        return self.rng.choice(found) if found else None

    def create(self) -> None:
        """A new file, or other content of one whose content is here."""
        path = self.path(self.site())
        if not path.exists() or not is_away(path):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(self.rng.choice([b"x", b"y", b"z"]) * 9000)

    def migrate(self) -> None:
        site = self.site()
        if (path := self.there(site)) is not None:
            premigrate, overwrite = self.rng.random() < 0.3, False
            self.sites.migrate(path, site=site, premigrate=premigrate, overwrite=overwrite)

    def delete(self) -> None:
        site = self.site()
        if (path := self.there(site)) is not None:
            self.sites.delete(path, site)

    def remove(self) -> None:
        if (path := self.there(self.site())) is not None:
            path.unlink()

    def rename(self) -> None:
        site = self.site()
        if (path := self.there(site)) is not None:
            to = self.path(site)
            to.parent.mkdir(exist_ok=True)
            path.rename(to)

    def copy(self) -> None:
        """As `cp -a`, within a site."""
        site = self.site()
        path, to = self.there(site), self.path(site)
        if path is not None and path != to and is_away(path):
            clone(path, to)

    def send(self) -> None:
        site = self.site()
        if (path := self.there(site)) is not None:
            other = "south" if site == "north" else "north"
            hydrate, overwrite = self.rng.random() < 0.5, self.rng.random() < 0.5
            self.sites.do(sending.send, path, site=site)
            self.sites.do(sending.receive, path, site=other, hydrate=hydrate, overwrite=overwrite)

    def recall(self) -> None:
        site = self.site()
        if (path := self.there(site)) is not None:
            self.sites.do(tiering.recall, path, site=site)

    def undelete(self) -> None:
        site = self.site()
        self.sites.undelete(self.path(site), site)

    def reconcile(self) -> None:
        self.sites.reconcile(self.site())

    def wait(self) -> None:
        self.sites.pass_days(self.rng.choice([0.1, 2, 20, 40]))


def is_away(path: Path) -> bool:
    marker = markers.read(path)
    return marker is not None and marker.away


def live(folder: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    folder.mkdir()
    sites = Sites(folder, monkeypatch)
    life = Life(sites, dice(f"life {number}"))
    done: list[str] = []
    try:
        for _ in range(STEPS):
            done.append(life.step())
        for _ in range(4):
            sites.later(orphans=True)
        sites.expect_nothing_lost()
        assert sites.objects() == sites.needed()
        assert sites.stones() == {}
        assert sites.spoken_of() <= sites.needed()
    except BaseException as error:
        error.add_note(f"life {number} of LAGAN_FAULT_SEED={SEED}: {' '.join(done)}")
        raise


def test_no_object_that_is_needed_goes_and_the_others_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        live(tmp_path / str(number), monkeypatch, number)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_the_same_of_many_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(500):
        live(tmp_path / str(number), monkeypatch, 1000 + number)
