"""The data folder of a hub: one `up` at a time, where its address is, and which volumes the first
start makes in it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lagan.kit.errors import Locked, Unavailable

LOCK = "up.lock"
VOLUMES = (("main", "main"), ("copy", "copy"))
"""Folder beneath `volumes/`, and its role in the storage set."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who runs the hub of a data folder: its process id and the address of its pages."""

    pid: int
    address: str


@contextlib.contextmanager
def held(data: Path, address: str) -> Iterator[None]:
    """Be the only supervisor of this folder, which is made when it is missing.

    Locked when another one runs; Unavailable when the folder cannot be used. The kernel lets go of
    the lock when the process ends, however it ends.
    """
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o750)
        descriptor = os.open(data / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise Unavailable(
            f"Cannot use the folder {data}: {error.strerror}.", path=str(data)
        ) from None
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise _already(data, _read(data)) from None
        file.truncate(0)
        json.dump({"pid": os.getpid(), "address": address}, file)
        file.flush()
        try:
            yield
        finally:
            file.seek(0)
            file.truncate(0)


def holder(data: Path) -> Holder | None:
    """Who runs the hub of this folder now; None when nobody does."""
    try:
        with (data / LOCK).open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(data)
    except OSError:
        return None
    return None


def _read(data: Path) -> Holder | None:
    try:
        read = json.loads((data / LOCK).read_text())
        return Holder(int(read["pid"]), str(read["address"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _already(data: Path, who: Holder | None) -> Locked:
    where = f" as process {who.pid} at {who.address}" if who else ""
    return Locked(f"The hub in {data} runs already{where}.", path=str(data))
