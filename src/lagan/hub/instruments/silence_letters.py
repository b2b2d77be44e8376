"""Letters to those who manage a facility when one of its instruments falls silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lagan.hub.accounts import queries as accounts
from lagan.hub.accounts.post import leave, ready
from lagan.hub.audit.feed import Reaction
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.rules import EventRow
from lagan.hub.instruments.facilities import MANAGES
from lagan.hub.instruments.hearing import heard
from lagan.hub.instruments.models import Watch
from lagan.hub.tree import queries as tree

KIND = "instrument-silent"


def ask(events: Sequence[EventRow]) -> None:
    """Leave a letter for each manager of the facility of each instrument that fell silent, if
    letters can leave at all. Safe to repeat: the letter says how things are when it leaves."""
    silent = [each.subject for each in events if each.subject is not None] if ready() else []
    for instrument in tree.rows(silent).values():
        for user in managers(instrument.parent):
            leave(KIND, {"user": user, "instrument": instrument.id})


REACTION = Reaction("instruments.silence-letters", frozenset({Kind.INSTRUMENT_SILENT}), ask)


def managers(facility: int) -> list[int]:
    """The USER entities that were granted the say over instruments at the facility itself, by name
    or by a role that they are members of."""
    waiting = [
        subject
        for subject, (granted, _denied) in tree.grants_on(facility).items()
        if MANAGES in granted
    ]
    seen: set[int] = set()
    while waiting:
        subject = waiting.pop()
        if subject not in seen:
            seen.add(subject)
            waiting += [member.id for member in tree.members(subject)]
    rows = tree.rows(sorted(seen))
    return sorted(row.id for row in rows.values() if row.type == "USER")


def write(facts: Mapping[str, Any]) -> EmailMessage | None:
    """The letter; None when the instrument speaks again, or there is nobody to tell it to."""
    rows = tree.rows([facts["user"], facts["instrument"]])
    user, instrument = rows.get(facts["user"]), rows.get(facts["instrument"])
    account = accounts.find_user(username=user.name) if user is not None else None
    if instrument is None or account is None or not account.is_active or not account.email:
        return None
    watch = Watch.objects.filter(pk=instrument.id, silent_since__isnull=False).first()
    if watch is None or watch.hours is None:
        return None
    facility = tree.full_path([instrument.parent])[instrument.parent]
    subject = _("%(name)s has fallen silent") % {"name": instrument.name}
    return EmailMessage(
        " ".join(subject.split()), body(instrument, facility, watch.hours), to=[account.email]
    )


def body(instrument: tree.EntityRow, facility: str, hours: int) -> str:
    """What the letter says."""
    told = {"name": instrument.name, "facility": facility, "hours": hours}
    first = ngettext(
        "Nothing was heard of %(name)s (%(facility)s) for %(hours)s hour.",
        "Nothing was heard of %(name)s (%(facility)s) for %(hours)s hours.",
        hours,
    )
    lines = [first % told]
    if last := heard([instrument.id]).get(instrument.id):
        at = {"at": last.strftime("%Y-%m-%d %H:%M UTC")}
        lines.append(_("It was last heard of on %(at)s.") % at)
    lines.append(_("Look whether its computer is on, and the uploading program on it running."))
    if settings.CONFIG.address:
        lines += ["", f"{settings.CONFIG.address}/instruments/{instrument.id}/"]
    return "\n".join(lines) + "\n"
