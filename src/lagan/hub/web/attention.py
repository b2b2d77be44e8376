"""The bell: how many packages went wrong since the visitor last looked at what happened to them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from lagan.hub.base.actors import Actor
from lagan.hub.packages import queries
from lagan.hub.web.visitor import visitor

COOKIE = "packages-seen"
"""Who looked, and when: another person in the same browser has not."""
RECENT = timedelta(days=30)
"""What went wrong earlier rings no longer."""
KEPT_FOR = 365 * 86_400  # seconds


def ringing(request: HttpRequest) -> int:
    """How many packages the bell rings for; none for who is not signed in. One question by a key
    as long as nothing went wrong."""
    actor = visitor(request)
    return 0 if actor is None else queries.wrong_since(actor, _since(request, actor))


def hush(request: HttpRequest, response: HttpResponse, actor: Actor) -> None:
    """The visitor has looked."""
    response.set_cookie(
        COOKIE, f"{actor.entity}:{timezone.now().isoformat()}", max_age=KEPT_FOR, httponly=True,
        samesite="Lax", secure=request.is_secure(),
    )  # fmt: skip


def _since(request: HttpRequest, actor: Actor) -> datetime:
    who, _, when = request.COOKIES.get(COOKIE, "").partition(":")
    earliest = timezone.now() - RECENT
    seen = _time(when) if who == str(actor.entity) else None
    return max(seen, earliest) if seen is not None else earliest


def _time(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and timezone.is_aware(found) else None
