"""kill -9 of the hub's web process while a site brings content to the archive: said again, it is
done once, and nothing is left over."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lagan.kit.errors import Unavailable
from lagan.kit.ids import new_id
from lagan.worker import archive_hub
from lagan.worker.archive_hub import Where
from lagan.worker.archive_volume import ArchiveVolume
from tests.chance import dice
from tests.faults.serving import DATA_PATH
from tests.faults.victim import CALLS, Judge, Point, Trace, Victim, count, locations

LARGE = os.urandom((9 << 20) + 11)
SMALL = {f"small {n}": os.urandom(1000 + n) for n in range(5)}
SAMPLE = 3
"""Points in `make test`."""
LEAST = {"fsync": 4, "fdatasync": 2, "renameat2": 2}
"""An undisturbed run has at least so many of each, or nothing would be proved."""

Open = Callable[[], ArchiveVolume]


@pytest.fixture(scope="module")
def site_key(victim: Victim) -> str:
    """Of the site `lab`."""
    with victim.administrator() as client:
        made = client.post("/api/sites/", json={"name": "lab"})
        assert made.status_code == 201, made.text
        key = client.post(f"/api/sites/{made.json()['id']}/keys/", json={"name": "test"})
        assert key.status_code == 201, key.text
        text: str = key.json()["key"]
        return text


@pytest.fixture
def lab(victim: Victim, site_key: str, monkeypatch: pytest.MonkeyPatch) -> Open:
    """The archive as the site sees it, at the hub's address of this moment; it asks twice, at
    once."""
    monkeypatch.setattr(archive_hub, "TRIES", 2)
    monkeypatch.setattr(archive_hub, "pause", lambda *_: 0.0)
    credentials = f"Site-Key {site_key}"
    return lambda: ArchiveVolume(Where(victim.url, "archive", "lab", lambda: credentials))


def bring(volume: ArchiveVolume, folder: str) -> None:
    """A large object, several small ones and a note, as migrating does: what an earlier try left on
    its way goes first, what it brought already stays."""
    for each in list(volume.pending()):
        volume.resume(each.name, size=0).discard()
    there = {each.name for each in volume.list(f"{folder}/")}
    for group in ({"large": LARGE}, SMALL):
        arrivals = []
        for name, data in group.items():
            if f"{folder}/{name}" not in there:
                incoming = volume.receive(f"hsm-{new_id().hex}")
                incoming.write([data])
                arrivals.append((incoming, f"{folder}/{name}"))
        if arrivals:
            volume.publish(arrivals)
    volume.replace(f".lagan/hsm/{folder}.json", folder.encode())


def expect_brought(volume: ArchiveVolume, folder: str) -> None:
    wanted = {f"{folder}/{name}": data for name, data in {"large": LARGE, **SMALL}.items()}
    found = {
        each.name: b"".join(map(bytes, volume.read(each.name)))
        for each in volume.list(f"{folder}/")
    }
    assert found == wanted
    assert b"".join(map(bytes, volume.read(f".lagan/hsm/{folder}.json"))) == folder.encode()
    assert not list(volume.pending())


@pytest.fixture
def target_points(victim: Victim, lab: Open, tmp_path: Path) -> list[Point]:
    """Every call of an undisturbed run that changes what lasts."""
    bring(lab(), "warm")
    trace = Trace(tmp_path / "undisturbed", victim.worker().pid, DATA_PATH)
    bring(lab(), "undisturbed")
    calls = count(trace.end())
    for call, least in LEAST.items():
        assert calls[call] >= least, calls
    kinds = [each for each in calls if each in CALLS or each == "pwritev2"]
    return [Point(DATA_PATH, each, nth) for each in kinds for nth in range(1, calls[each] + 1)]


def kill_at(point: Point, victim: Victim, lab: Open, judge: tuple[Judge, Judge], log: Path) -> None:
    folder = f"{point}".replace("_", "-")
    bring(lab(), "warm")
    inject = f"{point.call}:signal=KILL:when={point.nth}"
    trace = Trace(log, victim.worker().pid, point.thread, inject=inject)
    with pytest.raises(Unavailable):
        bring(lab(), folder)
    assert trace.wait()[-1].endswith("= ?"), f"the thread lived on after {point}"
    victim.stop()
    victim.start()
    bring(lab(), folder)
    expect_brought(lab(), folder)
    now: dict[str, Any] = judge[0].ask("look")
    assert now["wrong"] == [], point
    rebuilt: dict[str, Any] = judge[1].ask("rebuild", *locations(victim))
    assert rebuilt["wrong"] == [], point
    assert rebuilt["objects"] == now["objects"], point


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_some_calls(
    victim: Victim,
    lab: Open,
    judge: tuple[Judge, Judge],
    target_points: list[Point],
    tmp_path: Path,
) -> None:
    """All of them are `make soak`."""
    for point in dice().sample(target_points, SAMPLE):
        kill_at(point, victim, lab, judge, tmp_path / "calls")


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_killed_at_every_call(
    victim: Victim,
    lab: Open,
    judge: tuple[Judge, Judge],
    target_points: list[Point],
    tmp_path: Path,
) -> None:
    wrong = []
    for point in target_points:
        try:
            kill_at(point, victim, lab, judge, tmp_path / "calls")
        except AssertionError as error:
            wrong.append(f"{point}: {error}")
            victim.stop()
            victim.start()
            sys.stdout.write(f"{wrong[-1]}\n")
    assert not wrong, "\n".join(wrong)
