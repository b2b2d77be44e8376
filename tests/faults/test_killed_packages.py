"""A hub that is killed while packages are deposited, described, followed and fetched: what was
acknowledged is kept and settled, nothing is judged twice, and nothing is left behind."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chance import dice
from tests.hub.packages.bags import bag_zip
from tests.services.hub import Hub, until

WAITING = {"0", "1", "2", "10", "6"}
ONCE = {0, 1, 3, 10, 11}
"""Numbers of events that a package has once at most."""


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Hub]:
    running = Hub(tmp_path).start()
    yield running
    running.stop()


@dataclass
class Depositor:
    """Somebody who goes on whatever happens; what was acknowledged, by package."""

    hub: Hub
    group: int
    rng: random.Random
    sent: dict[int, bytes] = field(default_factory=dict)
    words: dict[int, Any] = field(default_factory=dict)
    broken: set[int] = field(default_factory=set)
    stop: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        while not self.stop.is_set():
            try:
                with self.hub.as_user("manager") as client:
                    self.act(client)
            except httpx.HTTPError:
                self.stop.wait(0.05)

    def act(self, client: httpx.Client) -> None:
        data = bag_zip({"data/random": self.rng.randbytes(400_000)})
        wrong = self.rng.random() < 0.25
        number = self.deposit(client, "POST", "/upload/", data[:-1] if wrong else data)
        if wrong:
            self.broken.add(number)
        place = f"/api/v1/archive/{number}/"
        words = {"turn": len(self.sent)}
        told = client.put(place, data={"user_metadata": f'{{"turn": {words["turn"]}}}'})
        if told.status_code == 200:
            self.words[number] = words
        kept = [each for each in self.sent if each not in self.broken]
        if len(kept) > 1:
            client.get(f"/api/v1/archive/{self.rng.choice(kept)}/download/")
            self.follow(client, self.rng.choice(kept))

    def follow(self, client: httpx.Client, number: int) -> None:
        data = bag_zip({"data/next": self.rng.randbytes(1000)})
        shown = client.get(f"/api/v1/archive/{number}/").json()
        if shown["status"] in ("3", "7") and shown["next_version"] is None:
            self.deposit(client, "PUT", f"/api/v1/archive/{number}/", data)

    def deposit(self, client: httpx.Client, method: str, place: str, data: bytes) -> int:
        fields = {"name": "bag", "group": str(self.group)}
        answer = client.request(method, place, data=fields, files={"content": ("bag.zip", data)})
        if answer.status_code not in (200, 201):
            raise httpx.HTTPError(answer.text)
        number: int = answer.json()["id"]
        self.sent[number] = data
        return number


def strike(hub: Hub, kills: int) -> None:
    """Kill the whole hub so many times at any moment of its work."""
    rng = dice("packages")
    who = Depositor(hub, hub.facility("Imaging", "manager"), rng)
    worker = threading.Thread(target=who.work)
    worker.start()
    clock = threading.Event()
    try:
        for _ in range(kills):
            before = len(who.sent)
            until(lambda before=before: len(who.sent) > before + 1)
            clock.wait(rng.uniform(0.0, 0.6))
            hub.kill()
            hub.start()
        until(lambda: len(who.sent) > kills)
    finally:
        who.stop.set()
        worker.join(200)
    judge(hub, who)


def judge(hub: Hub, who: Depositor) -> None:
    with hub.as_user("manager") as client:
        until(lambda: not (_status(client, who.sent) & WAITING), 200)
        for number, data in who.sent.items():
            shown = client.get(f"/api/v1/archive/{number}/").json()
            assert shown["checksum"] == sha256(data).hexdigest()
            assert shown["status"] == "9" if number in who.broken else shown["status"] in "37"
            assert shown["user_metadata"] == who.words.get(number, shown["user_metadata"])
            told = client.get(f"/api/v1/audit/archive/{number}/").json()
            counted = Counter(each["event"]["id"] for each in told)
            assert all(counted[each] <= 1 for each in ONCE), counted
        _fetch(client, who)
    until(lambda: hub.incoming() == [])


def _status(client: httpx.Client, numbers: Any) -> set[str]:
    rows = client.get("/api/v1/archive/").json()
    return {each["status"] for each in rows if each["id"] in numbers}


def _fetch(client: httpx.Client, who: Depositor) -> None:
    kept = [each for each in who.sent if each not in who.broken][:5]
    for number in kept:
        place = f"/api/v1/archive/{number}/download/"

        def there(place: str = place) -> bytes:
            return client.get(place).content

        assert until(there) == who.sent[number]


@pytest.mark.fault
@pytest.mark.slow
def test_killed_some_times(whole: Hub) -> None:
    strike(whole, 2)


@pytest.mark.fault
@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_killed_many_times(whole: Hub) -> None:
    strike(whole, 40)
