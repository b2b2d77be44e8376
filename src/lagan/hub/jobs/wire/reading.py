"""What a worker's request holds, before anything is done with it: whose sites, and a JSON
object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lagan.hub.base.packed import unpack
from lagan.hub.base.raw import Exchange, in_thread
from lagan.hub.jobs.keys import site_of
from lagan.kit.errors import BadInput, NotFound, NotSignedIn, TooLarge
from lagan.worker.wire import SCHEME, Fields

LARGEST_PACKED = 16 << 20
"""Bytes of a body as it is sent; 500 paths of 4 KiB each are 2 MB, packed much less."""


async def opened(exchange: Exchange) -> tuple[set[str], Fields]:
    """The sites of whoever asks, and what was sent; the body is read only after the key was."""
    sites = await in_thread(site_of, key_of(exchange))
    body = bytearray()
    async for pieces in exchange.pieces():
        body += b"".join(pieces)
        if len(body) > LARGEST_PACKED:
            raise TooLarge(f"The body is larger than {LARGEST_PACKED} bytes.", limit=LARGEST_PACKED)
    return sites, await in_thread(_document, bytes(body), exchange.header("content-encoding"))


def key_of(exchange: Exchange) -> str:
    """The keys in the Authorization header. NotSignedIn when there are none."""
    scheme, _, value = (exchange.header("authorization") or "").strip().partition(" ")
    if scheme.lower() != SCHEME.lower():
        raise NotSignedIn(f"The Authorization header is `{SCHEME} <key>`.")
    return value


def served(sites: set[str], wanted: list[str]) -> list[str]:
    """The sites that a worker asks for, all its key's when it names none. NotFound for one that is
    another's: it looks absent."""
    for site in wanted:
        if site not in sites:
            raise NotFound(f"This key is for no site called {site}.", site=site)
    return list(dict.fromkeys(wanted)) or sorted(sites)


def plain(text: str) -> str:
    """`text` as a text column holds it: what is no character of UTF-8, and NUL, as an escape."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def plain_json(value: Any) -> Any:
    """The same for everything within a JSON value."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {plain(key): plain_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain_json(each) for each in value]
    return value


def _document(body: bytes, encoding: str | None) -> Fields:
    if (encoding or "").lower() == "gzip":
        body = unpack(body)
    try:
        value = json.loads(body, parse_constant=_no_number) if body.strip() else {}
    except (ValueError, RecursionError):
        raise BadInput("The body is no JSON.") from None
    return Fields(value)


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no JSON")
