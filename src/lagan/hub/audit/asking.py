"""What somebody asks of the record, and how far somebody sees it; the tree says the latter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet

from lagan.hub.audit.kinds import Kind
from lagan.kit.errors import BadInput
from lagan.kit.times import parse_time

LARGEST_ID = 2**63


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events: of one actor, of one kind or of a thing (`dataset.`), about one entity, from
    `since` to before `until`, with one result. What is empty is not asked."""

    who: str = ""
    kind: str = ""
    subject: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    result: str = ""

    def as_json(self) -> dict[str, Any]:
        """What was asked and nothing else, in JSON's words."""
        given: dict[str, Any] = {"who": self.who, "kind": self.kind, "subject": self.subject}
        given |= {"since": _told(self.since), "until": _told(self.until), "result": self.result}
        return {name: value for name, value in given.items() if value not in ("", None)}


@dataclass(frozen=True, slots=True)
class Sight:
    """How far somebody sees: everything; or the own acts (`actor` is an entity's id) and what is
    about `subjects`, a query of ids."""

    everything: bool
    actor: int | None = None
    subjects: QuerySet[Any, int] | None = None


EVERYTHING = Sight(everything=True)


def asked(given: Mapping[str, str]) -> Asked:
    """Parameters of an address as a question. BadInput names the one that is wrong."""
    return Asked(
        who=_text(given, "who"),
        kind=_kind(_text(given, "kind")),
        subject=_id(_text(given, "subject")),
        since=_moment(given, "since"),
        until=_moment(given, "until"),
        result=_text(given, "result"),
    )


def condition(asked: Asked) -> Q:
    """The events that were asked for. `who` in digits is the id of an entity, else a name."""
    found = Q()
    if asked.who:
        digits = asked.who.isdecimal() and asked.who.isascii()
        found &= Q(actor_entity=_id(asked.who)) if digits else Q(actor=asked.who)
    if asked.kind:
        one = not asked.kind.endswith(".")
        of_thing = [each.value for each in Kind if each.value.startswith(asked.kind)]
        found &= Q(kind=asked.kind) if one else Q(kind__in=of_thing)
    if asked.subject is not None:
        found &= Q(subject=asked.subject)
    if asked.since:
        found &= Q(at__gte=asked.since)
    if asked.until:
        found &= Q(at__lt=asked.until)
    if asked.result:
        found &= Q(result=asked.result)
    return found


def seen(sight: Sight) -> Q:
    """The events that somebody sees."""
    if sight.everything:
        return Q()
    if sight.actor is None:
        return Q(pk__in=())
    own = Q(actor_entity=sight.actor)
    return own if sight.subjects is None else own | Q(subject__in=sight.subjects)


def _text(given: Mapping[str, str], name: str) -> str:
    value = given.get(name, "").strip()
    if "\x00" in value or len(value) > 200 or not value.isprintable():
        raise BadInput(f"{name} is not what events have: {value[:60]!a}.", field=name)
    return value


def _kind(text: str) -> str:
    things = {each.value.partition(".")[0] + "." for each in Kind}
    if text and text not in things and text not in set(Kind):
        raise BadInput(f"There is no kind of event {text[:60]!a}.", field="kind")
    return text


def _id(text: str) -> int | None:
    if not text:
        return None
    if not (text.isdecimal() and text.isascii()) or int(text[:30]) >= LARGEST_ID:
        raise BadInput(f"Not the id of an entity: {text[:60]!a}.", field="subject")
    return int(text)


def _moment(given: Mapping[str, str], name: str) -> datetime | None:
    text = _text(given, name)
    if not text:
        return None
    try:
        return datetime.fromtimestamp(parse_time(text), UTC)
    except (BadInput, ValueError, OverflowError, OSError):
        raise BadInput(f"{name} is not a time: {text[:60]!a}.", field=name) from None


def _told(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""
