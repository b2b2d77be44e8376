"""The programs of the demo as processes of their own: the hub, the agent, commands; and ways to
harm them."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from lagan.hub.ops.background import START_LIMIT
from lagan.hub.ops.demo.errors import Broken
from lagan.hub.ops.leash import end_with_parent
from lagan.hub.ops.stack import GRACE_OF_ALL

LAGAN = [sys.executable, "-m", "lagan"]
POLL = 0.05  # seconds between two looks at something that is awaited
QUICK = 0.003  # seconds between two looks at something that does not last
FOREIGN = ("LAGAN_", "POSTGRES_", "RABBITMQ_", "BROKER_", "REDIS_", "WORKERS")
"""Settings of another hub that the demo must not pick up."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, the JSON values that it printed, and its last words."""

    code: int
    values: list[Any]
    said: str


class HubProgram:
    """A hub by `lagan up` with its state in `data`; `start`, `stop`, and commands on its
    machine."""

    def __init__(self, data: Path, log: Path) -> None:
        self.data, self.log = data, log
        self.address, self.password_link = "", ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """Embedded defaults, whatever other hub this shell is set up for."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
        return {**kept, "LAGAN_DATA": str(self.data)}

    def start(self, port: int) -> None:
        """Run it until its pages answer; then `address` and perhaps `password_link` are set."""
        with self.log.open("ab") as log:
            began = log.tell()
            self._process = subprocess.Popen(
                [*LAGAN, "up", "--data", str(self.data), "--port", str(port), "--json"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self.environment,
                start_new_session=True,  # Ctrl-C is for the demo, which ends the hub itself
                preexec_fn=end_with_parent,
            )
        line = self._first_line(self._process)
        if not line:
            said = self.log.read_bytes()[began:].decode(errors="replace").strip()
            raise Broken("lagan up", expected="an address", found=said or "nothing")
        told = json.loads(line)
        self.address, self.password_link = told["address"].rstrip("/"), told["set_password"] or ""

    def stop(self) -> None:
        """End it as its administrator would; nothing when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(GRACE_OF_ALL)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def wait(self) -> int:
        """The exit code, when it ends by itself."""
        return self._process.wait() if self._process is not None else 0

    def lagan(self, *arguments: str) -> Ended:
        """Run a `lagan` command on the hub's machine to its end."""
        with self.begin(*arguments) as process:
            out, err = process.communicate()
        return ended(process.returncode, out, err)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a `lagan` command."""
        return subprocess.Popen(
            [*LAGAN, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=end_with_parent,
        )

    def worker(self) -> int | None:
        """The process id of the worker that lives; None while none does."""
        for sign in (self.data / "run").glob("*.alive"):
            words = sign.name.removesuffix(".alive").split(".")
            if len(words) >= 3 and _is_worker(int(words[-2])):
                return int(words[-2])
        return None

    @staticmethod
    def _first_line(process: subprocess.Popen[bytes]) -> bytes:
        if process.stdout is None:
            return b""
        readable, _, _ = select.select([process.stdout], [], [], START_LIMIT)
        return process.stdout.readline() if readable else b""


def ended(code: int, out: str, err: str) -> Ended:
    """What a command's output says; lines that are no JSON are passed over."""
    values = []
    for line in out.splitlines():
        with contextlib.suppress(ValueError):
            values.append(json.loads(line))
    said = err.strip().splitlines()
    return Ended(code, values, said[-1] if said else "")


def until(
    what: str, look: Callable[[], T | None], *, limit: float = 150.0, every: float = POLL
) -> T:
    """What `look` gives as soon as it is true; Broken after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not (found := look()):
        if time.monotonic() > deadline:
            raise Broken(what, expected=f"within {limit:g} s", found="not yet")
        time.sleep(every)
    return found


@contextlib.contextmanager
def held(pid: int) -> Iterator[None]:
    """A process stands still during the block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _is_worker(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
