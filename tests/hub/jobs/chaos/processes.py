"""A hub of real processes on a database of its own, each of which may be killed at any moment."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.services.process import stop_process

LIMIT = 150.0  # seconds that anything awaited may take on a busy machine
LOOK = 0.02  # seconds between two looks


def until(condition: Callable[[], bool], what: str) -> None:
    """Return when `condition()` holds; fail with `what` after LIMIT."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(LOOK)


@dataclass
class Hub:
    """`environment` holds what its processes are told: data folder, database, broker."""

    folder: Path
    environment: dict[str, str]
    living: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def trace(self) -> Path:
        """What the steps wrote."""
        return self.folder / "trace"

    def run(self, *command: str) -> str:
        """The output of a Python module that must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", *command],
            env=self._environment(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def create_job(self, tasks: int, items: int, *, pace: float, broken: bool = True) -> int:
        """A job of `tasks` times `items`; its id."""
        sizes = [str(tasks), str(items), str(self.trace), str(pace), "break" if broken else ""]
        return int(self.run("tests.hub.jobs.chaos.create", *sizes))

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start `lagan <command>` in a process group of its own."""
        with (self.folder / f"{command[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", "from lagan.cli import main; main()", *command],
                env=self._environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.living.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL the whole group, as a power cut would."""
        stop_process(process.pid, first=signal.SIGKILL)
        process.wait(LIMIT)
        self.living.remove(process)

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        """SIGTERM, and the exit status."""
        process.send_signal(signal.SIGTERM)
        self.living.remove(process)
        return process.wait(LIMIT)

    def close(self) -> None:
        """Kill whatever lives."""
        for process in list(self.living):
            self.kill(process)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query, on a connection of its own."""
        if host := self.environment.get("POSTGRES_HOST"):
            import psycopg

            with psycopg.connect(
                host=host,
                port=self.environment["POSTGRES_PORT"],
                user=self.environment["POSTGRES_USER"],
                dbname=self.environment["POSTGRES_DB"],
            ) as session:
                return session.execute(sql).fetchall()
        with closing(sqlite3.connect(self.folder / "hub.sqlite3", timeout=60)) as connection:
            return connection.execute(sql).fetchall()

    def state(self, job: int) -> str:
        """The job's state."""
        return str(self.rows(f"SELECT state FROM jobs_job WHERE id = {job}")[0][0])

    def running(self) -> int:
        """How many tasks run at this moment."""
        return int(self.rows("SELECT count(*) FROM jobs_task WHERE state = 'running'")[0][0])

    def touched(self) -> Counter[str]:
        """How often each item was worked on."""
        if not self.trace.exists():
            return Counter()
        return Counter(line.split(" ")[2] for line in self.trace.read_text().splitlines())

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith("POSTGRES")
        }
        settings = {
            "DJANGO_SETTINGS_MODULE": "tests.hub.jobs.chaos.settings",
            "LAGAN_DATA": str(self.folder),
        }
        return {**kept, "PYTHONPATH": ".", **settings, **self.environment}
