"""A hub's web process to be struck at one call of one thread, and the judges of what is left."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.faults import serving
from tests.services.hub import Hub, until
from tests.services.process import find_program, free_port, stop_process

CALLS = (
    *("fsync", "fdatasync", "ftruncate", "rename", "renameat", "renameat2", "link", "linkat"),
    *("unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"),
)
"""Where the state on the disk turns from one into the next."""
WRITES = ("write", "pwrite64", "pwritev", "pwritev2")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, order=True)
class Point:
    """The `nth` call of its kind in one thread, counted from the first upload on."""

    thread: str
    call: str
    nth: int

    def __str__(self) -> str:
        return f"{self.thread}-{self.call}-{self.nth}"


class Victim(Hub):
    """A hub whose web process runs alone, with a thread of each kind; killed, it stays dead until
    started again."""

    def start(self, prefix: Sequence[str] = ()) -> Victim:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        environment = {**self.environment, "LAGAN_DATA": str(self.data), "LAGAN_LOG_LEVEL": "ERROR"}
        command = [*prefix, sys.executable, "-m", "tests.faults.serving", str(port)]
        with (self.folder / "serving.log").open("a") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, text=True,
                env=environment, cwd=ROOT, start_new_session=True,
            )  # fmt: skip
        until(self._answers, 150)
        return self

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "serving.log").read_text()[-3000:]
        try:
            return httpx.get(f"{self.url}/healthz", timeout=60).status_code in (200, 503)
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        if self.process is not None:
            # The whole group: the server may be starting another worker at this moment.
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(60)
            stop_process(self.process.pid)
            self.process = None

    def worker(self) -> psutil.Process:
        """The process that answers."""
        assert self.process is not None
        for child in psutil.Process(self.process.pid).children(recursive=True):
            if serving.DATA_PATH in threads(child.pid):
                return child
        raise AssertionError("no process has the data path's thread")

    def warm(self, client: httpx.Client, dataset: int) -> None:
        """Have a first file stored, so that every thread is there."""
        answer = client.put(f"/api/datasets/{dataset}/content/first", content=b"first")
        assert answer.status_code in (200, 201), answer.text


def threads(pid: int) -> dict[str, int]:
    """Names of a process's threads, and their ids."""
    found = {}
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                found[(task / "comm").read_text().strip()] = int(task.name)
    return found


class Trace:
    """strace on one thread; `calls` are the lines it wrote."""

    def __init__(self, log: Path, pid: int, thread: str, *, inject: str = "") -> None:
        self.log = log
        tid = threads(pid)[thread]
        names = ",".join(f"?{each}" for each in (*CALLS, *WRITES))
        command = [find_program("strace", package="strace"), "-qq", "-o", str(log), "-p", str(tid)]
        command += ["-e", f"trace={names}", "-e", "signal=none"]
        command += ["-e", f"inject={inject}"] if inject else []
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        status = Path(f"/proc/{pid}/task/{tid}/status")
        until(lambda: self._process.poll() is not None or _is_traced(status))
        assert self._process.poll() is None, self._process.stderr and self._process.stderr.read()

    def end(self) -> list[str]:
        """Let the thread go (if it lives); what was seen."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=60)
        return self.log.read_text().splitlines()

    def wait(self) -> list[str]:
        """Return when the traced process is gone."""
        self._process.communicate(timeout=60)
        return self.log.read_text().splitlines()


def _is_traced(status: Path) -> bool:
    try:
        return not re.search(r"^TracerPid:\t0$", status.read_text(), re.MULTILINE)
    except (FileNotFoundError, ProcessLookupError):
        return True


def count(lines: Sequence[str]) -> Counter[str]:
    return Counter(line.partition("(")[0] for line in lines if "(" in line)


class Judge:
    """Asks a judge process; see tests/faults/judge.py."""

    def __init__(self, data: Path, environment: Mapping[str, str]) -> None:
        data.mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.judge"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={**environment, "LAGAN_DATA": str(data)},
        )  # fmt: skip

    def ask(self, *words: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the judge died; its words are above"
        told: dict[str, Any] = json.loads(answer)
        return told

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


@contextmanager
def judges(victim: Hub) -> Iterator[tuple[Judge, Judge]]:
    """One that looks at the hub, one that rebuilds a catalogue from its volumes."""
    pair = [Judge(each, victim.environment) for each in (victim.data, victim.folder / "rebuilt")]
    try:
        yield pair[0], pair[1]
    finally:
        for each in pair:
            each.close()


def locations(victim: Hub) -> list[str]:
    return [f"posix:{victim.data}/volumes/{name}" for name in ("main", "copy")]
