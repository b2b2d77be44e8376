"""Downloads by share link: a file, a part of it, a zip; no login, no sight of anything else."""

from __future__ import annotations

from django.http import parse_cookie

from lagan.hub.access.handlers import located, send_file, send_zip
from lagan.hub.access.ranges import wanted
from lagan.hub.access.zipping import ZipPlan
from lagan.hub.archive.queries import Location
from lagan.hub.base.raw import Exchange, in_thread
from lagan.hub.datasets import sharing
from lagan.hub.datasets.queries import EntryRow
from lagan.hub.datasets.sharing import Opened

COOKIE = "lagan-share"
"""Holds the proof that a link's password was given; sent beneath that link's address only."""


async def content(exchange: Exchange, token: str, path: str) -> None:
    """GET and HEAD of one file that the link opens."""
    await send_file(exchange, *await in_thread(_find, exchange, token, path))


async def zipped(exchange: Exchange, token: str) -> None:
    """GET and HEAD of all that the link opens, as a zip."""
    await send_zip(exchange, await in_thread(_plan, exchange, token))


def _find(exchange: Exchange, token: str, path: str) -> tuple[EntryRow, list[Location]]:
    opened = _opened(exchange, token)
    entry, locations = located(opened.reach, path)
    _count(exchange, opened, entry.path, entry.size)
    return entry, locations


def _plan(exchange: Exchange, token: str) -> ZipPlan:
    opened = _opened(exchange, token)
    plan = ZipPlan(opened.reach, opened.name)
    try:
        _count(exchange, opened, "", plan.size)
    except BaseException:
        plan.close()
        raise
    return plan


def _opened(exchange: Exchange, token: str) -> Opened:
    cookies = parse_cookie(exchange.header("cookie") or "")
    return sharing.opened(token, cookies.get(COOKIE, ""))


def _count(exchange: Exchange, opened: Opened, path: str, size: int) -> None:
    if exchange.method == "GET":
        start, _ = wanted(exchange.header("range"), size) or (0, size)
        sharing.count_download(opened, path=path, start=start)
