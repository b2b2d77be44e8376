"""Headers of the tar members of a batch: POSIX pax, each with its file's SHA-256 and its time in
nanoseconds."""

from __future__ import annotations

from lagan.kit import tar
from lagan.kit.tar import END, padding

__all__ = ["END", "header", "padding"]


def header(name: str, size: int, mtime_ns: int, sha256: str) -> bytes:
    """Everything before the content of a member (IEEE Std 1003.1, pax interchange format).

    `size` in bytes, `mtime_ns` since the epoch, `sha256` in hex.
    """
    seconds, nanos = divmod(mtime_ns, 1_000_000_000)
    stamp = f"{seconds}.{nanos:09d}" if mtime_ns >= 0 else _negative(mtime_ns)
    records = tar.record("LAGAN.sha256", sha256) + tar.record("mtime", stamp)
    short = name.encode()
    if len(short) > tar.LONGEST_NAME or not name.isascii():
        records += tar.record("path", name)
        short = b"%s" % sha256.encode()
    if size > tar.LARGEST:
        records += tar.record("size", str(size))
    when = min(max(seconds, 0), tar.LARGEST)
    return b"".join(
        (
            tar.header(b"PaxHeader", len(records), when, b"x"),
            records,
            padding(len(records)),
            tar.header(short, size if size <= tar.LARGEST else 0, when, b"0"),
        )
    )


def _negative(mtime_ns: int) -> str:
    seconds, nanos = divmod(-mtime_ns, 1_000_000_000)
    return f"-{seconds}.{nanos:09d}"
