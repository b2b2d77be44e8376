"""A dataset as an RO-Crate 1.1 metadata file, written piece by piece: a million files cost no
memory.

Source: https://w3id.org/ro/crate/1.1. The root comes last, because only then its parts are known;
in a graph the order says nothing.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from lagan.hub.datasets import reach as reaching
from lagan.hub.datasets.description import schema_org
from lagan.hub.datasets.description.facts import Facts, facts
from lagan.hub.datasets.description.people import Person
from lagan.hub.datasets.queries import EntryRow
from lagan.hub.datasets.reach import Reach
from lagan.kit.media_types import media_type

_CONTEXT = ["https://w3id.org/ro/crate/1.1/context", {"sha256": "https://schema.org/sha256"}]
"""The published context does not know sha256."""
_GATHER = 1 << 16
"""Bytes given out at once."""


def crate_pieces(reach: Reach, root: str) -> Iterator[bytes]:
    """The metadata file of what is within reach; `root` is the hub's address."""
    about = facts(reach, root)
    return _gathered(_pieces(reach, about))


def _pieces(reach: Reach, about: Facts) -> Iterator[str]:
    yield f'{{"@context": {_json(_CONTEXT)}, "@graph": [\n'
    for entity in _around(about):
        yield _json(entity) + ",\n"
    with tempfile.SpooledTemporaryFile(4 << 20, mode="w+", encoding="utf-8") as parts:
        for row in reaching.entries(reach) if reach.files else ():
            entity = file_entity(row, reaching.outside(reach, row.path))
            parts.write(_json({"@id": entity["@id"]}) + "\n")
            yield _json(entity) + ",\n"
        parts.seek(0)
        yield _json(root_entity(about))[:-1] + ', "hasPart": ['
        for number, line in enumerate(parts):
            yield (", " if number else "") + line.rstrip("\n")
    yield "]}\n]}\n"


def file_entity(row: EntryRow, path: str) -> dict[str, Any]:
    """A File: its place as a URI reference, size, digest, media type and time."""
    told = {
        "@id": quote(path),
        "@type": "File",
        "name": path.rpartition("/")[2],
        "contentSize": str(row.size),
        "encodingFormat": media_type(path),
        "dateModified": _moment(row.mtime_ns),
        "sha256": row.sha256,
    }
    return {name: value for name, value in told.items() if value}


def root_entity(about: Facts) -> dict[str, Any]:
    """The Dataset itself, without its parts."""
    told = {
        "@id": "./",
        "@type": "Dataset",
        "name": about.title,
        **schema_org.properties(about),
        "description": "\n\n".join(about.descriptions) or about.title,
        "datePublished": _published(about),
        "identifier": about.identifier,
        "url": about.address,
        "funder": [{"@id": f"#funder-{n}"} for n, _ in enumerate(about.funders)],
        "author": [{"@id": _person_id(each)} for each in about.creators],
        "contributor": [{"@id": _person_id(each)} for each in about.contributors],
        "license": {"@id": _license_id(about)},
        "publisher": {"@id": "#publisher"} if about.publisher else "",
        "mentions": {"@id": "#creation"} if about.instrument else "",
        "additionalProperty": [{"@id": each["@id"]} for each in _properties(about)],
    }
    return {name: value for name, value in told.items() if value not in ("", [])}


def _around(about: Facts) -> Iterator[dict[str, Any]]:
    """The descriptor and what the root refers to."""
    yield {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }
    persons = [*about.creators, *about.contributors, *([about.owner] if about.owner else [])]
    for id, each in {_person_id(each): each for each in persons}.items():
        yield {**schema_org.as_person(each), "@id": id}
    if about.publisher:
        yield {"@id": "#publisher", "@type": "Organization", "name": about.publisher}
    for number, name in enumerate(about.funders):
        yield {"@id": f"#funder-{number}", "@type": "Organization", "name": name}
    yield _license(about)
    yield from _creation(about)
    yield from _properties(about)


def _creation(about: Facts) -> Iterator[dict[str, Any]]:
    """The instrument, and that it made the data."""
    if about.instrument is None:
        return
    number, name = about.instrument
    instrument = {"@id": f"#instrument-{number}"}
    yield {**instrument, "@type": "IndividualProduct", "name": name, "serialNumber": str(number)}
    act: dict[str, Any] = {
        "@id": "#creation",
        "@type": "CreateAction",
        "name": f"Taken with {name}",
        "instrument": instrument,
        "result": {"@id": "./"},
        "startTime": about.row.created.isoformat(),
    }
    if about.row.closed:
        act["endTime"] = about.row.closed.isoformat()
    if about.owner:
        act["agent"] = {"@id": _person_id(about.owner)}
    yield act


def _properties(about: Facts) -> Iterator[dict[str, Any]]:
    for key, values in about.others.items():
        for place, value in enumerate(values):
            yield {
                "@id": f"#{quote(key)}-{place}",
                "@type": "PropertyValue",
                "propertyID": key,
                "name": key.lstrip("."),
                "value": value,
            }


def _license(about: Facts) -> dict[str, Any]:
    """RO-Crate wants one of every crate: without it, the truth."""
    if about.license is None:
        name = "No licence was given; ask the owner before reuse."
        return {"@id": _license_id(about), "@type": "CreativeWork", "name": name}
    return {"@id": _license_id(about), "@type": "CreativeWork", "name": about.license.name}


def _license_id(about: Facts) -> str:
    return (about.license.address if about.license else "") or "#license"


def _person_id(each: Person) -> str:
    return each.address or f"#person-{quote(each.name, safe='')}"


def _published(about: Facts) -> str:
    when = about.published or about.row.closed or about.row.created
    return when.date().isoformat()


def _moment(mtime_ns: int) -> str:
    try:
        return datetime.fromtimestamp(mtime_ns // 1_000_000_000, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return ""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _gathered(pieces: Iterator[str]) -> Iterator[bytes]:
    held, size = [], 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _GATHER:
            yield "".join(held).encode()
            held, size = [], 0
    yield "".join(held).encode()
