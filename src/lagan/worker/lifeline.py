"""A worker's sign of life on its own machine: a locked file, which the kernel unlocks the moment
the worker dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_LIVING, _NEW = ".alive", ".new"
_STALE = 60.0  # seconds after which a file that never became a sign of life is swept


@contextmanager
def hold(folder: Path, worker: str) -> Iterator[None]:
    """Be seen alive as `worker` while the block runs, and by processes forked in it as long as
    one of them lives."""
    folder.mkdir(parents=True, exist_ok=True)
    new, living = folder / f"{worker}{_NEW}", folder / f"{worker}{_LIVING}"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        new.rename(living)  # only now can it be found, and it is locked already
        yield
        living.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def bury(folder: Path, give_back: Callable[[str], object]) -> int:
    """Call `give_back` with the name of every worker that died, then forget it; the number of
    the dead. Who dies in between is not forgotten, so `give_back` may hear a name twice."""
    dead = 0
    for path in folder.glob(f"*{_LIVING}"):
        with _locked(path) as free:
            if free:
                give_back(path.name.removesuffix(_LIVING))
                path.unlink(missing_ok=True)
                dead += 1
    _sweep(folder)
    return dead


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Whether nobody else holds the lock of `path`; the lock is ours meanwhile."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    """Remove what a worker left that died before it was seen alive."""
    for path in folder.glob(f"*{_NEW}"):
        with _locked(path) as free:
            if free and time.time() - path.stat().st_mtime > _STALE:
                path.unlink(missing_ok=True)
