"""A worker in a process of its own, where there is no Django and no database, serves its site with
the hub's address and a key, and with a broker's hints beside them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.hub.jobs.chaos.processes import Hub, until
from tests.hub.jobs.test_chaos import migrated
from tests.services.process import Running, free_port

if TYPE_CHECKING:
    from lagan.hub.jobs.models import Site

FILES = 40
STRANGE = b"caf\xe9 \xff 7"


class Elsewhere:
    """A site's machine: its folder, and `lagan worker` with a file."""

    def __init__(self, folder: Path, hub_url: str, key: str, **settings: str) -> None:
        self.data, self.trace = folder / "data", folder / "trace"
        self.data.mkdir(parents=True)
        for number in range(FILES):
            (self.data / f"f{number:02}").write_text("x")
        (self.data / "deep").mkdir()
        Path(os.fsdecode(os.fsencode(self.data / "deep") + b"/" + STRANGE)).write_text("y")
        (folder / "key").write_text(key + "\n")
        lines = {
            "hub_url": hub_url,
            "site_key_file": str(folder / "key"),
            "sites": "plant",
            "roots": str(self.data),
            "state": str(folder / "state"),
            "threads": "2",
            **settings,
        }
        config = folder / "worker.conf"
        config.write_text(
            "[settings]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items())
        )
        self._command = [sys.executable, "-m", "tests.worker.site_worker", "worker"]
        self._command += ["--config", str(config)]
        self._log = folder / "worker.log"

    def start(self) -> subprocess.Popen[bytes]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LAGAN", "POSTGRES", "DJANGO"))
        }
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                env={**environment, "PYTHONPATH": "."},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def log(self) -> str:
        return self._log.read_text()

    def touched(self) -> Counter[bytes]:
        if not self.trace.exists():
            return Counter()
        lines = self.trace.read_bytes().splitlines()
        return Counter(line.split(b" ", 2)[2] for line in lines)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """One for this file's tests: making its tables takes longest."""
    folder = tmp_path_factory.mktemp("elsewhere") / "hub"
    with migrated(folder, os.environ["LAGAN_TEST_DATABASE"]) as made:
        yield made


@contextmanager
def _serving(hub: Hub, port: int) -> Iterator[str]:
    """The hub's address while it is served; killed in the end."""
    process = hub.start("serve", "--port", str(port), "--workers", "1")
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(f"{address}/healthz").status_code in (200, 503)
        except httpx.TransportError:
            return False

    until(answers, "the hub answers")
    try:
        yield address
    finally:
        hub.kill(process)


@contextmanager
def _at_plant(hub: Hub, folder: Path, address: str, **settings: str) -> Iterator[Elsewhere]:
    """The site, with a worker that ends as it should."""
    key = hub.run("tests.hub.jobs.wire.make", "site", "plant").strip()
    site = Elsewhere(folder / "plant", address, key, **settings)
    worker = site.start()
    try:
        yield site
    finally:
        worker.terminate()
        status = worker.wait(60)
    assert status == 0, site.log()
    assert "Traceback" not in site.log()


def _job(hub: Hub, site: Elsewhere, pace: float) -> int:
    wanted = [str(site.data), str(site.trace), str(pace)]
    return int(hub.run("tests.hub.jobs.wire.make", "job", "plant", *wanted))


def _await_end(hub: Hub, site: Elsewhere, job: int) -> None:
    """The job comes to its end with every file touched once."""
    until(lambda: hub.state(job) not in {"PENDING", "STARTED"}, "the job has ended")
    touched = site.touched()
    assert set(touched.values()) == {1}
    assert len(touched) == FILES + 1
    assert os.fsencode(site.data) + b"/deep/" + STRANGE in touched
    sums = hub.rows(f"SELECT total, processed, failed, state FROM jobs_job WHERE id = {job}")
    assert sums == [(FILES + 1, FILES - 4, 5, "FAILURE")], site.log()


@pytest.mark.database
@pytest.mark.fault
def test_a_worker_with_the_hubs_address_and_a_key(hub: Hub, tmp_path: Path) -> None:
    with _serving(hub, free_port()) as address, _at_plant(hub, tmp_path, address) as site:
        _await_end(hub, site, _job(hub, site, 0.001))
        asked = ["ask", "plant", "folder", json.dumps({"path": str(site.data / "deep")})]
        told = json.loads(hub.run("tests.hub.jobs.wire.make", *asked))
        assert os.fsdecode(STRANGE) in json.dumps(told["answer"], ensure_ascii=False)
        # Who is not rung for looks again after five seconds.
        assert told["milliseconds"][2] < 1000, told
    assert "Traceback" not in site.log()


@pytest.mark.database
@pytest.mark.fault
def test_a_hub_that_is_killed_is_waited_for_and_told_what_it_missed(
    hub: Hub, tmp_path: Path
) -> None:
    port = free_port()
    with _at_plant(hub, tmp_path, f"http://127.0.0.1:{port}") as site:
        with _serving(hub, port):
            job = _job(hub, site, 0.1)
            until(lambda: len(site.touched()) > 3, "the worker is at it")
        until(lambda: len(site.touched()) == FILES + 1, "the worker goes on without the hub")
        assert hub.state(job) == "STARTED"
        with _serving(hub, port):
            _await_end(hub, site, job)


@pytest.mark.fault
def test_a_worker_with_the_hubs_address_and_a_brokers_hints(
    tmp_path: Path, rabbitmq: Running
) -> None:
    broker = rabbitmq.address
    with migrated(tmp_path / "hub", "postgresql") as hub:
        hub.environment.update(broker)
        hub.start("schedule")
        with (
            _serving(hub, free_port()) as address,
            _at_plant(hub, tmp_path, address, broker_url=broker["BROKER_URL"]) as site,
        ):
            _await_end(hub, site, _job(hub, site, 0.001))
            (facts,) = hub.rows("SELECT facts FROM jobs_siteworker")
            assert facts[0]["transport"] == "broker"


@pytest.mark.django_db(transaction=True)
def test_a_wrong_key_is_told_at_the_start(tmp_path: Path, address: str, lab: Site) -> None:
    site = Elsewhere(tmp_path / "plant", address, "lgs_" + "a" * 12 + "_" + "b" * 43)
    assert site.start().wait(60) == 3
    assert site.log() == "lagan: This site key is not valid.\n"
