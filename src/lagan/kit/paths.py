"""Relative names are checked before use, and files beneath a root are opened without following
links."""

from __future__ import annotations

import ctypes
import errno
import os
import re
from functools import lru_cache
from pathlib import Path

from lagan.kit.errors import BadPath

PART_LIMIT = 255
"""Bytes of UTF-8 in one part: what every common filesystem holds."""
PATH_LIMIT = 4096
"""Bytes of UTF-8 in a whole path: Linux's PATH_MAX."""

_DRIVE = re.compile(r"[^/]:(?:\.\.)?(?:[\\/]|\Z)", re.DOTALL)
"""Windows takes whatever stands before the first colon for a drive, if it is one character; `C:..`
is above the folder that is the present one there."""


def check_relative(text: str, *, any_bytes: bool = False, native: bool = False) -> str:
    r"""`text` itself if it is a path that stays beneath any root it is joined to; else BadPath.

    The fact `reason` of the refusal is one of empty, absolute, parent (`..`), dot, empty-part, nul,
    long-part, long, encoding, windows. Backslashes and colons are plain characters, because names
    from POSIX systems have them (`T:300K.dat`); only what would leave its folder when a Windows
    program unpacks it is refused: `..` between backslashes, a leading backslash, a drive (`C:\`,
    `C:..`).
    With `any_bytes` bytes that are no UTF-8 pass, kept as surrogates (PEP 383). With `native`
    every name passes that a file of this system can have, also what only Windows would misread:
    for files that stay where they are.
    """
    surrogates = "surrogateescape" if any_bytes or native else "strict"
    reason = _objection(text, surrogates, native=native)
    if reason is not None:
        raise BadPath(f"Not a relative path ({reason}): {_show(text)}.", reason=reason)
    return text


@lru_cache(maxsize=4096)  # one file is opened by its name many times
def _objection(text: str, surrogates: str, *, native: bool) -> str | None:
    if not text:
        return "empty"
    if text[0] == "/":
        return "absolute"
    if "\0" in text:
        return "nul"
    try:
        length = len(text.encode("utf-8", surrogates))
    except UnicodeEncodeError:
        return "encoding"
    if length > PATH_LIMIT:
        return "long"
    reason = _objection_to_parts(text, short=length <= PART_LIMIT)
    return None if native and reason == "windows" else reason


def _objection_to_parts(text: str, *, short: bool) -> str | None:
    parts = text.split("/")
    if "" in parts:
        return "empty-part"
    if ".." in parts:
        return "parent"
    if "." in parts:
        return "dot"
    if not short and any(len(os.fsencode(part)) > PART_LIMIT for part in parts):
        return "long-part"
    leaves = "\\" in text and (text[0] == "\\" or ".." in re.split(r"[\\/]", text))
    if leaves or _DRIVE.match(text):
        return "windows"
    return None


def _show(text: str) -> str:
    shown = ascii(text)
    return shown if len(shown) <= 120 else shown[:117] + "..."


_OPENAT2 = 437
"""The system call's number, the same on every Linux architecture (since Linux 5.6)."""
_NO_SYMLINKS, _BENEATH = 0x04, 0x08
_ABSENT = {errno.ENOSYS, errno.EPERM}
"""An old kernel, or a sandbox that forbids the call."""


class _OpenHow(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


def _load_syscall() -> ctypes._NamedFuncPointer | None:
    try:
        return ctypes.CDLL(None, use_errno=True).syscall
    except (AttributeError, OSError, TypeError):
        return None


_syscall = _load_syscall()


def open_beneath(
    root: int | str | os.PathLike[str],
    name: str,
    flags: int,
    mode: int = 0o666,
    *,
    any_bytes: bool = False,
    native: bool = False,
) -> int:
    """A new descriptor for `name` beneath the folder `root`, never through a link and never
    outside.

    `root` is a path or an open folder's descriptor (left open). `flags` and `mode` are those of
    `os.open`; O_CLOEXEC is added. BadPath where a link or mount trick stands in the way or the name
    is not relative (`any_bytes`, `native` as there); otherwise the OSError of the system.
    """
    check_relative(name, any_bytes=any_bytes, native=native)
    if isinstance(root, int):
        return _open(root, name, flags | os.O_CLOEXEC, mode)
    folder = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return _open(folder, name, flags | os.O_CLOEXEC, mode)
    finally:
        os.close(folder)


def _open(folder: int, name: str, flags: int, mode: int) -> int:
    try:
        return _open_at_once(folder, name, flags, mode)
    except OSError as error:
        if error.errno in _ABSENT:
            return _open_part_by_part(folder, name, flags, mode)
        if error.errno in (errno.ELOOP, errno.EXDEV):
            raise BadPath(f"A link stands in {_show(name)}.", reason="link") from error
        raise


def _open_at_once(folder: int, name: str, flags: int, mode: int) -> int:
    if _syscall is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    how = _OpenHow(flags, mode if flags & os.O_CREAT else 0, _NO_SYMLINKS | _BENEATH)
    while True:
        descriptor: int = _syscall(
            ctypes.c_long(_OPENAT2),
            folder,
            os.fsencode(name),
            ctypes.byref(how),
            ctypes.sizeof(how),
        )
        if descriptor >= 0:
            return descriptor
        number = ctypes.get_errno()
        if number not in (errno.EAGAIN, errno.EINTR):
            raise OSError(number, os.strerror(number), name)


def _open_part_by_part(folder: int, name: str, flags: int, mode: int) -> int:
    *parents, last = name.split("/")
    here = os.dup(folder)
    try:
        for part in parents:
            below = _open_folder(here, part, name)
            os.close(here)
            here = below
        return os.open(last, flags | os.O_NOFOLLOW, mode, dir_fd=here)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise BadPath(f"A link stands in {_show(name)}.", reason="link") from error
        raise
    finally:
        os.close(here)


def _open_folder(here: int, part: str, name: str) -> int:
    try:
        return os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
    except NotADirectoryError:
        if Path(f"/proc/self/fd/{here}", part).is_symlink():
            raise BadPath(f"A link stands in {_show(name)}.", reason="link") from None
        raise
