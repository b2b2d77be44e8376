"""An export as a file, written part by part; one that was broken off goes on behind its last whole
part."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

from lagan.kit.errors import BadInput, Unavailable

Part = Callable[[int], Iterable[bytes]]
_BEGINNING = b'{"after":'


def write_export(path: Path, part: Part, asked: dict[str, Any]) -> int:
    """Write the parts that `part(after)` gives until there is no more; the number of events added.

    A file that is there is gone on with. BadInput, and it stays as it is, when it is not an export
    of the same; Unavailable when it cannot be written.
    """
    try:
        with path.open("r+b" if path.exists() else "w+b") as file:
            after, more, written = _whole_parts(file, asked), True, 0
            while more:
                end = _write(file, part(after))
                after, more, written = end["next"], end["more"], written + end["end"]
            return written
    except OSError as error:
        raise Unavailable(f"Cannot write {path}: {error.strerror}.") from None


def _write(file: IO[bytes], lines: Iterable[bytes]) -> dict[str, Any]:
    """The end of the part that was written; it is on stable storage."""
    line = b""
    for line in lines:
        file.write(line)
    file.flush()
    os.fsync(file.fileno())
    end: dict[str, Any] = json.loads(line)
    return end


def _whole_parts(file: IO[bytes], asked: dict[str, Any]) -> int:
    """What the last whole part ended at; what comes behind it is cut off."""
    if file.read(len(_BEGINNING)) not in (b"", _BEGINNING):
        raise BadInput(f"{file.name} is no export; give another name.")
    after = kept = place = file.seek(0)
    for line in file:
        place += len(line)
        if line.startswith(_BEGINNING) and line.endswith(b"\n"):
            _require_same(file, json.loads(line), asked)
        if line.startswith(b'{"end":') and line.endswith(b"\n"):
            after, kept = json.loads(line)["next"], place
    file.seek(kept)
    file.truncate()
    return after


def _require_same(file: IO[bytes], about: dict[str, Any], asked: dict[str, Any]) -> None:
    if about.get("lagan") != "record" or about.get("asked") != asked:
        raise BadInput(f"{file.name} is an export of something else; give another name.")
