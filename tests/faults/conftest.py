"""A hub's web process to be struck, its judges, and the points at which it can be."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.faults.sending import Sending
from tests.faults.serving import DATA_PATH, WRITER
from tests.faults.victim import Judge, Point, Trace, Victim, count, judges

THREADS = (DATA_PATH, WRITER)


@pytest.fixture(scope="session")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    running = Victim(tmp_path_factory.mktemp("victim"))
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(autouse=True)
def _alive(request: pytest.FixtureRequest) -> None:
    """A test that failed may have left the victim dead: that is no fault of the next one."""
    if "victim" in request.fixturenames:
        victim: Victim = request.getfixturevalue("victim")
        if victim.process is None:
            victim.start()


@pytest.fixture(scope="session")
def judge(victim: Victim) -> Iterator[tuple[Judge, Judge]]:
    with judges(victim) as pair:
        yield pair


@pytest.fixture(scope="session")
def key(victim: Victim) -> str:
    """alice's, good for as long as the database lives."""
    victim.add_user("alice")
    return victim.key("alice")


def client_of(victim: Victim, key: str) -> httpx.Client:
    return httpx.Client(
        base_url=victim.url, headers={"Authorization": f"Api-Key {key}"}, timeout=60
    )


@pytest.fixture(scope="session")
def points(
    victim: Victim, key: str, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[Point, int]]:
    """Every call that each undisturbed run has, of each thread, and how many of its kind there
    are."""
    folder = tmp_path_factory.mktemp("calls")
    runs = []
    for number in range(3):
        dataset = victim.dataset(f"undisturbed {number}", owner="alice")
        with client_of(victim, key) as client:
            victim.warm(client, dataset)
            pid = victim.worker().pid
            traces = {name: Trace(folder / f"{name}.{number}", pid, name) for name in THREADS}
            Sending(dataset).go_on(client)
            runs.append({name: count(trace.end()) for name, trace in traces.items()})
    least = {name: functools.reduce(operator.and_, [run[name] for run in runs]) for name in THREADS}
    return [
        (Point(thread, call, nth), last)
        for thread, calls in least.items()
        for call, last in sorted(calls.items())
        for nth in range(1, last + 1)
    ]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "calls"
