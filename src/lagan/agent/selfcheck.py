"""Whether this installation can do its work, told in a fixed number of findings that support can
read over a telephone."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from email.utils import parsedate_to_datetime
from pathlib import Path

from lagan.agent.check import Finding
from lagan.agent.lock import is_held
from lagan.agent.server import proxy_for
from lagan.agent.settings import Settings
from lagan.agent.state import State
from lagan.kit.errors import LaganError, Unavailable
from lagan.kit.files import write_atomically
from lagan.kit.http import Http
from lagan.kit.sizes import show_size

LEAST_FREE = 100 << 20
"""Bytes that the agent's own files may need on the disk of its state folder."""
MOST_SKEW = 120.0
"""Seconds by which the clock may differ from the server's: more, and "daily at two" is another
hour, and young files are taken for old ones."""


def look(settings: Settings) -> Iterator[Finding]:
    """One finding a check, CHECKS of them, whatever is wrong."""
    for check in _CHECKS:
        try:
            yield check(settings)
        except LaganError as error:
            yield Finding("error", error.sentence)
        except (OSError, sqlite3.Error) as error:
            yield Finding("error", f"{check.__doc__}: {error}.")


def _program(settings: Settings) -> Finding:
    """The program"""
    from importlib.metadata import version

    python = sys.version.split()[0]
    return Finding("ok", f"Lagan {version('lagan')}, Python {python}, {ssl.OPENSSL_VERSION}.")


def _state(settings: Settings) -> Finding:
    """The state folder can be written"""
    settings.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    path, content = settings.state / "self-check", secrets.token_bytes(64)
    write_atomically(path, content, mode=0o600)
    same = path.read_bytes() == content
    path.unlink()
    text = f"{settings.state} can be written and read."
    return Finding("ok", text) if same else Finding("error", f"{settings.state} gives other bytes.")


def _room(settings: Settings) -> Finding:
    """The disk of the state folder"""
    free = shutil.disk_usage(settings.state).free
    level = "ok" if free >= LEAST_FREE else "warning"
    return Finding(level, f"{show_size(free)} free for the agent's own files.")


def _memory(settings: Settings) -> Finding:
    """The memory of runs"""
    path = settings.state / "state.sqlite3"
    with closing(State(settings.state)) as state:
        files, size, _ = state.waiting()
    with closing(sqlite3.connect(path)) as base:
        said = str(base.execute("PRAGMA integrity_check").fetchone()[0])
    if said != "ok":
        return Finding("error", f"{path} is damaged: {said}; remove it, it is made anew.")
    return Finding("ok", f"The memory of runs is sound; {files} files ({show_size(size)}) wait.")


def _work(settings: Settings) -> Finding:
    """The lock"""
    return Finding("ok", "A run is going on." if is_held(settings.state) else "No run is going on.")


def _data(settings: Settings) -> Finding:
    """The data folder can be read"""
    folder = Path(settings.data_directory)
    if not settings.data_directory or not folder.is_dir():
        return Finding("error", f"{settings.data_directory or 'data_directory'} is not a folder.")
    number = sum(1 for _ in folder.iterdir())
    return Finding("ok", f"{folder} can be read: {number} entries.")


def _clock(settings: Settings) -> Finding:
    """The server answers and its clock agrees"""
    with closing(Http(settings.url, timeout=settings.connection_timeout, tls=settings.tls,
                      proxy=proxy_for(settings), retries=0)) as http:  # fmt: skip
        began = time.time()
        try:
            with http.request("GET", "", anonymous=True) as answer:
                date = answer.headers.get("Date", "")
        except Unavailable:
            raise
        except LaganError as error:
            if "answered" not in error.facts:
                raise
            return Finding("ok", f"{http.base} answers; its clock is not known.")
    if not date:
        return Finding("ok", f"{http.base} answers; its clock is not known.")
    skew = parsedate_to_datetime(date).timestamp() - began
    level = "ok" if abs(skew) <= MOST_SKEW else "warning"
    return Finding(level, f"{http.base} answers; its clock differs by {skew:.0f} seconds.")


_CHECKS: tuple[Callable[[Settings], Finding], ...] = (
    _program, _state, _room, _memory, _work, _data, _clock,
)  # fmt: skip
CHECKS = len(_CHECKS)
