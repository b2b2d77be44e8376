"""Where things are on a volume, and which names objects may have."""

from __future__ import annotations

import re

from lagan.kit.errors import BadPath
from lagan.kit.paths import check_relative

OWN = ".lagan/"
"""What a volume says about itself; everything else on it are objects."""
INCOMING = ".lagan/incoming"
IDENTITY = ".lagan/volume.json"
README = ".lagan/README.txt"
JOURNAL = ".lagan/journal/"
SNAPSHOTS = ".lagan/snapshots/"
ANCHORS = ".lagan/anchors/"

PIECE = 1 << 20
"""Bytes read at once: 64 KiB costs two to three times the CPU, more than 2 MiB falls out of the
cache."""

UNFINISHED = b" #torn\n"
"""Ends a line that was cut by a crash before the next append; readers pass such lines over."""

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,127}")


def check_object(name: str) -> str:
    """`name` if an object may be called so: relative, printable, no hidden part; else BadPath."""
    check_relative(name)
    if name[0] == "." or "/." in name:
        raise BadPath(f"Hidden parts are not for objects: {name!a}.", reason="hidden")
    return _check_printable(name)


def check_own(name: str) -> str:
    """`name` if it lies beneath `.lagan/` and has no other hidden part; else BadPath."""
    check_relative(name)
    if not name.startswith(OWN) or "/." in name:
        raise BadPath(f"Not beneath {OWN}: {name!a}.", reason="place")
    return _check_printable(name)


def check_any(name: str) -> str:
    """`name` if it is either of the two; else BadPath."""
    return check_own(name) if name.startswith(OWN) else check_object(name)


def check_key(key: str) -> str:
    """`key` if it is letters, digits and dashes, at most 128; else BadPath."""
    if not _KEY.fullmatch(key):
        raise BadPath(f"Not a key of letters, digits and dashes: {key!a}.", reason="key")
    return key


def _check_printable(name: str) -> str:
    if not name.isprintable():
        raise BadPath(f"Not printable: {name!a}.", reason="unprintable")
    return name
