"""Events, what they happened to and who did them, as PREMIS 3.0 in XML.

Source: PREMIS Data Dictionary for Preservation Metadata, version 3.0, and its XML schema: the
semantic units, their order and how often each comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from lagan import __version__
from lagan.hub.audit.rules import EventRow, Sealed, canonical
from lagan.hub.evidence.premis_terms import AUTHORITY, TERMS

NAMESPACE = "http://www.loc.gov/premis/v3"
ENTITY, FILE, EVENT, ACTOR, HUB = "Lagan entity", "Lagan file", "Lagan event", "Lagan actor", "UUID"
_BEGINNING = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<premis xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' version="3.0">\n'
)
# What XML 1.0 has no word for.
_UNTOLD = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(
    hub: str, events: Iterable[Sealed], thing: Mapping[str, Any] | None = None
) -> Iterator[str]:
    """The pieces of a document about these events, which are held in memory. `thing` is the
    certificate of what they happened to (`certificate.make_certificate`): then its files are told
    as well, and events are linked to those."""
    rows = list(events)
    files = {each["id"] for each in thing["files"]} if thing else set()
    yield _BEGINNING
    yield _object("intellectualEntity", _id("object", HUB, hub), originalName=f"Lagan hub {hub}")
    yield from _entities(rows, thing)
    if thing:
        yield from (_file(each, thing["about"]["id"]) for each in thing["files"])
    yield from (_event(each, hub, files) for each in rows)
    yield from _agents(each.row for each in rows)
    yield "</premis>\n"


def _entities(rows: Iterable[Sealed], thing: Mapping[str, Any] | None) -> Iterator[str]:
    subjects = {each.row.subject for each in rows if each.row.subject is not None}
    named: dict[int, str] = {}
    if thing:
        named[thing["about"]["id"]] = str(thing["about"].get("name", ""))
    for subject in sorted(subjects | set(named)):
        name = {"originalName": named[subject]} if named.get(subject) else {}
        yield _object("intellectualEntity", _id("object", ENTITY, str(subject)), **name)


def _file(told: Mapping[str, Any], entity: int) -> str:
    fixity = [
        _unit("fixity", _text("messageDigestAlgorithm", shown), _text("messageDigest", told[name]))
        for name, shown in (("sha256", "SHA-256"), ("blake3", "BLAKE3"), ("crc32c", "CRC-32C"))
        if name in told
    ]
    unknown = _unit(
        "format", _unit("formatDesignation", _text("formatName", "application/octet-stream"))
    )
    storage = [
        _unit(
            "storage",
            _unit(
                "contentLocation",
                _text("contentLocationType", "Lagan volume"),
                _text("contentLocationValue", copy["volume"]),
            ),
        )
        for copy in told["copies"]
    ]
    part = _unit(
        "relationship",
        _text("relationshipType", "structural"),
        _text("relationshipSubType", "is part of"),
        _id("relatedObject", ENTITY, str(entity)),
    )
    size = _text("size", str(told["size"]))
    return _object(
        "file",
        _id("object", FILE, told["id"]),
        _unit("objectCharacteristics", *fixity, size, unknown),
        _text("originalName", told["path"]),
        *storage,
        part,
    )


def _event(sealed: Sealed, hub: str, files: set[str]) -> str:
    row = sealed.row
    subject = (ENTITY, str(row.subject)) if row.subject is not None else (HUB, hub)
    linked = [each for each in _files_of(row) if each in files]
    detail = _unit("eventDetail", escape(_clean(f"{row.kind} {canonical(row.data)}")))
    seal = _text("eventOutcomeDetailNote", f"Sealed as event {row.sequence}: {sealed.hash}")
    outcome = _unit("eventOutcomeDetail", seal)
    return _unit(
        "event",
        _id("event", EVENT, f"{hub}/{row.sequence}"),
        _type(row.kind),
        _text("eventDateTime", row.at.isoformat()),
        _unit("eventDetailInformation", detail),
        _unit("eventOutcomeInformation", _text("eventOutcome", _outcome(row)), outcome),
        _id("linkingAgent", *_agent_of(row), _text("linkingAgentRole", "implementer")),
        _id("linkingObject", *subject),
        *(_id("linkingObject", FILE, each) for each in linked),
    )


def _files_of(row: EventRow) -> list[str]:
    told = row.data.get("files", ())
    return [each for each in told if isinstance(each, str)] if isinstance(told, list) else []


def _outcome(row: EventRow) -> str:
    failed = TERMS.get(row.kind) == "fixity check"
    return "fail" if failed else row.result


def _type(kind: str) -> str:
    if kind in TERMS:
        return _unit(
            "eventType", escape(TERMS[kind]), authority="eventType", authorityURI=AUTHORITY
        )
    return _unit("eventType", escape(kind), authority="Lagan")


def _agents(rows: Iterable[EventRow]) -> Iterator[str]:
    """Each once. What the hub did by itself was done by the program."""
    for (kind, value), name in sorted({_agent_of(row): row.actor for row in rows}.items()):
        own = name in ("", "system")
        version = [_text("agentVersion", __version__)] if own else []
        yield _unit(
            "agent",
            _id("agent", kind, value),
            _text("agentName", "Lagan" if own else name),
            _text("agentType", "software" if own else "person"),
            *version,
        )


def _agent_of(row: EventRow) -> tuple[str, str]:
    if row.actor_entity is not None:
        return ENTITY, str(row.actor_entity)
    return ACTOR, row.actor or "system"


def _object(kind: str, *parts: str, **texts: str) -> str:
    inner = "".join([*parts, *(_text(name, text) for name, text in texts.items())])
    return f'<object xsi:type="{kind}">{inner}</object>\n'


def _id(of: str, kind: str, value: str, *more: str) -> str:
    name = f"{of}Identifier"
    return _unit(name, _text(f"{name}Type", kind), _text(f"{name}Value", value), *more)


def _text(name: str, text: str) -> str:
    return _unit(name, escape(_clean(text)))


def _unit(name: str, *inner: str, **attributes: str) -> str:
    told = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    end = "\n" if name in ("event", "agent") else ""
    return f"<{name}{told}>{''.join(inner)}</{name}>{end}"


def _clean(text: str) -> str:
    return _UNTOLD.sub("\ufffd", text)
