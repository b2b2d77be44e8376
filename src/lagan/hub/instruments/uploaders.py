"""Records of uploaders: what they say of themselves, their settings, and what they told of their
work."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.instruments.facilities import MANAGES, instrument, require_manager
from lagan.hub.instruments.models import Setting, Uploader
from lagan.hub.tree import queries as tree
from lagan.kit.errors import BadInput, Forbidden, NotFound, NotSignedIn, TooLarge

SECRETS = frozenset({"api_key", "password", "private_key"})
"""Settings that are dropped before anything is stored."""
MOST_SETTINGS, MOST_FACTS, LONGEST = 500, 60, 4000
MOST_PROBLEMS = 1000
_STEP = timedelta(minutes=1)
"""How exactly it is kept when an uploader was last heard."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an uploader found, sent and could not send in its last run; `problems` are path and
    reason, at most 1,000 of them."""

    found: int
    sent: int
    failed: int
    problems: Sequence[tuple[str, str]] = ()


def known(by: Actor) -> QuerySet[Uploader]:
    """The uploaders of facilities that the actor manages, and those that it made itself."""
    mine = Q() if by.is_system else Q(creator=by.entity) if by.entity is not None else Q(pk__in=[])
    places = tree.within(tree.allowed(by, MANAGES), "facility__path")
    return Uploader.objects.filter(mine | places).order_by("id")


def may_use(by: Actor, row: Uploader) -> bool:
    """Whether the actor speaks for the uploader."""
    return known(by).filter(pk=row.pk).exists()


def uploader(by: Actor, id: int) -> Uploader:
    """One of them. NotFound."""
    found = known(by).filter(pk=id).first() if 0 <= id < 2**63 else None
    if found is None:
        raise NotFound(f"There is no uploader {id}.", uploader=id)
    return found


def named(by: Actor, uuid: str) -> Uploader | None:
    """The one with this identifier; None when there is none, or it is not the actor's to know."""
    return known(by).filter(uuid=uuid.replace("\x00", "")).first()


@transaction.atomic
def note_uploader(
    *,
    by: Actor,
    uuid: str,
    name: str = "",
    facts: Mapping[str, Any],
    instrument_id: int | None = None,
    address: str = "",
) -> Uploader:
    """Take down what an uploader says of itself; new when its identifier is. For who manages a
    facility. Forbidden for an identifier that somebody else's uploader has."""
    require_manager(by)
    if by.entity is None:
        raise NotSignedIn("Sign in first.")
    if not 8 <= len(uuid) <= 64 or not uuid.isprintable():
        raise BadInput("An uploader has an identifier of 8 to 64 characters.", field="uuid")
    now = timezone.now()
    row = Uploader.objects.select_for_update().filter(uuid=uuid).first()
    if row is not None and not may_use(by, row):
        raise Forbidden("There is an uploader of that identifier elsewhere.")
    if row is None:
        row = Uploader(uuid=uuid, creator_id=by.entity, created_at=now)
    fresh = row.pk is None
    row.name, row.facts, row.address = name[:300], _clean(facts), address[:64]
    row.updated_at = row.seen_at = now
    if instrument_id is not None:
        found = instrument(by, instrument_id)
        row.instrument_id, row.facility_id = found.id, found.facility.id
    row.save()
    if fresh:
        data = {"uploader": row.pk, "uuid": uuid, "name": row.name}
        audit.record(kind=Kind.UPLOADER_ADDED, by=by, subject=row.instrument_id, data=data)
    return row


def _clean(facts: Mapping[str, Any]) -> dict[str, Any]:
    """At most so many facts, each a number or a text of bounded length; no secrets."""
    plain = {
        _text(name)[:100]: _text(value)[:LONGEST] if isinstance(value, str) else value
        for name, value in facts.items()
        if name not in SECRETS and isinstance(value, str | int | float | bool | None)
    }
    told = {name: each for name, each in plain.items() if not _endless(each)}
    return dict(list(told.items())[:MOST_FACTS])


def _text(text: str) -> str:
    """What every database keeps of a text."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _endless(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def heard(row: Uploader, *, fetched: bool = False) -> None:
    """It asked for something just now; `fetched`: for its settings, which the hub had changed."""
    now = timezone.now()
    if fetched:
        Uploader.objects.filter(pk=row.pk).update(settings_fetched_at=now, seen_at=now)
    elif now - row.seen_at > _STEP:
        Uploader.objects.filter(pk=row.pk).update(seen_at=now)


def settings_of(row: Uploader) -> list[Setting]:
    """Its settings, by key."""
    return list(row.settings.order_by("key"))


@transaction.atomic
def note_settings(*, by: Actor, uploader_id: int, pairs: Sequence[tuple[str, str]]) -> Uploader:
    """What somebody saved at the instrument: the last word, until they are changed at the hub.
    Secrets are dropped."""
    row = _locked(by, uploader_id)
    _put(row, pairs)
    row.settings_changed_at, row.seen_at = None, timezone.now()
    row.save(update_fields=["settings_changed_at", "seen_at"])
    return row


@transaction.atomic
def change_settings(*, by: Actor, uploader_id: int, pairs: Sequence[tuple[str, str]]) -> Uploader:
    """What somebody changes at the hub: the uploader takes it over when it asks next."""
    row = _locked(by, uploader_id)
    _put(row, pairs)
    row.settings_changed_at = timezone.now()
    row.save(update_fields=["settings_changed_at"])
    data = {"uploader": row.pk, "keys": sorted({key for key, _ in pairs} - SECRETS)}
    audit.record(kind=Kind.UPLOADER_SETTINGS_CHANGED, by=by, subject=row.instrument_id, data=data)
    return row


@transaction.atomic
def note_report(*, by: Actor, uploader_id: int, report: Report) -> Uploader:
    """What it told of its last run."""
    row = _locked(by, uploader_id)
    problems = [[path[:LONGEST], why[:500]] for path, why in report.problems[:MOST_PROBLEMS]]
    row.report = {
        "found": report.found, "sent": report.sent, "failed": report.failed, "problems": problems,
    }  # fmt: skip
    row.reported_at = row.seen_at = timezone.now()
    row.save(update_fields=["report", "reported_at", "seen_at"])
    return row


def _locked(by: Actor, id: int) -> Uploader:
    return Uploader.objects.select_for_update().get(pk=uploader(by, id).pk)


def _put(row: Uploader, pairs: Sequence[tuple[str, str]]) -> None:
    wanted = {key: value for key, value in pairs if key not in SECRETS}
    if len(wanted) > MOST_SETTINGS or any(len(each) > 65_536 for each in wanted.values()):
        raise TooLarge(f"An uploader has at most {MOST_SETTINGS} settings.")
    if any(not key or len(key) > 100 or "\x00" in f"{key}{value}" for key, value in wanted.items()):
        raise BadInput("A setting has a key of at most 100 characters.", field="settings")
    Setting.objects.bulk_create(
        [Setting(uploader=row, key=key, value=value) for key, value in wanted.items()],
        update_conflicts=True,
        unique_fields=["uploader", "key"],
        update_fields=["value"],
    )
