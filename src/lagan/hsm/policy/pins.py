"""Pins: the attribute by which a file, or a folder for everything beneath it, says that its content
stays here; for ever, or until a moment.

It moves with the file, and to other sites with its other attributes. One that cannot be read holds
for ever: somebody meant something by it.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass

from lagan.kit.errors import BadInput
from lagan.kit.times import parse_time, show_time

NAME = "user.lagan.pin"
"""Of the attribute."""
EVER = "ever"
"""Its value when the pin has no end; else ISO 8601."""
_NONE = {errno.ENODATA, errno.EOPNOTSUPP}


@dataclass(frozen=True, slots=True)
class Pin:
    """A pin; `until` in seconds since the epoch, None for ever."""

    until: float | None = None

    def holds(self, now: float) -> bool:
        """Whether it still counts."""
        return self.until is None or now < self.until

    def as_text(self) -> str:
        """As the attribute has it."""
        return EVER if self.until is None else show_time(self.until)


def read(file: int | str | bytes | os.PathLike[str]) -> Pin | None:
    """The pin of an open file or folder, or of a path (a link is not followed); None without."""
    try:
        if isinstance(file, int):
            value = os.getxattr(file, NAME)
        else:
            value = os.getxattr(file, NAME, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NONE:
            return None
        raise
    return _pin(value)


def write(descriptor: int, pin: Pin) -> None:
    """Pin what is open, so that it lasts."""
    os.setxattr(descriptor, NAME, pin.as_text().encode())
    os.fsync(descriptor)


def drop(descriptor: int) -> bool:
    """Take the pin away; whether there was one."""
    try:
        os.removexattr(descriptor, NAME)
    except OSError as error:
        if error.errno in _NONE:
            return False
        raise
    os.fsync(descriptor)
    return True


def later(one: Pin | None, other: Pin | None) -> Pin | None:
    """Of a folder's pin and that of something in it the one that holds longer."""
    if one is None or other is None:
        return one or other
    if one.until is None or other.until is None:
        return Pin()
    return max(one, other, key=lambda each: each.until or 0.0)


def _pin(value: bytes) -> Pin:
    with suppress(BadInput, UnicodeDecodeError):
        return Pin(parse_time(value.decode()))
    return Pin()
