"""The kernel's events of a filesystem, as far as a gate needs them: who wants to open or to touch
what, and our answer.

Source: fanotify(7), fanotify_init(2), fanotify_mark(2); linux/fanotify.h.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import struct
import termios
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any

from lagan.hsm.gate.handles import open_again, open_handle

CLASS_PRE_CONTENT, CLASS_NOTIFY, _CLOEXEC = 0x8, 0x0, 0x1
NONBLOCK, UNLIMITED_QUEUE, REPORT_FID = 0x2, 0x10, 0x200
OPEN, ATTRIB, OPEN_PERM, PRE_ACCESS = 0x20, 0x4, 0x10000, 0x100000
OVERFLOW = 0x4000
_ADD, _REMOVE, _FLUSH, _MOUNT, _FILESYSTEM, _EVICTABLE = 0x1, 0x2, 0x80, 0x10, 0x100, 0x200
_IGNORE_SURVIVING = 0x440
"""FAN_MARK_IGNORE_SURV: it outlives writes to the file."""
_ALLOW, _DENY = 1, 2
_AT_FDCWD = -100
_OPEN_TREE = 428
"""The system call's number, the same on every architecture."""
_CLONE_EMPTY_PATH = 0x1 | 0x1000 | os.O_CLOEXEC
_EVENT = struct.Struct("=IBBHQii")
"""Length, version, reserved, length of this, mask, descriptor, process."""
ONE = 48
"""Bytes of one event with the range that it is about: no read takes many, so that one which has to
wait keeps none behind it waiting."""
_MANY = 64 << 10
_FID = struct.Struct("=BBH8xIi")
"""Type, reserved, length, the filesystem, the bytes and the kind of the handle that follows."""
_UNSUPPORTED = {errno.EINVAL, errno.EOPNOTSUPP}
DENIALS = {
    getattr(errno, name)
    for name in ("EPERM", "EIO", "EBUSY", "ETXTBSY", "EAGAIN", "ENOSPC", "EDQUOT")
}
"""What the kernel lets an opener be told; for anything else EIO is."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that `process` wants to do to the file open as `descriptor`, which is ours, raises
    no events itself and is for reading."""

    mask: int
    descriptor: int
    process: int

    @property
    def wants_answer(self) -> bool:
        """Whether somebody waits in the kernel."""
        return bool(self.mask & (OPEN_PERM | PRE_ACCESS))


def _library() -> Any:
    library = ctypes.CDLL(None, use_errno=True)
    library.fanotify_init.argtypes = (ctypes.c_uint, ctypes.c_uint)
    library.fanotify_mark.argtypes = (
        ctypes.c_int, ctypes.c_uint, ctypes.c_uint64, ctypes.c_int, ctypes.c_char_p,
    )  # fmt: skip
    return library


_LIBC = _library()


