"""fetch.txt: files that are not in the bag but somewhere else (RFC 8493, 2.2.3). Nothing is ever
fetched here."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from lagan.bag.manifest import Manifest, decode_path, path_objection
from lagan.bag.verdict import Findings

FILE = "fetch.txt"
_LINE = re.compile(r"([^ \t]+)[ \t]+(\d{1,20}|-)[ \t]+(.+)", re.DOTALL | re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")


def check_fetch(
    lines: list[str],
    sizes: Mapping[str, int],
    manifests: Sequence[Manifest],
    found: Findings,
    *,
    strict: bool,
) -> int:
    """Hold every line against what is in the bag: each file listed must be there. The number of
    lines. `sizes` are of all files in the bag, in bytes."""
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match is None:
            found.error("fetch-line", FILE, f"Line {number} is not `URL LENGTH PATH`.")
            continue
        if not _URI.fullmatch(match[1]):
            found.error("fetch-line", FILE, f"Line {number} does not begin with an absolute URI.")
        path = decode_path(match[3], strict=strict)
        if path_objection(path) is not None or not path.startswith("data/"):
            found.error("fetch-path", FILE, f"Line {number} names no file beneath data/.")
            continue
        _check_listed(path, [each.entries for each in manifests], found, strict=strict)
        _check_there(path, match[2], sizes, found)
    return len(lines)


def _check_listed(
    path: str, listings: Sequence[Collection[str]], found: Findings, *, strict: bool
) -> None:
    listed = [path in listing for listing in listings]
    if not (all(listed) if strict else any(listed)):
        found.error("fetch-unlisted", path, "fetch.txt lists it, but not every payload manifest.")


def _check_there(path: str, length: str, sizes: Mapping[str, int], found: Findings) -> None:
    if path not in sizes:
        found.error("fetch-incomplete", path, "It was to be fetched and is not in the bag.")
    elif length != "-" and int(length) != sizes[path]:
        found.error(
            "fetch-length", path, f"fetch.txt tells {length} bytes, but it has {sizes[path]}."
        )
