"""A worker in a process of its own, where there is no Django and no database, serves its site with
the hub's address and a key, and with a broker's hints beside them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.hub.jobs.chaos.processes import Hub, until
from tests.hub.jobs.test_chaos import migrated
from tests.services.process import Running, free_port, stop_process

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


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with migrated(tmp_path / "hub", os.environ["LAGAN_TEST_DATABASE"]) as made:
        yield made


def _serve(hub: Hub) -> str:
    port = free_port()
    hub.start("serve", "--port", str(port), "--workers", "1")
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(f"{address}/healthz").status_code in (200, 503)
        except httpx.TransportError:
            return False

    until(answers, "the hub answers")
    return address


def _run(hub: Hub, site: Elsewhere) -> None:
    """A job over the site's folder comes to its end with every file touched once."""
    wanted = [str(site.data), str(site.trace), "0.001"]
    job = int(hub.run("tests.hub.jobs.wire.make", "job", "plant", *wanted))
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
    address = _serve(hub)
    key = hub.run("tests.hub.jobs.wire.make", "site", "plant").strip()
    site = Elsewhere(tmp_path / "plant", address, key)
    worker = site.start()
    hub.living.append(worker)
    _run(hub, site)
    asked = ["ask", "plant", "folder", json.dumps({"path": str(site.data / "deep")})]
    told = json.loads(hub.run("tests.hub.jobs.wire.make", *asked))
    assert os.fsdecode(STRANGE) in json.dumps(told["answer"], ensure_ascii=False)
    print(told["milliseconds"])
    assert told["milliseconds"][2] < 300, told
    assert hub.stop(worker) == 0
    assert "Traceback" not in site.log()


@pytest.mark.fault
def test_a_worker_with_the_hubs_address_and_a_brokers_hints(
    tmp_path: Path, rabbitmq: Running
) -> None:
    with migrated(tmp_path / "hub", "postgresql") as hub:
        hub.environment.update(rabbitmq.address)
        address = _serve(hub)
        hub.start("schedule")
        key = hub.run("tests.hub.jobs.wire.make", "site", "plant").strip()
        broker = rabbitmq.address["BROKER_URL"]
        site = Elsewhere(tmp_path / "plant", address, key, broker_url=broker)
        worker = site.start()
        try:
            _run(hub, site)
            (facts,) = hub.rows("SELECT facts FROM jobs_siteworker")
            assert facts[0]["transport"] == "broker"
        finally:
            stop_process(worker.pid)
            worker.wait()


@pytest.mark.django_db(transaction=True)
def test_a_wrong_key_is_told_at_the_start(tmp_path: Path, address: str, lab: Site) -> None:
    site = Elsewhere(tmp_path / "plant", address, "lgs_" + "a" * 12 + "_" + "b" * 43)
    assert site.start().wait(60) == 3
    assert site.log() == "lagan: This site key is not valid.\n"
