"""Names as the archive can hold them: UTF-8, or reported in a form that can be shown."""

from __future__ import annotations

import os

LONGEST = 4096
"""Bytes of a relative path that the archive is asked to keep."""


def trouble(name: str) -> str | None:
    """Why the archive cannot hold this name or relative path; None when it can."""
    if name.isascii():
        return None if len(name) <= LONGEST else f"its path is longer than {LONGEST} bytes"
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    return None if length <= LONGEST else f"its path is longer than {LONGEST} bytes"


def shown(name: str) -> str:
    """The name for people and for reports: bytes that are not UTF-8 and control characters become
    escapes."""
    if name.isprintable():
        return name
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
