"""Starting a service's process, waiting until it answers, and ending it by its process id."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

START_LIMIT = 150.0  # seconds; RabbitMQ on two idle cores needs about fifteen
STOP_LIMIT = 5.0  # seconds until a service that will not go is killed
POLL = 0.05  # seconds between two looks at a condition
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


_PORTS: set[int] = set()
"""Given by this process."""
_RESERVED: list[int] = []
"""The descriptor of the file whose locks say so; closed, it would let all of them go."""
_STARTED: list[subprocess.Popen[bytes]] = []
"""Python complains of a process object that is forgotten while its process lives."""


class ServiceFailed(Exception):
    """A service is missing or did not start; its log is in the message."""


@dataclass(frozen=True, slots=True)
class Running:
    """A started service: the process that ends it, and where it answers."""

    pid: int
    address: Mapping[str, str]
    folder: Path = field(default_factory=Path)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on, and nobody else is given while this process
    lives.

    It is below those that the system gives to outgoing connections: one of them might have taken
    it before its server does.
    """
    ports = range(10_000, int(EPHEMERAL.read_text().split()[0]))
    for port in random.SystemRandom().sample(ports, 200):
        if port not in _PORTS and _reserve(port):
            _PORTS.add(port)
            return port
    raise ServiceFailed("None of 200 ports is free.")


def _reserve(port: int) -> bool:
    """Whether this port is this process's, by a lock on its byte in a file of all test runs."""
    if not _RESERVED:
        place = Path(tempfile.gettempdir()) / f"lagan-test-ports-{os.geteuid()}"
        _RESERVED.append(os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    try:
        fcntl.lockf(_RESERVED[0], fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def find_program(name: str, *places: str | Path, package: str) -> str:
    """The path of a program, looked for in `places` and on PATH. ServiceFailed names what to
    install."""
    folders = [*map(str, places), *os.environ.get("PATH", "").split(":"), "/usr/sbin", "/usr/bin"]
    for folder in folders:
        if os.access(path := Path(folder) / name, os.X_OK):
            return str(path)
    raise ServiceFailed(
        f"{name} is not installed; it comes with {package} (deploy/system-packages)."
    )


def start_process(
    command: Sequence[str],
    *,
    folder: Path,
    user: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process of its own session whose output goes to `folder`/log; `user` is for services
    that refuse to run as root."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
    _STARTED.append(process)
    return process


def await_ready(
    ready: Callable[[], bool], *, process: subprocess.Popen[bytes], folder: Path
) -> None:
    """Return when `ready()` holds. ServiceFailed with the log's end if the process dies or is
    late."""
    deadline = time.monotonic() + START_LIMIT
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            stop_process(process.pid)
            log = (folder / "log").read_text(errors="replace")[-3000:]
            raise ServiceFailed(f"{process.args!r} ended with {process.poll()}:\n{log}")
        time.sleep(POLL)


def accepts(port: int) -> bool:
    """Whether something takes connections on this port of 127.0.0.1."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def stop_process(pid: int, *, first: signal.Signals = signal.SIGTERM) -> None:
    """End the process and its session's group, with force when it does not go by itself."""
    for sign in (first, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, sign)
        if _gone(pid, STOP_LIMIT):
            return


def _gone(group: int, limit: float) -> bool:
    deadline = time.monotonic() + limit
    while members := list(_members(group)):
        if time.monotonic() > deadline:
            return False
        psutil.wait_procs(members, timeout=POLL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(group, os.WNOHANG)
    return True


def _members(group: int) -> Iterator[psutil.Process]:
    """The living processes of a group; one that nobody has waited for yet is dead already."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                yield process


@contextlib.contextmanager
def running(start: Callable[[Path], Running], folder: Path) -> Iterator[Running]:
    """A service for the length of a `with` block."""
    folder.mkdir(parents=True, exist_ok=True)
    service = start(folder)
    try:
        yield service
    finally:
        stop_process(service.pid)
