"""Moves one file's content, as a worker would, in a process that is to be struck.

`python -m tests.faults.moving VERB ROOT BUCKET` with VERB one of VERBS; what is refused leaves with
a code above 1 and its name.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from lagan.hsm.migrating import Outcome, migrate
from lagan.hsm.recalling import recall
from lagan.hsm.reverse import reverse_stub
from lagan.hsm.settling import keep_here, keep_there
from lagan.hsm.target import Target
from lagan.kit.errors import LaganError
from lagan.store.opening import open_volume

NAME = "run/scan.dat"
HERE = "there/scan.dat"
"""Where a file is made of what is at the target."""


def move(verb: str, root: Path, bucket: Path) -> Outcome:
    """Do `verb` to the file."""
    target = Target("bucket", open_volume(str(bucket)))
    return VERBS[verb](root, target)


def _migrate(root: Path, target: Target, **how: Any) -> Outcome:
    descriptor = os.open(root / NAME, os.O_RDWR | os.O_CLOEXEC)
    try:
        return migrate(descriptor, NAME, target, origin=str(root / NAME), **how)
    finally:
        os.close(descriptor)


def _recall(root: Path, target: Target) -> Outcome:
    descriptor = os.open(root / NAME, os.O_RDWR | os.O_CLOEXEC)
    try:
        return recall(descriptor, target)
    finally:
        os.close(descriptor)


def _reverse_stub(root: Path, target: Target, **how: Any) -> Outcome:
    folder = os.open((root / HERE).parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    record = target.find(str(root / NAME), "")
    try:
        return reverse_stub(folder, Path(HERE).name, record, target, **how)
    finally:
        os.close(folder)


def _settle(root: Path, target: Target, keep: str) -> Outcome:
    descriptor = os.open(root / NAME, os.O_RDWR | os.O_CLOEXEC)
    try:
        if keep == "here":
            return Outcome(keep_here(descriptor))
        return Outcome(keep_there(descriptor, target))
    finally:
        os.close(descriptor)


VERBS: dict[str, Callable[[Path, Target], Outcome]] = {
    "migrate": _migrate,
    "premigrate": partial(_migrate, premigrate=True),
    "free": _migrate,  # of what is premigrated
    "replace": partial(_migrate, overwrite=True),  # of what was changed since
    "recall": _recall,
    "stub": _reverse_stub,
    "hydrate": partial(_reverse_stub, hydrate=True),
    "overwrite": partial(_reverse_stub, hydrate=True, overwrite=True),
    "restub": partial(_reverse_stub, overwrite=True),
    "here": partial(_settle, keep="here"),  # of a stub that somebody wrote into
    "there": partial(_settle, keep="there"),
}


if __name__ == "__main__":
    try:
        move(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    except (LaganError, OSError) as refusal:
        sys.exit(f"refused: {type(refusal).__name__} {refusal}")
