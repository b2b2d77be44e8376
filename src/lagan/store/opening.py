"""A location, written the way people and settings write it, becomes a volume."""

from __future__ import annotations

from pathlib import Path

from lagan.store.errors import BadLocation
from lagan.store.memory import MemoryVolume
from lagan.store.posix import PosixVolume
from lagan.store.volume import Volume


def open_volume(location: str, *, spool: str | Path | None = None) -> Volume:
    """The volume at `posix:/path`, a bare absolute or relative path,
    `s3://bucket/prefix?endpoint=...`, `rclone:REMOTE:path`, `memory:name`.

    `spool` is the local folder in which uploads to a bucket or a remote wait (or `?spool=`).
    Credentials come from the environment or rclone's own file, never from the location.
    BadLocation for anything else; NotFound if the
    folder is not there; Unavailable if it cannot be used.
    """
    scheme, colon, rest = location.partition(":")
    if not colon or "/" in scheme:
        return _posix(location)
    if scheme == "posix":
        return _posix(rest)
    if scheme == "memory" and rest:
        return MemoryVolume.named(rest)
    if scheme == "s3":
        from lagan.store.s3 import open_bucket

        return open_bucket(location, spool=spool)
    if scheme == "rclone":
        from lagan.store.rclone import open_remote

        return open_remote(location, spool=spool)
    raise BadLocation(f"Not a location of a volume: {location[:200]!r}.")


def _posix(path: str) -> PosixVolume:
    if not path or "\0" in path:
        raise BadLocation(f"Not a path: {path[:200]!r}.")
    return PosixVolume(path)
