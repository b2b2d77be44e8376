"""Two sites with one target and a clock that goes as a test says; what people and Lagan do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lagan.hsm import marker as markers
from lagan.hsm import telling, tombstones
from lagan.hsm.naming import RECORDS
from lagan.hsm.reconciling.reconcile import Report
from lagan.hsm.target import Target
from lagan.store import open_volume
from lagan.worker import place
from lagan.worker.place import Place
from lagan.worker.site import reconciling, sending, tiering
from tests.worker.told import Told

DAY = 24 * 3600.0
LONG = 31


class Sites:
    """Folders `north` and `south`, whose files have their content at one bucket."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bucket = folder / "bucket"
        self.roots = {name: folder / name for name in ("north", "south")}
        for each in (self.bucket, *self.roots.values()):
            each.mkdir()
        self.target = Target("bucket", open_volume(str(self.bucket)))
        self.now = 1.8e9
        monkeypatch.setattr(tombstones, "clock", lambda: self.now)

    @contextmanager
    def at(self, site: str) -> Iterator[None]:
        with place.serving(Place((self.roots[site],), targets={site: str(self.bucket)})):
            yield

    def pass_days(self, days: float) -> None:
        self.now += days * DAY

    def make(self, name: str, size: int = 9000, site: str = "north") -> Path:
        path = self.roots[site] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
        return path

    def do(self, step: Any, *items: Path, site: str = "north", **args: Any) -> Told:
        told = Told()
        with self.at(site):
            step(told, args, [str(each) for each in items])
        return told

    def migrate(self, *paths: Path, site: str = "north", **how: Any) -> Told:
        return self.do(tiering.migrate, *paths, site=site, **how)

    def migrated(self, name: str, site: str = "north") -> Path:
        path = self.make(name, site=site)
        assert self.migrate(path, site=site).failed == {}
        return path

    def delete(self, path: Path, site: str = "north") -> Told:
        return self.do(tiering.delete, path, site=site)

    def send(self, path: Path, **how: Any) -> Path:
        """From north to south; where it is there."""
        assert self.do(sending.send, path).failed == {}
        assert self.do(sending.receive, path, site="south", **how).failed == {}
        return self.roots["south"] / path.relative_to(self.roots["north"])

    def undelete(self, path: Path, site: str = "north") -> Told:
        return self.do(reconciling.undelete, path, site=site)

    def reconcile(self, *sites: str, **how: Any) -> Report:
        """At some sites, or at all; the report of the last."""
        for site in sites or tuple(self.roots):
            with self.at(site):
                (report,) = reconciling.reconcile_root(self.roots[site], how)
        return report

    def later(self, days: float = LONG, **how: Any) -> None:
        """Time passes, and all sites reconcile at its end."""
        self.pass_days(days)
        self.reconcile(**how)

    def objects(self) -> set[str]:
        return {each.name for each in self.target.volume.list()}

    def stones(self) -> dict[str, str]:
        return {each.object: each.why for each in tombstones.every(self.target.volume)}

    def files(self) -> Iterator[Path]:
        for root in self.roots.values():
            yield from (each for each in root.rglob("*") if each.is_file())

    def needed(self) -> set[str]:
        """Objects that any file names."""
        found = (markers.read(each) for each in self.files())
        return {each.object for each in found if each is not None}

    def spoken_of(self) -> set[str]:
        """Objects of which the target's records speak."""
        volume = self.target.volume
        found = (telling.readable(volume, each.name) for each in volume.list(RECORDS))
        return {each.object for each in found if each is not None}

    def expect_nothing_lost(self) -> None:
        for each in self.files():
            marker = markers.read(each)
            if marker is not None and marker.away:
                assert self.target.holds(marker.object, marker.size, marker.sha256), each


def clone(path: Path, to: Path) -> Path:
    """As `cp -a` of a stub: another file with the same marker."""
    to.parent.mkdir(parents=True, exist_ok=True)
    to.unlink(missing_ok=True)
    found = path.stat()
    with to.open("wb") as file:
        file.truncate(found.st_size)
    os.setxattr(to, markers.NAME, os.getxattr(path, markers.NAME))
    os.utime(to, ns=(found.st_atime_ns, found.st_mtime_ns))
    return to
