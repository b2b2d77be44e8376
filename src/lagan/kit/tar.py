"""The records of a tar archive (IEEE Std 1003.1: ustar headers, pax records), made and read by
hand: a tenth of what tarfile costs, and they can be streamed."""

from __future__ import annotations

from collections.abc import Iterator

from lagan.kit.errors import BadInput

BLOCK = 512
END = bytes(2 * BLOCK)
"""Two empty blocks end an archive: without them a reader knows that it was cut."""
LONGEST_NAME = 100
"""Bytes of a name in a header; a longer one, or one beyond ASCII, goes into a pax record."""
LARGEST = 8**11 - 1
"""The largest size, and the latest time, that eleven octal digits hold."""

_MODE = b"0000644\x000000000\x000000000\x00"
_TAIL = bytes(100) + b"ustar\x0000" + bytes(32 + 32 + 8 + 8 + 155 + 12)
_CONSTANT = sum(_MODE) + sum(_TAIL) + 8 * ord(" ")
"""What all but name, size, time and type add to the checksum, whose own field counts as spaces."""


class NotTar(BadInput):
    """A header or record that no tar archive has."""

    code = "not-tar"


def header(name: bytes, size: int, mtime: int, kind: bytes) -> bytes:
    """A ustar header: at most LONGEST_NAME bytes of name, size in bytes and time in seconds since
    the epoch from 0 to LARGEST, `kind` as `0` for a file or `x` for pax records."""
    numbers = b"%011o\0%011o\0" % (size, mtime)
    checksum = _CONSTANT + sum(name) + sum(numbers) + kind[0]
    return b"%b%b%b%06o\0 %b%b" % (
        name.ljust(LONGEST_NAME, b"\0"), _MODE, numbers, checksum, kind, _TAIL
    )  # fmt: skip


def record(key: str, value: str) -> bytes:
    """A pax record: `<length> <key>=<value>\\n`, the length counting its own digits."""
    rest = f" {key}={value}\n".encode()
    length = len(rest) + len(str(len(rest)))
    length = len(rest) + len(str(length))
    return b"%d%b" % (length, rest)


def padding(size: int) -> bytes:
    """What follows `size` bytes up to the next block."""
    return bytes(-size % BLOCK)


def records(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of pax records. NotTar."""
    at = 0
    while at < len(body):
        space = body.find(b" ", at, at + 12)
        if space < 0 or not body[at:space].isdigit():
            raise NotTar("An extended header is malformed.")
        end = at + int(body[at:space])
        key, equals, value = body[space + 1 : end - 1].partition(b"=")
        if end <= space + 1 or body[end - 1 : end] != b"\n" or not equals:
            raise NotTar("An extended header is malformed.")
        yield key, value
        at = end


def number(field: bytes) -> int:
    """A number of a header: octal digits, or base 256 when its first bit is set (GNU). NotTar."""
    if field[0] & 0x80:
        return int.from_bytes(field, "big") & (1 << 8 * len(field) - 1) - 1
    text = field.strip(b"\0 ")
    try:
        return int(text, 8) if text else 0
    except ValueError:
        raise NotTar("A header holds no number where one belongs.") from None


def check(block: bytes) -> None:
    """NotTar when the header's checksum does not fit."""
    if number(block[148:156]) != sum(block[:148]) + sum(block[156:]) + 8 * ord(" "):
        raise NotTar("A header has a wrong checksum; it is not tar or was damaged.")
