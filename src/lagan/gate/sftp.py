"""An SFTP server of the least: whoever speaks to it puts files and folders beneath one folder and
sees how far they are; nothing is read, listed, renamed or removed."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

from lagan.gate.packets import (
    Code,
    Kind,
    Reader,
    attributes,
    read_packet,
    text,
    write_packet,
)
from lagan.gate.place import Place
from lagan.kit.errors import BadInput, LaganError

WRITES, CREATES, CUTS, FRESH = 0x2, 0x8, 0x10, 0x20
MOST_OPEN = 64
"""Files that one connection writes at the same time."""


class Server:
    """One connection."""

    def __init__(self, place: Place, source: BinaryIO, target: BinaryIO) -> None:
        self._place, self._source, self._target = place, source, target
        self._open: dict[bytes, int] = {}
        self._count = 0

    def run(self) -> int:
        """Answer until the other side is done; the exit status."""
        try:
            while packet := read_packet(self._source):
                self._answer(*packet)
        except BadInput:
            return 1
        finally:
            for each in self._open.values():
                os.close(each)
        return 0

    def _answer(self, kind: int, body: bytes) -> None:
        fields = Reader(body)
        number = fields.number()
        if kind == Kind.INIT:
            write_packet(self._target, Kind.VERSION, struct.pack(">I", 3))
            return
        try:
            answered, content = self._do(kind, fields)
        except LaganError as refusal:
            answered, content = Kind.STATUS, _status(Code.DENIED, refusal.sentence)
        except FileNotFoundError as error:
            answered, content = Kind.STATUS, _status(Code.NO_SUCH_FILE, _words(error))
        except PermissionError as error:
            answered, content = Kind.STATUS, _status(Code.DENIED, _words(error))
        except OSError as error:
            answered, content = Kind.STATUS, _status(Code.FAILURE, _words(error))
        write_packet(self._target, answered, struct.pack(">I", number) + content)

    def _do(self, kind: int, fields: Reader) -> tuple[Kind, bytes]:
        match kind:
            case Kind.REALPATH:
                return self._name(fields.path())
            case Kind.STAT | Kind.LSTAT:
                return Kind.ATTRS, attributes(self._place.stat(fields.path()))
            case Kind.FSTAT:
                return Kind.ATTRS, attributes(os.fstat(self._descriptor(fields)))
            case Kind.OPEN:
                return Kind.HANDLE, self._begin(fields.path(), fields.number())
            case Kind.WRITE:
                self._write(self._descriptor(fields), fields.long(), fields.data())
            case Kind.CLOSE:
                self._end(fields.data())
            case Kind.MKDIR:
                self._place.make_folder(fields.path())
            case Kind.SETSTAT:
                self._place.stat(fields.path())  # modes here are our own, times come otherwise
            case Kind.FSETSTAT:
                self._descriptor(fields)
            case Kind.READ | Kind.OPENDIR | Kind.REMOVE | Kind.RMDIR | Kind.RENAME:
                return Kind.STATUS, _status(Code.DENIED, "Files are only put here.")
            case _:
                return Kind.STATUS, _status(Code.UNSUPPORTED, "This is not known here.")
        return Kind.STATUS, _status(Code.OK, "")

    def _name(self, path: str) -> tuple[Kind, bytes]:
        below = self._place.relative(path)
        full = f"{self._place.top}/{below}" if below else str(self._place.top)
        return Kind.NAME, struct.pack(">I", 1) + text(full) + text(full) + struct.pack(">I", 0)

    def _begin(self, path: str, flags: int) -> bytes:
        if not flags & WRITES:
            raise PermissionError(13, "Files are only put here.")
        if len(self._open) >= MOST_OPEN:
            raise OSError(24, "Too many files are open.")
        if not flags & CREATES:
            self._place.stat(path)
        cut, fresh = bool(flags & CUTS), bool(flags & CREATES and flags & FRESH)
        descriptor = self._place.create(path, cut=cut, fresh=fresh)
        self._count += 1
        handle = str(self._count).encode()
        self._open[handle] = descriptor
        return struct.pack(">I", len(handle)) + handle

    def _descriptor(self, fields: Reader) -> int:
        found = self._open.get(fields.data())
        if found is None:
            raise OSError(9, "There is no such handle.")
        return found

    def _write(self, descriptor: int, offset: int, data: bytes) -> None:
        if offset >= 2**62:
            raise OSError(27, "Too far.")
        rest = memoryview(data)
        while rest:
            count = os.pwrite(descriptor, rest, offset)
            rest, offset = rest[count:], offset + count

    def _end(self, handle: bytes) -> None:
        found = self._open.pop(handle, None)
        if found is None:
            raise OSError(9, "There is no such handle.")
        os.close(found)


def _status(code: Code, words: str) -> bytes:
    return struct.pack(">I", code) + text(words) + text("en")


def _words(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else "It failed."
