"""Headers of the tar members of a batch: POSIX pax, each with its file's SHA-256 and its time in
nanoseconds."""

from __future__ import annotations

BLOCK = 512
END = bytes(2 * BLOCK)
"""Two empty blocks: without them the hub knows that the batch was cut."""

_LONGEST = 100
"""Bytes of a name in a ustar header; a longer one, or one beyond ASCII, goes into the pax
records."""


def header(name: str, size: int, mtime_ns: int, sha256: str) -> bytes:
    """Everything before the content of a member (IEEE Std 1003.1, pax interchange format).

    `size` in bytes, `mtime_ns` since the epoch, `sha256` in hex.
    """
    seconds, nanos = divmod(mtime_ns, 1_000_000_000)
    stamp = f"{seconds}.{nanos:09d}" if mtime_ns >= 0 else _negative(mtime_ns)
    records = _record("LAGAN.sha256", sha256) + _record("mtime", stamp)
    short = name.encode()
    if len(short) > _LONGEST or not name.isascii():
        records += _record("path", name)
        short = b"%s" % sha256.encode()
    if size >= 8**11:
        records += _record("size", str(size))
    when = min(max(seconds, 0), 8**11 - 1)
    return b"".join(
        (
            _block(b"PaxHeader", len(records), when, b"x"),
            records,
            padding(len(records)),
            _block(short, size if size < 8**11 else 0, when, b"0"),
        )
    )


def padding(size: int) -> bytes:
    """What follows `size` bytes of content up to the next block."""
    return bytes(-size % BLOCK)


def _record(key: str, value: str) -> bytes:
    """`<length> key=value\\n` where the length counts its own digits."""
    body = f" {key}={value}\n".encode()
    length = len(body) + 1
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return b"%d%s" % (length, body)


def _block(name: bytes, size: int, mtime: int, kind: bytes) -> bytes:
    head = b"%-100s0000644\x000000000\x000000000\x00%011o\x00%011o\x00" % (b"", size, mtime)
    head = name.ljust(_LONGEST, b"\x00") + head[_LONGEST:]
    tail = kind + bytes(100) + b"ustar\x0000" + bytes(64) + b"0000000\x000000000\x00" + bytes(167)
    total = sum(head) + sum(tail) + 8 * 32
    return head + b"%06o\x00 " % total + tail


def _negative(mtime_ns: int) -> str:
    seconds, nanos = divmod(-mtime_ns, 1_000_000_000)
    return f"-{seconds}.{nanos:09d}"
