"""A process that gives up what it does not need before it reads a stranger's file: time, memory,
files, network."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

MEMORY = 1536 << 20
"""Bytes of address space: the libraries alone map some 600 MiB."""
SECONDS = 20
"""Of processor time."""

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38  # linux/prctl.h
_NEWUSER, _NEWNET = 0x10000000, 0x40000000  # linux/sched.h
# Landlock (linux/landlock.h): the numbers are the same on every architecture.
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_EVERY = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_TCP = 0b11
_PLACES = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom", "/dev/zero")


def confine(*, memory: int = MEMORY, seconds: int = SECONDS) -> None:
    """Limit this process for good. What the kernel cannot do is left out; the limits always hold.

    Files: only Python's own may be opened, nothing written. Network: none. It ends when its parent
    does.
    """
    for what, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (limit, limit))
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.unshare(_NEWUSER | _NEWNET)
    _keep_to(libc, [*_PLACES, sys.prefix, sys.base_prefix, *sys.path])


def close_files() -> None:
    """Let no further file be opened, whatever the kernel offers; what must be imported has been."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def _keep_to(libc: ctypes.CDLL, places: Iterable[str]) -> None:
    """Landlock: from here on only files beneath `places` can be opened, for reading."""
    version = libc.syscall(_CREATE, None, 0, 1)
    if version < 1:
        return
    handled = _EVERY.get(version, (1 << 16) - 1)
    attributes = struct.pack("<QQ", handled, _TCP)[: 16 if version >= 4 else 8]
    rules = libc.syscall(_CREATE, attributes, len(attributes), 0)
    if rules < 0:
        return
    for place in {each for each in places if each}:
        _allow(libc, rules, place)
    libc.syscall(_RESTRICT, rules, 0)
    os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, place: str) -> None:
    try:
        opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    folder = Path(place).is_dir()
    access = _READ_FILE | (_EXECUTE | _READ_DIR if folder else 0)
    libc.syscall(_ADD, rules, 1, struct.pack("<Qi", access, opened), 0)
    os.close(opened)
