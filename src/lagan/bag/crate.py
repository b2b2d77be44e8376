"""A bag's payload described as an RO-Crate 1.1, piece by piece.

The metadata file is a payload file itself, so that the manifests guard it; it comes after the files
that it describes, and tells of each what was found while it was packed. Source:
https://www.researchobject.org/ro-crate/specification/1.1/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from lagan.bag.errors import Unbaggable
from lagan.kit.media_types import media_type

NAME = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/ro/crate/1.1"
_CONTEXT = [f"{PROFILE}/context", {"sha256": "https://schema.org/sha256"}]
"""The published context does not know sha256."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SPDX = re.compile(r"[A-Za-z0-9.+-]+")
_PERSON = re.compile(r"(?P<name>.*\S)\s*<(?P<id>https?://[^<>\s]+)>")
_GATHER = 1 << 16
"""Bytes given out at once."""


@dataclass(frozen=True, slots=True)
class Crate:
    """What the person who packs says of the data. `authors` are names, maybe with an address, as
    `Ada Lovelace <https://orcid.org/0000-0002-1825-0097>`; `licence` an address, an SPDX id or
    words; `date` the day of publication, ISO 8601 (default: that of the newest file)."""

    name: str
    description: str = ""
    authors: tuple[str, ...] = ()
    licence: str = ""
    publisher: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """A file: its path in the payload, its size in bytes, its SHA-256 in hex, its time of change in
    nanoseconds since the epoch."""

    path: str
    size: int
    sha256: str
    mtime_ns: int | None = None


def check_crate(crate: Crate, times: Mapping[str, int | None]) -> None:
    """Unbaggable for a date that is none, or missing where no file tells one (`times` of change by
    path), and for files that have a description already."""
    if not crate.date and not any(times.values()):
        raise Unbaggable("No file tells when it was changed: say the day of publication.")
    if crate.date:
        try:
            datetime.fromisoformat(crate.date)
        except ValueError:
            raise Unbaggable(f"Not a date for the crate: {crate.date[:40]!r}.") from None
        if not _DATE.match(crate.date):
            raise Unbaggable(f"Not a day for the crate, as 2026-11-22: {crate.date[:40]!r}.")
    if NAME in times:
        raise Unbaggable(f"There is a {NAME} already; it goes into the bag without --crate.")


def crate_pieces(crate: Crate, files: Iterable[Described]) -> Iterator[bytes]:
    """The metadata file of these files, which are gone through twice."""
    held: list[str] = []
    size = 0
    for text in _texts(crate, files):
        held.append(text)
        size += len(text)
        if size >= _GATHER:
            yield "".join(held).encode()
            held, size = [], 0
    yield "".join(held).encode()


def _texts(crate: Crate, files: Iterable[Described]) -> Iterator[str]:
    yield f'{{"@context": {_json(_CONTEXT)}, "@graph": [\n'
    newest = 0
    for entity in _around(crate):
        yield _json(entity) + ",\n"
    for each in files:
        newest = max(newest, each.mtime_ns or 0)
        yield _json(_file(each)) + ",\n"
    yield _json(_root(crate, newest))[:-1] + ', "hasPart": ['
    for number, each in enumerate(files):
        yield (", " if number else "") + _json({"@id": quote(each.path)})
    yield "]}\n]}\n"


def _file(file: Described) -> dict[str, Any]:
    told = {
        "@id": quote(file.path),
        "@type": "File",
        "name": file.path.rpartition("/")[2],
        "contentSize": str(file.size),
        "encodingFormat": media_type(file.path),
        "dateModified": _moment(file.mtime_ns),
        "sha256": file.sha256,
    }
    return {name: value for name, value in told.items() if value}


def _root(crate: Crate, newest: int) -> dict[str, Any]:
    told = {
        "@id": "./",
        "@type": "Dataset",
        "name": crate.name,
        "description": crate.description or crate.name,
        "datePublished": crate.date or _moment(newest)[:10],
        "license": {"@id": _licence(crate)["@id"]},
        "author": [{"@id": each["@id"]} for each in _people(crate)],
        "publisher": {"@id": "#publisher"} if crate.publisher else "",
    }
    return {name: value for name, value in told.items() if value not in ("", [])}


def _around(crate: Crate) -> Iterator[dict[str, Any]]:
    """The descriptor and what the root refers to."""
    yield {
        "@id": NAME,
        "@type": "CreativeWork",
        "conformsTo": {"@id": PROFILE},
        "about": {"@id": "./"},
    }
    yield from _people(crate)
    if crate.publisher:
        yield {"@id": "#publisher", "@type": "Organization", "name": crate.publisher}
    yield _licence(crate)


def _people(crate: Crate) -> list[dict[str, str]]:
    found = {}
    for each in crate.authors:
        match = _PERSON.fullmatch(each.strip())
        name = match["name"] if match else each.strip()
        id = match["id"] if match else f"#person-{quote(name, safe='')}"
        found[id] = {"@id": id, "@type": "Person", "name": name}
    return list(found.values())


def _licence(crate: Crate) -> dict[str, str]:
    """RO-Crate wants one of every crate: without it, the truth."""
    given = crate.licence.strip()
    if re.match("https?://", given):
        return {"@id": given, "@type": "CreativeWork", "name": given}
    if _SPDX.fullmatch(given):
        id = f"https://spdx.org/licenses/{given}"
        return {"@id": id, "@type": "CreativeWork", "name": given}
    name = given or "No licence was given; ask the owner before reuse."
    return {"@id": "#license", "@type": "CreativeWork", "name": name}


def _moment(mtime_ns: int | None) -> str:
    """In UTC to the second; what no calendar has is left out, and a day is needed: the first."""
    if mtime_ns is None:
        return ""
    try:
        return datetime.fromtimestamp(mtime_ns // 1_000_000_000, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return "1970-01-01"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
