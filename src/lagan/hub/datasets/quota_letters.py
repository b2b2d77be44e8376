"""Letters to the administrators of a group that nears the end of its quota."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from lagan.hub.accounts import queries as accounts
from lagan.hub.accounts.post import leave, ready
from lagan.hub.audit.rules import EventRow
from lagan.hub.base.actors import SYSTEM
from lagan.hub.datasets.quotas import QuotaRow, quota
from lagan.hub.tree import queries as tree
from lagan.kit.errors import NotFound

KIND = "quota"


def ask(events: Sequence[EventRow]) -> None:
    """Leave a letter for each administrator of each group that reached a level, if letters can
    leave at all. Safe to repeat: the letter says how things are when it leaves."""
    for each in events if ready() else ():
        if each.subject is not None:
            for user in administrators(each.subject):
                leave(KIND, {"user": user, "group": each.subject})


def administrators(group: int) -> list[int]:
    """The USER entities that are granted GROUP_CHANGE at the group itself, by name or by a role
    that they are members of. Those of the groups above have enough to read."""
    waiting = [
        subject
        for subject, (granted, _denied) in tree.grants_on(group).items()
        if "GROUP_CHANGE" in granted
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
    """The letter; None when there is nothing to tell any more, or nobody to tell it to."""
    row = tree.rows([facts["user"]]).get(facts["user"])
    user = accounts.find_user(username=row.name) if row is not None else None
    if user is None or not user.is_active or not user.email:
        return None
    try:
        now = quota(SYSTEM, facts["group"])
    except NotFound:
        return None
    if not now.level:
        return None
    subject = _("The quota of %(name)s") % {"name": now.name}
    return EmailMessage(" ".join(subject.split()), body(now), to=[user.email])


def body(now: QuotaRow) -> str:
    """What the letter says."""
    told = {"name": now.name, "path": now.path, "level": now.level}
    if now.level >= 100:
        lines = [_("The quota of the group %(name)s (%(path)s) is used up.") % told]
        lines += [_("New files are refused until there is room.")]
    else:
        first = _("The group %(name)s (%(path)s) has used more than %(level)s %% of its quota.")
        lines = [first % told]
    for allowed, used, form in (
        (now.bytes, now.used_bytes, _("%(used)s of %(allowed)s bytes")),
        (now.files, now.used_files, _("%(used)s of %(allowed)s files")),
    ):
        if allowed is not None:
            lines.append(form % {"used": used, "allowed": allowed})
    if settings.CONFIG.address:
        lines += ["", f"{settings.CONFIG.address}/quotas/{now.group}/"]
    return "\n".join(lines) + "\n"
