"""Who asks at this door, what a request carries, and how refusals leave it."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any

from lagan.hub.accounts import exchanges
from lagan.hub.accounts import queries as accounts
from lagan.hub.base.actors import NOBODY, Actor
from lagan.hub.base.problems import refusal
from lagan.hub.base.raw import Disconnected, Exchange
from lagan.hub.instruments.errors import AlreadyThere
from lagan.kit.errors import (
    BadInput,
    Conflict,
    DigestMismatch,
    Forbidden,
    LaganError,
    NotFound,
    NotSignedIn,
    TooLarge,
)

BASE = "/api/v1/"
SCHEME = "apikey "
LARGEST = 4 << 20
"""Bytes of a JSON body."""
_log = logging.getLogger(__name__)
Answer = Callable[..., Awaitable[None]]


def asker(exchange: Exchange) -> Actor:
    """Who wants to read: `ApiKey user:key`, any credential of the hub's own, or nobody.
    NotSignedIn for a credential that is not good."""
    header = (exchange.header("authorization") or "").strip()
    if header.lower().startswith(SCHEME):
        return accounts.by_named_key(header[len(SCHEME) :])
    return exchanges.visitor(exchange)


def sender(exchange: Exchange) -> Actor:
    """Who wants to change something. NotSignedIn for nobody."""
    header = (exchange.header("authorization") or "").strip()
    if header.lower().startswith(SCHEME):
        return asker(exchange)
    return exchanges.sender(exchange)


async def read_json(exchange: Exchange) -> dict[str, Any]:
    """The object that the body is. BadInput for anything else, TooLarge beyond 4 MiB."""
    body = bytearray()
    async for pieces in exchange.pieces():
        body += b"".join(pieces)
        if len(body) > LARGEST:
            raise TooLarge(f"A JSON body has at most {LARGEST >> 20} MiB.")
    return as_object(bytes(body))


def as_object(body: bytes) -> dict[str, Any]:
    """The JSON object of these bytes. BadInput."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise BadInput("The body is no JSON.") from None
    if not isinstance(value, dict):
        raise BadInput("The body is a JSON object.")
    return value


def text_of(given: Mapping[str, Any], name: str, default: str = "", *, most: int = 10_000) -> str:
    """A field as text; numbers are taken as they are written. BadInput for lists and objects."""
    value = given.get(name)
    if value is None:
        return default
    if not isinstance(value, str | int | float):
        raise BadInput(f"{name} is a text.", field=name)
    if isinstance(value, str) and ("\x00" in value or not _storable(value)):
        raise BadInput(f"{name} is no text that can be kept.", field=name)
    return str(value)[:most]


def _storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def number_of(given: Mapping[str, Any], name: str) -> int:
    """A field that is a whole number, or the digits of one. BadInput."""
    value = given.get(name)
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadInput(f"{name} is a whole number.", field=name)
    return int(text)


def flag_of(given: Mapping[str, Any], name: str) -> bool:
    """A field that is true or false; absent is false. BadInput."""
    value = given.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadInput(f"{name} is true or false.", field=name)
    return bool(value)


def uri(resource: str, id: int) -> str:
    """The address of a resource."""
    return f"{BASE}{resource}/{id}/"


def id_in(value: object, field: str, *resources: str) -> int:
    """The number in the address of a resource of one of these kinds, or in an object that has such
    an address. BadInput."""
    if isinstance(value, dict):
        value = value.get("resource_uri")
    parts = value.strip("/").split("/") if isinstance(value, str) else []
    if len(parts) >= 2 and parts[-2] in resources and parts[-1].isascii():
        digits = parts[-1]
        if digits.isdigit() and len(digits) <= 18:
            return int(digits)
    raise BadInput(f"{field} is the address of a {resources[0]}.", field=field)


def translated(handle: Answer) -> Answer:
    """A handler whose refusals leave as this door words them."""

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


async def drain(exchange: Exchange, most: int) -> None:
    """Read what is left of a body, up to so many bytes: who still sends does not hear an answer."""
    left = most
    async for pieces in exchange.pieces():
        left -= sum(map(len, pieces))
        if left < 0:
            return


async def refuse(exchange: Exchange, error: LaganError) -> None:
    """The refusal: 401, 404 and 409 have no body; else `error`, and from 500 on `error_message`."""
    if error.status >= 500:
        _log.warning("%s %s: %s", exchange.method, exchange.path, error.sentence)
    await drain(exchange, LARGEST)
    close = [("Connection", "close")]
    match error:
        case NotSignedIn() | Forbidden():
            await exchange.reply(401, close, kind="text/html; charset=utf-8")
        case NotFound():
            await exchange.reply(404, close, kind="text/html; charset=utf-8")
        case AlreadyThere():
            await exchange.reply(409, close, kind="text/html; charset=utf-8")
        case BadInput() | Conflict() | DigestMismatch():
            await exchange.reply_json(400, {"error": error.sentence}, close)
        case _:
            told = {"error_message": error.sentence, "error": error.sentence}
            await exchange.reply_json(error.status, told, close)


def nobody(by: Actor) -> bool:
    """Whether nobody in particular asks, who sees nothing."""
    return by is NOBODY
