"""Two sites, each a host of its own, send each other files at the same time while one of them is
cut off and comes back: each path has one outcome, and both have the other's files as they were."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chance import dice
from tests.faults.carried import content, expect_one_outcome_each, over, run
from tests.faults.sites import Site
from tests.services.hub import Hub, until
from tests.services.network import Network, address
from tests.services.process import free_port

FILES, AWAY = 600, 6.0
"""In `make test`: files each way, and seconds for which a site is cut off (over a lease)."""
MANY, MINUTE = 10_000, 60.0
NAMES = ("north", "south")
A_FOLDER = 50
LEASE = 4
LONG = 3600.0  # seconds that both jobs may take on a machine that has much else to do
TIME = 1_300_000_000_000_000_000

pytestmark = pytest.mark.allow_hosts(["127.0.0.1", "::1", address(254)])


@dataclass
class World:
    """A hub, two sites and the network between them."""

    hub: Hub
    sites: list[Site]
    network: Network


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """All of it, running; ended whatever becomes of the test."""
    with Network(hosts=2) as network:
        hub = Hub(folder, host=address(254), port=free_port(), database="postgresql")
        target = folder / "target"
        target.mkdir()
        sites = [
            Site(
                name,
                folder / name,
                network.command(number),
                {"threads": "2", "lease": str(LEASE)},
                {"shared": f"posix:{target}"},
            )
            for number, name in enumerate(NAMES, 1)
        ]
        try:
            hub.start()
            for site in sites:
                made = hub.lagan("hub", "addsite", site.name, "--key", "--limit", "4")
                assert made.returncode == 0, made.stderr
                site.prepare(hub.url, made.stdout.split()[-1])
                site.start()
            yield World(hub, sites, network)
        finally:
            for site in sites:
                site.kill()
            if hub.process is not None:
                hub.stop()


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(900)
def test_two_sites_send_each_other_files_while_one_is_cut_off(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        send_each_way(made, FILES, AWAY)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_two_sites_send_each_other_many_files(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        send_each_way(made, MANY, MINUTE)


def send_each_way(made: World, files: int, away: float) -> None:
    """North's come as stubs, south's come whole."""
    before = {}
    for site in made.sites:
        plant(site, files)
        before[site.name] = looks(site.root, f"from {site.name}")
    jobs = {
        name: run(
            made.hub,
            workflow="send",
            site=name,
            paths=[str(site.root / f"from {name}")],
            fields={"target_site": other, "hydrate": name == "south"},
        )
        for name, other, site in zip(NAMES, reversed(NAMES), made.sites, strict=True)
    }
    moment = dice().randrange(files // 10, files)
    until(lambda: arrived(made) >= moment, LONG)
    hit = any(not over(made.hub, job) for job in jobs.values())
    cut_off(made, 2, away)
    until(lambda: all(over(made.hub, job) for job in jobs.values()), LONG)
    assert hit, "both were sent before anything was cut off: nothing is shown"
    for name, site in zip(NAMES, reversed(made.sites), strict=True):
        expect_one_outcome_each(made.hub, jobs[name], len(before[name]))
        expect_alike(before[name], looks(site.root, f"from {name}"), whole=name == "south")
        assert {each.name for each in site.root.iterdir()} == {f"from {each}" for each in NAMES}
    for site in made.sites:
        assert looks(site.root, f"from {site.name}") == before[site.name]
    left = list((made.sites[0].folder.parent / "target" / ".lagan" / "incoming").glob("*"))
    assert left == []


def plant(site: Site, files: int) -> None:
    """Small files in folders that wear what they have by nobody's accident, an empty one too."""
    top = site.root / f"from {site.name}"
    for number in range(files):
        path = top / f"run {number // A_FOLDER:03}" / f"{number:05}.raw"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(number))
        path.chmod(0o600 | number % 8)
        os.utime(path, ns=(TIME, TIME + number))
    (top / "empty").mkdir()
    (top / "last").symlink_to(f"run 000/{0:05}.raw")
    os.utime(top / "last", ns=(TIME, TIME), follow_symlinks=False)
    for number, folder in enumerate(sorted(each for each in top.rglob("*") if each.is_dir())):
        folder.chmod(0o2700 | number % 8)
        os.setxattr(folder, "user.number", str(number).encode())
        os.utime(folder, ns=(TIME, TIME + number))
    os.utime(top, ns=(TIME, TIME))


Look = tuple[int, int, bytes, int]


def looks(root: Path, name: str) -> dict[str, Look]:
    """Every path in a folder: mode, time, content (an attribute of a folder, the text of a link),
    and size."""
    found = {}
    for path in [root / name, *(root / name).rglob("*")]:
        facts = path.lstat()
        held = b""
        if path.is_symlink():
            held = os.fsencode(path.readlink())
        elif path.is_file():
            held = path.read_bytes()
        elif "user.number" in os.listxattr(path):
            held = os.getxattr(path, "user.number")
        size = 0 if path.is_dir() else facts.st_size
        mode = stat.S_IFMT(facts.st_mode) | stat.S_IMODE(facts.st_mode)
        found[str(path.relative_to(root))] = (mode, facts.st_mtime_ns, held, size)
    return found


def expect_alike(before: dict[str, Look], after: dict[str, Look], *, whole: bool) -> None:
    """The same, but that stubs have no bytes of their own."""
    assert before.keys() == after.keys()
    for path, (mode, when, held, size) in before.items():
        bare = stat.S_ISREG(mode) and not whole and size
        assert after[path] == (mode, when, bytes(size) if bare else held, size), path


def arrived(made: World) -> int:
    """Files that have come to the other site, both together."""
    return sum(
        len(names)
        for name, site in zip(NAMES, reversed(made.sites), strict=True)
        for _, _, names in os.walk(site.root / f"from {name}")
    )


def cut_off(made: World, number: int, seconds: float) -> None:
    """A site hears and says nothing for so long, and nobody is told."""
    made.network.cut_off(number)
    since = time.monotonic()
    until(lambda: time.monotonic() - since >= seconds, LONG)
    made.network.reconnect(number)
