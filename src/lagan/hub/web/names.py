"""Names of any bytes: as text that a page can show, as text that an address or a form can carry,
and back; pure."""

from __future__ import annotations

import os
from urllib.parse import quote, unquote_to_bytes

from lagan.kit.errors import BadInput

_LONGEST = 65_536  # characters of a carried path; longer ones no filesystem has


def readable(name: str) -> str:
    r"""A name as people read it: what is no text or would break the line as `\xff`, `\n`."""
    if name.isprintable():
        return name
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in name)


def carried(path: str) -> str:
    """A path as ASCII that comes back exactly."""
    return quote(os.fsencode(path), safe="/-_.~ ()[]{}=,;:@!$'*")


def uncarried(text: str) -> str:
    """The path that `carried` was given. BadInput for what is none."""
    path = os.fsdecode(unquote_to_bytes(text)) if len(text) <= _LONGEST else ""
    if not path or "\0" in path:
        raise BadInput("A path is expected here.", field="path")
    return path


def last(path: str) -> str:
    """The name at the end of a path; of `/` that itself."""
    return path.rstrip("/").rpartition("/")[2] or path


def _escaped(letter: str) -> str:
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if 0xD800 <= code <= 0xDFFF:
        return f"\\u{code:04x}"
    return letter.encode("unicode_escape").decode("ascii")
