"""The services of one test run: each started once, by whichever test process asks first, and ended
by the run.

Test processes of one run (pytest-xdist) find each other by the folder named in LAGAN_TEST_SERVICES.
"""

from __future__ import annotations

import fcntl
import importlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.process import Running, ServiceFailed, stop_process

VARIABLE = "LAGAN_TEST_SERVICES"


def open_board() -> Path | None:
    """Make the run's folder and announce it to child processes; None when an outer process has."""
    if VARIABLE in os.environ:
        return None
    board = Path(tempfile.mkdtemp(prefix="lagan-services-"))
    board.chmod(0o711)  # services that refuse root run as nobody and must get through
    os.environ[VARIABLE] = str(board)
    return board


def close_board(board: Path) -> None:
    """End every service of this run and remove its folder."""
    for record in board.glob("*.json"):
        stop_process(json.loads(record.read_text())["pid"])
    shutil.rmtree(board, ignore_errors=True)
    os.environ.pop(VARIABLE, None)


def shared(name: str) -> Running:
    """The run's service `name` (a module of tests.services with `start`), started if nobody has
    yet.

    ServiceFailed when it cannot be started; the next one who asks hears the same without waiting.
    """
    board = Path(os.environ[VARIABLE])
    with _held(board / f"{name}.lock"):
        failure, record = board / f"{name}.failure", board / f"{name}.json"
        if failure.exists():
            raise ServiceFailed(failure.read_text())
        if not record.exists():
            start: Callable[[Path], Running]
            start = importlib.import_module(f"tests.services.{name}").start
            folder = board / name
            folder.mkdir(mode=0o755)
            try:
                service = start(folder)
            except ServiceFailed as error:
                failure.write_text(str(error))
                raise
            record.write_text(json.dumps({"pid": service.pid, "address": dict(service.address)}))
        read = json.loads(record.read_text())
    return Running(read["pid"], read["address"], board / name)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
