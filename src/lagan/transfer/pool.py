"""Connections to remote places are kept for a moment: a person who browses opens one, not one a
folder."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lagan.kit.errors import LaganError
from lagan.transfer.sftp import SftpPlace, Target

IDLE = 60.0
"""Seconds that an unused connection is kept."""
MOST = 8
"""Unused connections kept by one process."""

_lock = threading.Lock()
_idle: list[tuple[float, Target, SftpPlace]] = []


@contextmanager
def borrow(target: Target) -> Iterator[SftpPlace]:
    """A place for this thread alone, new or one that rested; it rests afterwards unless it
    failed."""
    place = _take(target) or SftpPlace(target)
    try:
        yield place
    except LaganError as error:
        if error.permanent and place.alive:
            _give(target, place)
        else:
            place.close()
        raise
    except BaseException:
        place.close()
        raise
    _give(target, place)


def forget() -> None:
    """Close what rests."""
    _close(_stale(float("inf")))


def _take(target: Target) -> SftpPlace | None:
    _close(_stale(time.monotonic() - IDLE))
    with _lock:
        for place, (_, known, kept) in enumerate(_idle):
            if known == target and kept.alive:
                del _idle[place]
                return kept
    return None


def _give(target: Target, place: SftpPlace) -> None:
    with _lock:
        _idle.append((time.monotonic(), target, place))
        over = [_idle.pop(0) for _ in range(len(_idle) - MOST)]
    _close([each for _, _, each in over])


def _stale(before: float) -> list[SftpPlace]:
    with _lock:
        old = [each for each in _idle if each[0] < before or not each[2].alive]
        _idle[:] = [each for each in _idle if each not in old]
    return [each for _, _, each in old]


def _close(places: list[SftpPlace]) -> None:
    for each in places:
        each.close()
