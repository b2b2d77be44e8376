"""Detail, list, search, audits and download."""

from __future__ import annotations

from collections.abc import Sequence

from lagan.hub.access.handlers import send_file
from lagan.hub.base.actors import Actor
from lagan.hub.base.raw import Exchange, in_thread
from lagan.hub.doors.packages_api import shapes
from lagan.hub.doors.packages_api.asking import (
    asker,
    base_of,
    group_given,
    reply_list,
    translated,
)
from lagan.hub.doors.packages_api.form import read_form
from lagan.hub.packages import queries, services
from lagan.hub.packages.queries import PackageEvent, PackageRow
from lagan.hub.packages.services import HandOut


async def _asked(exchange: Exchange) -> tuple[Actor, int | None]:
    """Who asks, and in which group context."""
    by = await in_thread(asker, exchange)
    form = await read_form(exchange)
    return by, await in_thread(group_given, by, form.get("group"))


@translated
async def show(exchange: Exchange, package: int) -> None:
    """GET DETAIL."""
    by, group = await _asked(exchange)

    def told() -> PackageRow:
        return queries.package(by, package, group=group)

    await exchange.reply_json(200, shapes.detail(await in_thread(told), base_of(exchange)))


@translated
async def list_(exchange: Exchange) -> None:
    """GET LIST: of one group, or of all of the asker's, the newest first."""
    by, group = await _asked(exchange)

    def read(before: int | None) -> Sequence[PackageRow]:
        return queries.packages(by, group, before=before)

    await reply_list(exchange, read, lambda row: row.id, shapes.listed)


@translated
async def search(exchange: Exchange) -> None:
    """Those with `user_metadata` within a value of their metadata."""
    by, group = await _asked(exchange)
    text = exchange.query("user_metadata") or ""

    def read(before: int | None) -> Sequence[PackageRow]:
        return queries.search(by, text, group, before=before)

    await reply_list(exchange, read, lambda row: row.id, shapes.found)


@translated
async def audits(exchange: Exchange, package: int | None = None) -> None:
    """GET LIST of audit messages: of a package, or of all in a group, the newest first."""
    by, group = await _asked(exchange)

    def read(before: int | None) -> Sequence[PackageEvent]:
        if package is None:
            return queries.events_in(by, group, before=before)
        return queries.events(by, package, group=group, before=before)

    await reply_list(exchange, read, lambda told: told.event.id, shapes.message)


@translated
async def download(exchange: Exchange, package: int) -> None:
    """GET DOWNLOAD: the first call asks for the preparation, one after it gets the zip. Until then
    the answer is empty."""
    by, group = await _asked(exchange)

    def asked() -> HandOut | None:
        queries.package(by, package, group=group)
        return services.ask_for(by=by, package=package)

    given = await in_thread(asked)
    if given is None:
        await exchange.reply(202, [("Retry-After", "2")])
    else:
        pieces = services.proved(package, given)
        await send_file(exchange, given.entry, [given.location], pieces)
