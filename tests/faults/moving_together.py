"""Moves a few files' content as one group, as a worker would, in a process that is to be struck.

`python -m tests.faults.moving_together VERB ROOT BUCKET` with VERB one of VERBS. All is done in one
thread, in the same order every time, so that every call can be struck. Files that are refused are
named on standard error; the code is 0 all the same, as one file's trouble is not another's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path
from typing import Any

from lagan.hsm.migrating import Outcome, migration
from lagan.hsm.recalling import recollection
from lagan.hsm.target import Target
from lagan.hsm.together import group
from lagan.hsm.together.group import Move
from lagan.kit.errors import LaganError
from lagan.store import flushing
from lagan.store.opening import open_volume

NAMES = ("run/a.dat", "run/b.dat", "c.dat")
Ends = list[Outcome | LaganError | OSError]


class AtOnce(Executor):
    """Does what it is given, at once and itself."""

    def __init__(self, *_: object) -> None:
        pass

    def submit(self, act: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(act(*args, **named))
        except BaseException as error:
            done.set_exception(error)
        return done


def move(verb: str, root: Path, bucket: Path) -> Ends:
    """Do `verb` to all files together."""
    target = Target("bucket", open_volume(str(bucket)))
    return group.together([VERBS[verb](root, name, target) for name in NAMES])


def _migration(root: Path, name: str, target: Target, **how: Any) -> Move[Outcome]:
    descriptor = os.open(root / name, os.O_RDWR | os.O_CLOEXEC)
    try:
        return (yield from migration(descriptor, name, target, origin=str(root / name), **how))
    finally:
        os.close(descriptor)


def _recollection(root: Path, name: str, target: Target) -> Move[Outcome]:
    descriptor = os.open(root / name, os.O_RDWR | os.O_CLOEXEC)
    try:
        return (yield from recollection(descriptor, target))
    finally:
        os.close(descriptor)


VERBS: dict[str, Callable[[Path, str, Target], Move[Outcome]]] = {
    "migrate": _migration,
    "premigrate": partial(_migration, premigrate=True),
    "free": _migration,  # of what is premigrated
    "recall": _recollection,
}

if __name__ == "__main__":
    group._hands = AtOnce()  # type: ignore[assignment]
    flushing.ThreadPoolExecutor = AtOnce  # type: ignore[assignment, attr-defined]
    for end in move(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])):
        if not isinstance(end, Outcome):
            sys.stderr.write(f"refused: {type(end).__name__} {end}\n")
