"""Who goes first: locks with one holder in the whole cluster, kept by the database or, beside
SQLite, by a file."""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections, connection

_held: set[str] = set()
_guard = threading.Lock()
_mine = threading.local()


@contextmanager
def advisory(name: str) -> Iterator[bool]:
    """Try to be the one holder of `name`; yields whether we are. Never waits; not to be entered in
    a transaction that may fail inside, because PostgreSQL gives the lock back by a statement. A
    holder that dies lets go."""
    with _guard:
        free = name not in _held
        if free:
            _held.add(name)
    if not free:
        yield False
        return
    try:
        with (
            _database_lock(name) if connection.vendor == "postgresql" else _file_lock(name) as held
        ):
            _mine.depth = getattr(_mine, "depth", 0) + 1
            try:
                yield held
            finally:
                _mine.depth -= 1
    finally:
        with _guard:
            _held.discard(name)


def let_go() -> None:
    """Give this thread's connection back before a long wait, where it is not kept for longer. Not
    while an `advisory` lock of the thread lives in it: another connection could not end that."""
    if not getattr(_mine, "depth", 0):
        close_old_connections()


def until_commit(name: str, *, shared: bool = False) -> None:
    """Wait for `name` and hold it until the transaction ends; sharers only exclude one who does not
    share.

    On SQLite nothing is to be done: a transaction that writes is alone from its beginning.
    """
    if connection.vendor == "postgresql":
        function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [_number(name)])


@contextmanager
def turn(name: str) -> Iterator[None]:
    """Wait in line to write; enter before the transaction.

    SQLite lets whoever finds it taken sleep up to 100 ms and try again; the kernel wakes the next
    one at once. PostgreSQL has lines of its own: there this does nothing.
    """
    if connection.vendor == "postgresql":
        yield
        return
    descriptor = _lock_file(name)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _database_lock(name: str) -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_number(name)])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_number(name)])


@contextmanager
def _file_lock(name: str) -> Iterator[bool]:
    descriptor = _lock_file(name)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)


def _lock_file(name: str) -> int:
    """An open descriptor of the file that stands for `name`."""
    place = _lock_path(str(settings.CONFIG.data), name)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    # The file stays: removing it would let two processes lock two files of one name.
    try:
        return os.open(place, flags, 0o600)
    except FileNotFoundError:
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        return os.open(place, flags, 0o600)


@lru_cache(maxsize=1000)
def _lock_path(data: str, name: str) -> str:
    return f"{data}/locks/{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def _number(name: str) -> int:
    """A signed 64-bit number, as PostgreSQL names its advisory locks."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
