"""Who asks at this door, about which group; and how refusals and long lists leave it."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

from lagan.hub.accounts import exchanges
from lagan.hub.accounts import queries as accounts
from lagan.hub.base.actors import Actor
from lagan.hub.base.problems import refusal
from lagan.hub.base.raw import Disconnected, Exchange, in_thread
from lagan.hub.doors.packages_api.words import document
from lagan.hub.packages import queries
from lagan.kit.errors import LaganError, NotSignedIn

SCHEME = "token "
_log = logging.getLogger(__name__)
T = TypeVar("T")


def day_token(exchange: Exchange) -> str | None:
    """The token of an `Authorization: Token ...`; None for another credential, or none."""
    header = (exchange.header("authorization") or "").strip()
    return header[len(SCHEME) :].strip() if header.lower().startswith(SCHEME) else None


def asker(exchange: Exchange) -> Actor:
    """Who asks, by a day token or by any credential of the hub's own. NotSignedIn."""
    return _signed_in(exchange, exchanges.asker)


def sender(exchange: Exchange) -> Actor:
    """Who changes something; a session only from the hub's own pages."""
    return _signed_in(exchange, exchanges.sender)


def _signed_in(exchange: Exchange, otherwise: Callable[[Exchange], Actor]) -> Actor:
    token = day_token(exchange)
    if token is not None:
        return accounts.by_day_token(token)
    if not exchange.header("authorization") and not exchange.header("cookie"):
        raise NotSignedIn("Sign in first.", word="no-credentials")
    return otherwise(exchange)


def group_given(by: Actor, text: str | None) -> int | None:
    """The group context, None for all groups. NotFound."""
    return None if text is None or not text.strip() else queries.group_called(by, text)


def base_of(exchange: Exchange) -> str:
    """Scheme and host as the asker called them."""
    return f"{'https' if exchange.secure else 'http'}://{exchange.header('host') or 'localhost'}"


def translated(
    handle: Callable[..., Awaitable[None]],
) -> Callable[..., Awaitable[None]]:
    """A handler whose refusals leave as the preservation service words them."""

    @wraps(handle)
    async def answer(exchange: Exchange, *args: Any, **kwargs: Any) -> None:
        try:
            await handle(exchange, *args, **kwargs)
        except Disconnected:
            raise
        except Exception as error:
            known = refusal(error)
            if known is None or exchange.answered:
                raise
            await refuse(exchange, known)

    return answer


async def refuse(exchange: Exchange, error: LaganError) -> None:
    """The refusal as this door words it. The body that may still come is not read."""
    if error.status >= 500:
        _log.warning("%s %s: %s", exchange.method, exchange.path, error.sentence)
    told = document(error, exchange.header("accept-language"))
    headers = [("Vary", "Accept-Language"), ("Connection", "close")]
    if error.status == 401:
        headers.append(("WWW-Authenticate", "Token"))
    await exchange.reply_json(error.status, told, headers)


async def reply_list(
    exchange: Exchange,
    read: Callable[[int | None], Sequence[T]],
    key: Callable[[T], int],
    shape: Callable[[T, str], dict[str, Any]],
) -> None:
    """A whole list as one array, however long, read page by page as it is sent; `read(before)`
    gives the page below a key, `key` that of a row."""
    base, page = base_of(exchange), await in_thread(read, None)
    await exchange.start(200, [("Content-Type", "application/json")])
    sign = b"["
    while page:
        rows = b", ".join(json.dumps(shape(each, base)).encode() for each in page)
        await exchange.write(sign + rows)
        sign, page = b", ", await in_thread(read, key(page[-1]))
    await exchange.end((b"[" if sign == b"[" else b"") + b"]")
