"""A policy's report as lines of text, with bars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lagan.cli.reaching import shown
from lagan.kit.sizes import show_size

WIDTH = 30
"""Characters of the longest bar."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_WHY = {
    "not-needed": "not needed: enough is freed without",
    "not-included": "not among the names that are meant",
    "read": "read lately",
    "written": "written lately",
    "small": "too small",
    "owner": "of other people",
    "state": "in another state",
    "away": "migrated already",
    "nothing-to-free": "takes no room",
    "not-full": "on a filesystem that has room",
    "no-file": "links and the like",
    "unreadable": "could not be looked at",
}


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """The whole report."""
    frees, size = show_size(report["frees"]), show_size(report["bytes"])
    yield f"{report['files']} files of {size} would go; that frees {frees}."
    for each in report["filesystems"]:
        after = f"{each['percent']:g} % full, {each['percent_after']:g} % afterwards"
        noted = "" if each["keeps_read_times"] else " (noatime: times of writing count)"
        yield f"{shown(each['path'])}: {after}{noted}"
    if report["limited"]:
        yield "A run is limited to fewer than are wanted; another one would go on."
    for heading, rows in _charts(report):
        yield ""
        yield heading
        yield from _chart(rows, "frees" if report["frees"] else "bytes")
    for heading in ("first", "last"):
        yield ""
        yield f"The {heading} to go"
        yield from (f"  {show_size(e['bytes']):>9}  {shown(e['path'])}" for e in report[heading])
    yield ""
    yield "What stays"
    for reason, tally in report["left_out"].items():
        yield f"  {tally['files']:>9} files  {_WHY.get(reason, reason)}"


def bar(value: int, longest: int) -> str:
    """A bar in eighths of a character; one that is there at all is seen."""
    eighths = round(8 * WIDTH * value / longest) if longest else 0
    eighths = max(eighths, 1) if value else 0
    whole, rest = divmod(eighths, 8)
    return _EIGHTHS[8] * whole + (_EIGHTHS[rest] if rest else "")


def _charts(report: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    if not report["files"]:
        return
    yield "Not read for", [(_days(row), row) for row in report["by_age"]]
    yield "Size", [(_sizes(row), row) for row in report["by_size"]]
    yield "Owner", [(_name(row), row) for row in report["by_owner"]]
    yield "Folder", [(_name(row), row) for row in report["by_folder"]]


def _chart(rows: Sequence[tuple[str, Any]], key: str) -> Iterator[str]:
    longest = max((row[key] for _, row in rows), default=0)
    words = max((len(word) for word, _ in rows), default=0)
    for word, row in rows:
        drawn = bar(row[key], longest)
        size = show_size(row[key])
        yield f"  {word:<{words}}  {drawn:<{WIDTH}} {size:>9}  {row['files']} files"


def _days(row: Mapping[str, Any]) -> str:
    if row["below"] is None:
        return f"{row['least']} days and more"
    return f"{row['least']} to {row['below']} days"


def _sizes(row: Mapping[str, Any]) -> str:
    least = f"{row['least'] // 10**6} MB"
    return f"{least} and more" if row["below"] is None else f"{least} to {row['below'] // 10**6} MB"


def _name(row: Mapping[str, Any]) -> str:
    return "all others" if row["name"] is None else shown(row["name"])
