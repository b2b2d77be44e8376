"""Kill anything at any moment: every item has exactly one outcome, every row ends once."""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chance import dice
from tests.hub.jobs.chaos.processes import Hub, until
from tests.services.board import shared
from tests.services.process import Running, stop_process
from tests.services.rabbitmq import start as start_rabbitmq

# The limit is for a machine that has much else to do; alone these take some fifty seconds.
pytestmark = [pytest.mark.fault, pytest.mark.timeout(1500)]

TASKS, ITEMS, ALLOWED = 45, 10, 3


@contextmanager
def migrated(folder: Path, database: str) -> Iterator[Hub]:
    """A hub with its tables and nothing in them."""
    environment: dict[str, str] = {}
    if database == "postgresql":
        environment = _new_database(dict(shared("postgresql").address))
    made = Hub(folder, environment)
    made.run("django", "migrate", "--verbosity=0")
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """One on the database that this run tests."""
    with migrated(tmp_path, os.environ["LAGAN_TEST_DATABASE"]) as made:
        yield made


@pytest.fixture
def large_hub(tmp_path: Path) -> Iterator[Hub]:
    """One on PostgreSQL, as a hub that has a broker will be."""
    with migrated(tmp_path, "postgresql") as made:
        yield made


@pytest.mark.database
def test_embedded_workers_and_scheduler_killed(hub: Hub, tmp_path: Path) -> None:
    rng = dice()
    config = tmp_path / "worker.conf"
    config.write_text("[settings]\nthreads = 3\n")
    job = hub.create_job(TASKS, ITEMS, pace=0.01)
    worker = ("worker", "--site", "lab", "--config", str(config))
    crowd = [hub.start("schedule"), hub.start(*worker), hub.start(*worker)]
    for moment in _moments(rng, 4):
        _await_items(hub, moment)
        victim = rng.choice(crowd)
        crowd.remove(victim)
        command = ("schedule",) if victim.args[3] == "schedule" else worker  # type: ignore[index]
        hub.kill(victim)
        crowd.append(hub.start(*command))
    _await_end(hub, job)
    _check(hub, job)
    # One that was only just started may still be loading: each has shown that it is there.
    until(lambda: len(list((tmp_path / "run").glob("*.alive"))) == 2, "both workers are up")
    unsealed = "SELECT count(*) FROM audit_event WHERE sequence IS NULL"
    until(lambda: hub.rows(unsealed) == [(0,)], "a scheduler has sealed the end of the job")
    assert [hub.stop(process) for process in crowd] == [0, 0, 0]
    assert list((tmp_path / "run").iterdir()) == []


def test_celery_workers_scheduler_and_broker_killed(large_hub: Hub, tmp_path: Path) -> None:
    rng, hub = dice(), large_hub
    broker = start_rabbitmq(tmp_path / "rabbitmq")
    try:
        hub.environment.update(broker.address)
        job = hub.create_job(TASKS, ITEMS, pace=0.01)
        crowd = {name: hub.start(*_command(name)) for name in ("schedule", "worker")}
        moments = _moments(rng, 4)
        victims = ["worker", "broker", "schedule", "worker"]
        rng.shuffle(victims)
        for moment, victim in zip(moments, victims, strict=True):
            _await_items(hub, moment)

            if victim == "broker":
                broker = _restart(broker)
            else:
                hub.kill(crowd[victim])
                crowd[victim] = hub.start(*_command(victim))
        _await_end(hub, job)
        _check(hub, job)
    finally:
        stop_process(broker.pid)


@pytest.mark.database
def test_a_stopped_worker_gives_its_tasks_back_at_once(hub: Hub) -> None:
    job = hub.create_job(3, 1000, pace=0.05, broken=False)
    worker = hub.start("worker", "--site", "lab", "--threads", "3")
    until(lambda: len(hub.touched()) > 10, "the worker is at it")
    assert hub.stop(worker) == 0
    assert hub.rows("SELECT DISTINCT state, lapses FROM jobs_task") == [("queued", 0)]
    assert hub.state(job) == "STARTED"


def _command(name: str) -> tuple[str, ...]:
    return ("worker", "--site", "lab", "--threads", "3") if name == "worker" else (name,)


def _restart(broker: Running) -> Running:
    """kill -9, and the same broker again."""
    os.killpg(broker.pid, 9)
    os.waitpid(broker.pid, 0)
    return start_rabbitmq(broker.folder)


def _moments(rng: random.Random, count: int) -> list[int]:
    """Numbers of touched items at which something is killed, in the first three quarters of the
    job."""
    return sorted(rng.sample(range(5, TASKS * ITEMS * 3 // 4), count))


def _await_items(hub: Hub, number: int) -> None:
    def reached() -> bool:
        assert hub.running() <= ALLOWED
        return len(hub.touched()) >= number

    until(reached, f"{number} items are touched")


def _await_end(hub: Hub, job: int) -> None:
    def ended() -> bool:
        assert hub.running() <= ALLOWED
        return hub.state(job) not in {"PENDING", "STARTED"}

    until(ended, "the job has ended")


def _check(hub: Hub, job: int) -> None:
    """One outcome for each item, whatever was killed; what was done twice is little."""
    touched = hub.touched()
    assert len(touched) == TASKS * ITEMS
    sums = hub.rows(
        f"SELECT total, processed, skipped, failed, state FROM jobs_job WHERE id = {job}"
    )
    assert sums == [(450, 360, 45, 45, "FAILURE")]
    rows = hub.rows(
        "SELECT state, done_items, skipped_items, failed_items, count(*) FROM jobs_task"
        " GROUP BY 1, 2, 3, 4"
    )
    assert rows == [("done", 8, 1, 1, TASKS)]
    # Each kill redoes at most what three tasks held, each break on purpose one item.
    assert touched.total() - len(touched) <= 4 * ALLOWED * ITEMS + TASKS


def _new_database(address: dict[str, str]) -> dict[str, str]:
    import psycopg

    name = f"chaos_{uuid.uuid4().hex[:12]}"
    server = f"host={address['POSTGRES_HOST']} port={address['POSTGRES_PORT']} user=lagan"
    with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name}")
    return {**address, "POSTGRES_DB": name}
