"""Sessions are noted when they begin, so that their owner sees and ends them."""

from __future__ import annotations

from datetime import timedelta

from axes.helpers import get_client_ip_address
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from lagan.hub.accounts import queries
from lagan.hub.accounts.models import User, Visit
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.kit.errors import NotFound

STEP = timedelta(minutes=10)
"""How exactly it is kept when a session was last seen."""
_SEEN = "seen"


def begin_visit(*, user: User, request: HttpRequest, how: str) -> None:
    """Note the session that the request now has; `how` it was signed in (`password`, the name of a
    provider, ...)."""
    request.session.save()  # now it has a key
    key = str(request.session.session_key)
    facts = {"user": user, "how": how[:60], "program": _program(request)}
    facts["address"] = network_address(request)
    Visit.objects.update_or_create(session=key, defaults=facts)
    request.session[_SEEN] = timezone.now().timestamp()


def see_visit(request: HttpRequest) -> None:
    """Keep when the session of this request was last used, to ten minutes."""
    now = timezone.now()
    if now.timestamp() - request.session.get(_SEEN, 0) > STEP.total_seconds():
        Visit.objects.filter(session=request.session.session_key).update(seen=now)
        request.session[_SEEN] = now.timestamp()


def network_address(request: HttpRequest) -> str:
    """Where a request comes from, as the lockout of passwords sees it."""
    return str(get_client_ip_address(request) or "")[:60]


def close_visit(*, session: str) -> None:
    """The session with this key is over: its owner logged out."""
    Visit.objects.filter(session=session).delete()


def rename_visit(*, session: str, to: str | None) -> None:
    """A session goes on under another key."""
    Visit.objects.filter(session=session).update(session=to)


@transaction.atomic
def end_visit(*, by: Actor, visit: int) -> None:
    """Sign one's own session out, wherever it is."""
    found = queries.visits(by).filter(id=visit).first()
    if found is None:
        raise NotFound(f"There is no session {visit}.", id=visit)
    end_visits(found.user, only=found.session)
    record(kind=Kind.SESSIONS_ENDED, by=by, subject=by.entity, data={"sessions": 1})


@transaction.atomic
def end_other_visits(*, by: Actor, keep: str | None) -> int:
    """Sign one's own sessions out but the one whose key is `keep`; how many there were."""
    number = end_visits(queries.user_of(by), keep=keep)
    record(kind=Kind.SESSIONS_ENDED, by=by, subject=by.entity, data={"sessions": number})
    return number


def end_visits(user: User, *, keep: str | None = None, only: str | None = None) -> int:
    """Take the rows of a user's sessions away, and the sessions with them."""
    rows = Visit.objects.filter(user=user).exclude(session=keep or "")
    if only is not None:
        rows = rows.filter(session=only)
    keys = list(rows.values_list("session", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    rows.delete()
    return len(keys)


def forget_visits() -> None:
    """Rows of sessions that are over."""
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    Visit.objects.exclude(session__in=alive).delete()


def _program(request: HttpRequest) -> str:
    text = request.headers.get("User-Agent", "")[:300].replace("\x00", "\ufffd")
    return text.encode(errors="replace").decode()
