"""A program that stores files one by one, to be killed or refused at any system call by the tests.

`python -m tests.store.landing FOLDER CATALOGUE`: everything happens in the main thread, so that the
calls of one run are those of every run. Says `stored N` only after the store's promise.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lagan.kit.errors import LaganError
from lagan.store import Journal, Landing, Verdict, Volume, open_volume, prepare
from lagan.store.writer import GroupCommit, Waiting
from tests.store.conftest import line_for

SIZES = (10, 34 << 20, 700)
"""One of them large enough for early write-back."""


def name_of(number: int) -> str:
    """Two share a folder, the others make new ones."""
    return f"d{number // 2}/e/file-{number}"


def content_of(number: int) -> bytes:
    return (b"%07d\n" % number * (SIZES[number] // 8 + 1))[: SIZES[number]]


def store_all(folder: str, catalogue: Path) -> None:
    volume = open_volume(folder)
    prepare(volume, name="trial", adopt=True)
    commit = GroupCommit(volume, Journal(volume), _cataloguing(catalogue))
    for number in range(len(SIZES)):
        try:
            _store(volume, commit, number)
        except LaganError as error:
            say(f"refused {number} {error.code}")
        else:
            say(f"stored {number}")


def _store(volume: Volume, commit: GroupCommit, number: int) -> None:
    incoming = volume.receive(f"upload-{number}-{os.getpid()}")
    try:
        incoming.write([content_of(number)])
        if number == 1:
            incoming.checkpoint()
        waiting = Waiting(Landing(incoming, name_of(number), number), Future[Any]())
        commit.settle([waiting])
        waiting.future.result(0)
    except LaganError:
        incoming.discard()
        raise


def _cataloguing(path: Path) -> Any:
    @contextmanager
    def catalogue(landings: Sequence[Landing]) -> Iterator[Sequence[Verdict]]:
        numbers = [int(landing.context) for landing in landings]
        yield [Verdict(n, [line_for(name_of(n), content_of(n), number=n)]) for n in numbers]
        with path.open("a") as rows:
            rows.writelines(f"{name_of(n)}\n" for n in numbers)

    return catalogue


def say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        store_all(sys.argv[1], Path(sys.argv[2]))
    except LaganError as error:
        say(f"refused all {error.code}")
