"""Events, what they happened to and who did them, as PREMIS 3.0 in XML.

Source: PREMIS Data Dictionary for Preservation Metadata, version 3.0, and its XML schema: the
semantic units, their order and how often each comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lagan import __version__
from lagan.hub.audit.rules import EventRow, Sealed, canonical
from lagan.hub.evidence.premis_terms import AUTHORITY, OUTCOMES, TERMS, WRONG
from lagan.hub.evidence.premis_things import entities, file, statements
from lagan.hub.evidence.premis_units import ENTITY, FILE, HUB, identified, object, text, unit

NAMESPACE = "http://www.loc.gov/premis/v3"
EVENT, ACTOR = "Lagan event", "Lagan actor"
_BEGINNING = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<premis xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' version="3.0">\n'
)


def document(
    hub: str, events: Iterable[Sealed], thing: Mapping[str, Any] | None = None
) -> Iterator[str]:
    """The pieces of a document about these events, which are held in memory. `thing` is the
    certificate of what they happened to (`certificate.make_certificate`): then its files are told
    as well, with what is known of rights, and events are linked to those."""
    rows = list(events)
    yield _BEGINNING
    yield object(
        "intellectualEntity", identified("object", HUB, hub), originalName=f"Lagan hub {hub}"
    )
    subjects = {each.row.subject for each in rows if each.row.subject is not None}
    yield from entities(subjects, thing)
    if thing:
        yield from (file(each, thing["about"]["id"]) for each in thing["files"])
    yield from (_event(each, hub, _linked(each.row, thing)) for each in rows)
    yield from _agents(each.row for each in rows)
    yield from statements(thing) if thing else ()
    yield "</premis>\n"


def _event(sealed: Sealed, hub: str, linked: Iterable[str]) -> str:
    row = sealed.row
    subject = (ENTITY, str(row.subject)) if row.subject is not None else (HUB, hub)
    detail = text("eventDetail", f"{row.kind} {canonical(row.data)}")
    seal = text("eventOutcomeDetailNote", f"Sealed as event {row.sequence}: {sealed.hash}")
    outcome = unit("eventOutcomeDetail", seal)
    return unit(
        "event",
        identified("event", EVENT, f"{hub}/{row.sequence}"),
        _type(row.kind),
        text("eventDateTime", row.at.isoformat()),
        unit("eventDetailInformation", detail),
        unit("eventOutcomeInformation", text("eventOutcome", _outcome(row)), outcome),
        identified("linkingAgent", *_agent_of(row), text("linkingAgentRole", "implementer")),
        identified("linkingObject", *subject),
        *(identified("linkingObject", FILE, each) for each in linked),
    )


def _linked(row: EventRow, thing: Mapping[str, Any] | None) -> list[str]:
    """The files of the thing that the event was about: those that it names; of a package, which is
    one file, always that one."""
    files = [each["id"] for each in thing["files"]] if thing else []
    if thing and row.kind.startswith("package."):
        return files if row.subject == thing["about"]["id"] else []
    told = row.data.get("files", ())
    named = {each for each in told if isinstance(each, str)} if isinstance(told, list) else set()
    return [each for each in files if each in named]


def _outcome(row: EventRow) -> str:
    return "fail" if row.kind in WRONG else OUTCOMES.get(row.result, row.result)


def _type(kind: str) -> str:
    if kind in TERMS:
        return text("eventType", TERMS[kind], authority="eventType", authorityURI=AUTHORITY)
    return text("eventType", kind, authority="Lagan")


def _agents(rows: Iterable[EventRow]) -> Iterator[str]:
    """Each once. What the hub did by itself was done by the program."""
    for (kind, value), name in sorted({_agent_of(row): row.actor for row in rows}.items()):
        own = name in ("", "system")
        version = [text("agentVersion", __version__)] if own else []
        yield unit(
            "agent",
            identified("agent", kind, value),
            text("agentName", "Lagan" if own else name),
            text("agentType", "software" if own else "person"),
            *version,
        )


def _agent_of(row: EventRow) -> tuple[str, str]:
    if row.actor_entity is not None:
        return ENTITY, str(row.actor_entity)
    return ACTOR, row.actor or "system"