def _called(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def create(group_class: int, flags: int, event_flags: int) -> int:
    """A new group's descriptor. PermissionError without CAP_SYS_ADMIN."""
    ours = event_flags | os.O_LARGEFILE | os.O_CLOEXEC
    return _called(_LIBC.fanotify_init(group_class | _CLOEXEC | flags, ours))


def _mark(group: int, flags: int, mask: int, path: bytes | None) -> None:
    _called(_LIBC.fanotify_mark(group, flags, mask, _AT_FDCWD, path))


def number_path(descriptor: int) -> bytes:
    """A path that means an open file, O_PATH too."""
    return b"/proc/self/fd/%d" % descriptor


class Group:
    """The group of a gate: permission events of whole filesystems."""

    def __init__(self, descriptor: int | None = None) -> None:
        """A new one, or one that was kept by its `descriptor`."""
        if descriptor is None:
            flags = UNLIMITED_QUEUE
            descriptor = create(CLASS_PRE_CONTENT, flags, os.O_RDONLY | os.O_NOATIME)
        self.descriptor = descriptor

    def watch(self, path: str) -> int:
        """Watch the filesystem that `path` is on; the events that it can tell of, which on some
        filesystems and on Linux before 6.14 is only the opening."""
        for mask in (OPEN_PERM | PRE_ACCESS, OPEN_PERM):
            try:
                _mark(self.descriptor, _ADD | _FILESYSTEM, mask, os.fsencode(path))
            except OSError as error:
                if error.errno in _UNSUPPORTED and mask & PRE_ACCESS:
                    continue
                raise
            return mask
        raise AssertionError

    def unwatch(self, path: str, mask: int) -> None:
        """The opposite of `watch`."""
        _mark(self.descriptor, _REMOVE | _FILESYSTEM, mask, os.fsencode(path))

    def ignore(self, descriptor: int) -> None:
        """No more events of this file, until the kernel needs the memory of knowing it."""
        with suppress(OSError):  # then it is only slower
            self._on_file(_ADD | _EVICTABLE, descriptor)

    def heed(self, descriptor: int) -> None:
        """Have events of this file again."""
        with suppress(FileNotFoundError):
            self._on_file(_REMOVE, descriptor)

    def heed_all(self) -> None:
        """Have events of all files again."""
        _mark(self.descriptor, _FLUSH, 0, b"/")

    def _on_file(self, flags: int, descriptor: int) -> None:
        path = number_path(descriptor)
        try:
            _mark(self.descriptor, flags | _IGNORE_SURVIVING, OPEN_PERM | PRE_ACCESS, path)
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
            _mark(self.descriptor, flags | _IGNORE_SURVIVING, OPEN_PERM, path)

    def read(self) -> list[Event]:
        """The next events, one or two; waits for them. OSError where the kernel could not open the
        file for us; it has refused the opener then."""
        data = os.read(self.descriptor, ONE)
        events, at = [], 0
        while at < len(data):
            length, _, _, _, mask, descriptor, process = _EVENT.unpack_from(data, at)
            events.append(Event(mask, descriptor, process))
            at += length
        return events

    def waiting(self) -> bool:
        """Whether an event waits to be read."""
        count = bytearray(4)
        fcntl.ioctl(self.descriptor, termios.FIONREAD, count)
        return any(count)

    def answer(self, number: int, verdict: int) -> bool:
        """Let who waits for the event with the descriptor `number` go on (0), or refuse with an
        errno of DENIALS. False when nobody waits any more."""
        response = _ALLOW if verdict == 0 else _DENY | (verdict & 0xFF) << 24
        try:
            os.write(self.descriptor, struct.pack("=iI", number, response))
        except FileNotFoundError:
            return False
        except OSError as error:
            if verdict == 0 or error.errno != errno.EINVAL:
                raise
            with suppress(FileNotFoundError):  # a kernel that knows one refusal only
                os.write(self.descriptor, struct.pack("=iI", number, _DENY))
        return True

    def close(self) -> None:
        """Whoever waits is let through."""
        os.close(self.descriptor)


class Attributes:
    """Tells of files whose attributes changed: a marker may have come to one that was known as
    here, from a backup that is restored."""

    def __init__(self, folders: Sequence[int]) -> None:
        """Of the filesystems of these open folders."""
        self._folders = list(folders)
        self._group = create(CLASS_NOTIFY, REPORT_FID | UNLIMITED_QUEUE, os.O_RDONLY)
        for each in self._folders:
            _mark(self._group, _ADD | _FILESYSTEM, ATTRIB, number_path(each))

    def changed(self) -> Iterator[tuple[int, bytes] | None]:
        """Handles, kind and content, of files whose attributes changed just now; None when that
        were too many to tell. Waits for some."""
        data = os.read(self._group, _MANY)
        at = 0
        while at < len(data):
            length, _, _, begin, mask, _, _ = _EVENT.unpack_from(data, at)
            if mask & OVERFLOW:
                yield None
            elif length > begin + _FID.size:
                _, _, _, size, kind = _FID.unpack_from(data, at + begin)
                start = at + begin + _FID.size
                yield kind, data[start : start + size]
            at += length

    def each(self, handle: tuple[int, bytes]) -> Iterator[int]:
        """The file of a handle, open as O_PATH; of each filesystem that knows it."""
        for folder in self._folders:
            with suppress(OSError), open_handle(*handle, folder) as found:
                yield found


class OwnMount:
    """A mount of a filesystem that nobody else has: what is opened by it, the kernel opens once
    more for us, and that descriptor raises no permission events whatever is done by it.

    No mark on the file itself would do: while one goes, the kernel lets openers of the file pass.
    """

    def __init__(self, folder: int) -> None:
        """Of the filesystem that the open `folder` is on."""
        self._tree = _called(_LIBC.syscall(_OPEN_TREE, folder, b"", _CLONE_EMPTY_PATH))
        os.set_inheritable(self._tree, False)
        self._folder = os.open(number_path(self._tree), os.O_DIRECTORY | os.O_CLOEXEC)
        self._group = create(CLASS_NOTIFY, NONBLOCK, os.O_RDWR)
        _mark(self._group, _ADD | _MOUNT, OPEN, number_path(self._tree))
        self._lock = Lock()

    def open(self, descriptor: int) -> int:
        """A new descriptor, for reading and writing, of a file that is open (O_PATH too) by any
        mount. OSError as for opening it; BlockingIOError while somebody has a lease on it."""
        with self._lock:
            os.close(open_again(descriptor, self._folder, os.O_RDONLY | os.O_NONBLOCK))
            return int(_EVENT.unpack_from(os.read(self._group, _EVENT.size))[5])
