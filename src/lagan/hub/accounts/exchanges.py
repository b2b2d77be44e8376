"""Who asks on the data path, where requests do not pass through Django."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import parse_cookie

from lagan.hub.accounts.queries import SESSION, actor_for
from lagan.hub.base.actors import NOBODY, Actor
from lagan.hub.base.raw import Exchange
from lagan.kit.errors import Forbidden, NotSignedIn


def visitor(exchange: Exchange) -> Actor:
    """Who wants to read, NOBODY included. NotSignedIn for a credential that is not good."""
    cookies = parse_cookie(exchange.header("cookie") or "")
    return actor_for(authorization=exchange.header("authorization"), cookies=cookies)


def asker(exchange: Exchange) -> Actor:
    """Who wants to read. NotSignedIn without a good credential."""
    actor = visitor(exchange)
    if actor is NOBODY:
        raise NotSignedIn("Sign in first.")
    return actor


def sender(exchange: Exchange) -> Actor:
    """Who wants to change something. A session counts only for requests from the hub's own
    pages."""
    actor = asker(exchange)
    if actor.credential == SESSION and not _from_own_page(exchange):
        raise Forbidden("A session may send data only from the hub's own pages.")
    return actor


def _from_own_page(exchange: Exchange) -> bool:
    """Browsers name the page a request comes from; a page of another host cannot forge that."""
    origin = exchange.header("origin")
    return origin is not None and urlsplit(origin).netloc == exchange.header("host")
