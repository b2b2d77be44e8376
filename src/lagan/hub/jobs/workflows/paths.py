"""What paths a workflow may be asked for with: absolute ones of a site, as bytes decoded with
surrogates for what is no UTF-8; no disk is looked at."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import Any

from lagan.hub.jobs.rules import apart
from lagan.kit.paths import PATH_LIMIT

_SHOWN = 5
_SLASHES = re.compile(r"/(?:\.?/)+")


def settle(given: Any, *, walked: bool) -> tuple[list[str], list[str]]:
    """The paths in one way of writing, each once, and reasons against them. If they are `walked`,
    what lies beneath another of them is left out: the walk finds it anyway, and a path has one
    outcome."""
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        return [], ["A list of at least one path is expected."]
    odd = [(path, said) for path in given if (said := _objection(path))]
    if odd:
        reasons = [f"{_show(path)}: {said}" for path, said in odd[:_SHOWN]]
        return [], reasons + ([f"And {len(odd) - _SHOWN} more."] if len(odd) > _SHOWN else [])
    return apart((plain(path) for path in given), walked=walked), []


def plain(path: str) -> str:
    """An absolute path without doubled slashes, single dots and a slash at its end."""
    text = _SLASHES.sub("/", path + "/")
    return text[:-1] or "/"


def common(paths: Sequence[str]) -> str:
    """The folder that all of `paths` lie in: of one path itself, `/` of none. What a walk of that
    one path finds lies beneath it; if it is a file, it is its own folder."""
    return posixpath.commonpath(paths) if paths else "/"


def _objection(path: Any) -> str | None:
    if not isinstance(path, str) or not path.startswith("/"):
        return "An absolute path is expected, as /data/run1."
    if "\0" in path:
        return "No path has a NUL."
    if ".." in path.split("/"):
        return "A path has no `..`."
    try:
        size = len(path.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return "Bytes that are no UTF-8 are written as \\udc80 to \\udcff."
    return "This is longer than any path can be." if size > PATH_LIMIT else None


def _show(path: Any) -> str:
    shown = ascii(path)
    return shown if len(shown) <= 120 else shown[:117] + "..."
