"""A job over three sites, each a host of its own: workers are killed, the broker and the hub too, a
site is cut off, and every path has exactly one outcome all the same.

What a site holds on to is beneath its own folder alone; content goes from one to another by a
target that both reach.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chance import dice
from tests.faults.carried import content, expect_one_outcome_each, file_at, over, plant, run
from tests.faults.sites import Site
from tests.services.hub import Hub, until
from tests.services.network import Network, address
from tests.services.process import Running, free_port, stop_process
from tests.services.rabbitmq import start as start_rabbitmq

FILES, AWAY = 2_500, 15.0
"""In `make test`: files of the job, and seconds for which a site is cut off (over a lease)."""
MANY, MINUTE = 20_000, 60.0
NAMES = ("lab", "library", "vault")
LONG = 3600.0  # seconds that a whole job may take on a machine that has much else to do
LEASE = 10
CARRY = {
    "name": "carry",
    "label": "Carry to two sites",
    "steps": [
        {"name": "dynamo.tasks.migrate", "premigrate": True},
        {"name": "dynamo.tasks.reverse_stub", "site": "&there", "hydrate": True},
        {"name": "dynamo.tasks.reverse_stub", "site": "&further"},
    ],
    "fields": [
        {"name": "there", "label": "First site", "type": "enum[site]"},
        {"name": "further", "label": "Second site", "type": "enum[site]"},
    ],
}


@dataclass
class World:
    """A hub, three sites, a network between them, perhaps a broker."""

    hub: Hub
    sites: list[Site]
    network: Network
    broker: Running | None

    def run(self, files: int) -> int:
        """Start the workflow on so many files of the first site; the job's id."""
        plant(self.sites[0].root, files)
        with self.hub.administrator() as client:
            made = client.post("/api/workflows/", json=CARRY)
            assert made.status_code == 201, made.text
        return run(
            self.hub,
            workflow="carry",
            site=NAMES[0],
            paths=[str(self.sites[0].root / "data")],
            fields={"there": NAMES[1], "further": NAMES[2]},
        )

    def strike(self, what: str) -> None:
        """Kill something and start it again."""
        if what == "hub":
            self.hub.kill()
            self.hub.start()
        elif what == "broker":
            assert self.broker is not None
            os.killpg(self.broker.pid, 9)
            os.waitpid(self.broker.pid, 0)
            self.broker = start_rabbitmq(self.broker.folder, address(254))
        else:
            site = self.sites[NAMES.index(what)]
            site.kill()
            site.start()
            site.start()


@contextmanager
def world(folder: Path, *, broker: bool) -> Iterator[World]:
    """All of it, running; ended whatever becomes of the test."""
    with Network(hosts=3) as network:
        running = start_rabbitmq(folder / "rabbitmq", address(254)) if broker else None
        hub = Hub(folder, host=address(254), port=free_port(), database="postgresql")
        hub.environment.update(running.address if running else {})
        target = folder / "target"
        target.mkdir()
        sites = [
            Site(
                name,
                folder / name,
                network.command(number),
                {"threads": "1", "lease": str(LEASE)},
                {"shared": f"posix:{target}"},
            )
            for number, name in enumerate(NAMES, 1)
        ]
        made = World(hub, sites, network, running)
        try:
            hub.start()
            for site in sites:
                key = site_key(hub, site.name)
                site.prepare(hub.url, key, running.address["BROKER_URL"] if running else "")
                site.start()
                site.start()
            yield made
        finally:
            for site in sites:
                site.kill()
            if hub.process is not None:
                hub.stop()
            if made.broker is not None:
                stop_process(made.broker.pid)


pytestmark = pytest.mark.allow_hosts(["127.0.0.1", "::1", address(254)])


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(1500)
def test_every_path_has_one_outcome(tmp_path: Path) -> None:
    with world(tmp_path, broker=True) as made:
        carry_through(made, FILES, AWAY)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("broker", [True, False], ids=["broker", "hub-alone"])
def test_every_one_of_many_paths_has_one_outcome(tmp_path: Path, broker: bool) -> None:
    with world(tmp_path, broker=broker) as made:
        carry_through(made, MANY, MINUTE)


def carry_through(made: World, files: int, away: float) -> None:
    """Strike at moments drawn by lot while the job runs, and look at what became of it."""
    rng = dice()
    job = made.run(files)
    victims = [*NAMES, "hub", "away", *(["broker"] if made.broker else [])]
    rng.shuffle(victims)
    hits = 0
    for moment, victim in zip(moments(rng, len(victims), files), victims, strict=True):
        until(lambda moment=moment: arrived(made) >= moment or over(made.hub, job), LONG)
        hits += not over(made.hub, job)
        if victim == "away":
            cut_off(made, rng.randint(1, 3), away)
        else:
            made.strike(victim)
    until(lambda: over(made.hub, job), LONG)
    expect_one_outcome_each(made.hub, job, files)
    expect_all_there(made, files)
    assert hits >= len(victims) - 2, "too much was struck after the end: little is shown"


def moments(rng: random.Random, count: int, files: int) -> list[int]:
    """How many files have arrived, at both sites together, when something is struck: early, since
    the job goes on while what was struck comes back."""
    return sorted(rng.sample(range(files // 4), count))


def arrived(made: World) -> int:
    return sum(len(names) for site in made.sites[1:] for _, _, names in os.walk(site.root / "data"))


def cut_off(made: World, number: int, seconds: float) -> None:
    """A site hears and says nothing for so long, and nobody is told."""
    made.network.cut_off(number)
    since = time.monotonic()
    until(lambda: time.monotonic() - since >= seconds, LONG)
    made.network.reconnect(number)


def expect_all_there(made: World, files: int) -> None:
    """Whole at the second site, as a stub of its size at the third, and nothing left over."""
    _, there, further = (site.root for site in made.sites)
    for number in range(files):
        assert file_at(there, number).read_bytes() == content(number)
        assert file_at(further, number).stat().st_size == len(content(number))
    for root in (there, further):
        assert sum(len(names) for _, _, names in os.walk(root / "data")) == files


def site_key(hub: Hub, name: str) -> str:
    """A key for the workers of a site, which is made if it is not there yet."""
    made = hub.lagan("hub", "addsite", name, "--key", "--limit", "4")
    assert made.returncode == 0, made.stderr
    return made.stdout.split()[-1]
