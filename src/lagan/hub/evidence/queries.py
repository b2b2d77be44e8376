"""The record as somebody may read it: the own acts, what happened to entities whose log one may
read, everything for who may read the log of the whole tree."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.audit import queries as audit
from lagan.hub.audit.queries import Asked, Sight
from lagan.hub.audit.rules import EventRow
from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page
from lagan.hub.evidence.certificate import facts_of
from lagan.hub.evidence.certified import certifies as certifies
from lagan.hub.evidence.keys import public_keys as public_keys
from lagan.hub.evidence.keys import signed
from lagan.hub.evidence.parts import About, part
from lagan.hub.evidence.premis import document
from lagan.hub.tree import queries as tree
from lagan.kit.errors import BadInput, NotSignedIn

PART = 10_000
"""Events of one part of an export: what is sent again when it was broken off."""
LARGEST_PART = 100_000
PREMIS_PART = 10_000
"""Events of one PREMIS document: agents and objects are gathered from them first."""


def sight(actor: Actor) -> Sight:
    """How far the actor sees in the record. NotSignedIn for nobody."""
    if actor.is_system:
        return Sight(everything=True)
    if actor.entity is None:
        raise NotSignedIn("Sign in first.")
    everywhere = tree.is_everywhere(tree.allowed(actor, "GROUP_LOG_READ"))
    return Sight(everywhere, actor.entity, tree.readable_logs(actor))


def events(
    actor: Actor, asked: Asked, *, after: str | None = None, size: int = 50
) -> Page[EventRow]:
    """Events that the actor sees, the newest first."""
    return audit.page(sight(actor), asked, after=after, size=size)


def export(actor: Actor, asked: Asked, *, after: int = 0, size: int = PART) -> Iterator[bytes]:
    """One part of the events that the actor sees, as JSON lines (`parts.py`), streamed."""
    seen, size = sight(actor), max(1, min(size, LARGEST_PART))
    wanted = asked.as_json()
    about = About(
        hub=str(archive.hub_id()),
        asked=wanted,
        whole=seen.everything and not wanted,
        by=actor.name,
        at=timezone.now(),
        after=after,
    )
    head = audit.head()
    # One more than is told: whether there is more must be known at the end.
    found = audit.sealed(seen, asked, after=after, upto=head[0], size=size + 1)
    return part(about, found, head, size, signed)


def everything(actor: Actor, asked: Asked) -> Iterator[bytes]:
    """All parts, one after another."""
    after, more = 0, True
    while more:
        line = b""
        for line in export(actor, asked, after=after):
            yield line
        end = json.loads(line)
        after, more = end["next"], end["more"]


def premis(
    actor: Actor, asked: Asked, *, after: int = 0, size: int = PREMIS_PART, files: str = ""
) -> Iterator[str]:
    """Up to `size` sealed events from behind the sequence `after`, as a PREMIS document. With
    `files` (the kind of thing that the subject is, as `dataset`) also the subject's files, for who
    may read it. BadInput for files of no subject."""
    seen, size = sight(actor), max(1, min(size, PREMIS_PART))
    if files and asked.subject is None:
        raise BadInput("Whose files? Name a subject.", field="subject")
    thing = facts_of(actor, files, asked.subject or 0) if files else None
    found = audit.sealed(seen, asked, after=after, upto=audit.head()[0], size=size)
    return document(str(archive.hub_id()), found, thing)
