"""What a processing plug-in gives back: ours say it with `Result`, those written for the archive
server with an object of their own, which is read here.

Source: reference/ngas-http.md section 12.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lagan.hub.doors.node.wire.reply import Failed

_FILE = {"FILE", "NGAMS_PROC_FILE"}


@dataclass(frozen=True, slots=True)
class Result:
    """Bytes, or a file at a path in the folder of the processing; its type and the name that the
    client is told. `folder` is removed when it was sent."""

    mime_type: str
    name: str
    data: bytes | None = None
    path: Path | None = None
    folder: Path | None = None


def result_of(given: Any) -> Result:
    """The first result in what a plug-in gave back. Failed when there is none."""
    for each in _all(given):
        return each if isinstance(each, Result) else _read(each)
    raise Failed("The processing plug-in gave no result.")


def _all(given: Any) -> Iterable[Any]:
    if isinstance(given, list | tuple):
        return given
    if callable(one := getattr(given, "getResultObject", None)):
        return [one(0)]
    found = getattr(given, "results", None) or getattr(given, "resultObjs", None)
    if isinstance(found, list | tuple):
        return found
    return [] if given is None else [given]


def _read(given: Any) -> Result:
    """A result of the archive server's form: getters, or attributes of the same names."""
    kind = str(_said(given, "ObjDataType") or "").upper()
    content = _said(given, "DataRef")
    if content is None:
        raise Failed("The result of the processing plug-in has no data.")
    mime_type = str(_said(given, "MimeType") or "application/octet-stream")
    folder = _said(given, "ProcDir")
    name = Path(str(_said(given, "RefFilename") or "result")).name
    place = Path(str(folder)) if folder else None
    if kind in _FILE:
        return Result(mime_type, name, path=Path(str(content)), folder=place)
    data = content if isinstance(content, bytes) else str(content).encode()
    return Result(mime_type, name, data=data, folder=place)


def _said(given: Any, name: str) -> Any:
    getter = getattr(given, f"get{name}", None)
    if callable(getter):
        return getter()
    return getattr(given, f"{name[0].lower()}{name[1:]}", None)
