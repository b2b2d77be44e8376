"""Upload and update: a zip that is stored while it arrives, or other words for a package."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from lagan.hub.base.actors import Actor
from lagan.hub.base.raw import Exchange, in_thread
from lagan.hub.doors.packages_api import shapes
from lagan.hub.doors.packages_api.asking import base_of, group_given, sender, translated
from lagan.hub.doors.packages_api.form import CONTENT, Form, read_form
from lagan.hub.doors.packages_api.words import NO_FILE, REQUIRED
from lagan.hub.packages import queries, services
from lagan.hub.packages.queries import PackageRow
from lagan.kit.errors import BadInput, Forbidden, LaganError, NotFound

RESUMABLE = "resumable"
"""Ours: the name of a zip that will come by tus instead of with the form."""


@translated
async def upload(exchange: Exchange) -> None:
    """POST CREATE: a new package."""
    by = await in_thread(depositor, exchange)
    row = await deposit(exchange, by, None)
    await exchange.reply_json(201, shapes.listed(row, base_of(exchange)))


@translated
async def update(exchange: Exchange, package: int) -> None:
    """PUT UPDATE: another name or metadata; with a zip, a new version."""
    by = await in_thread(sender, exchange)
    await in_thread(queries.package, by, package)
    row = await deposit(exchange, by, package)
    await exchange.reply_json(200, shapes.detail(row, base_of(exchange)))


def depositor(exchange: Exchange) -> Actor:
    """Who may deposit nowhere is refused before a byte is taken."""
    by = sender(exchange)
    if not queries.contexts(by):
        raise Forbidden("You may not deposit packages in any group.")
    return by


def _described(form: Form) -> object:
    """The metadata that was given as JSON; None for none."""
    text = form.get("user_metadata")
    return None if text is None else services.read_metadata(text)


async def deposit(
    exchange: Exchange,
    by: Actor,
    after: int | None,
    described: Callable[[Form], object] = _described,
) -> PackageRow:
    """What the form asks for, done; `described` reads the metadata from its fields."""

    def check(form: Form) -> None:
        # Where the group comes first, a wrong one is refused before the zip.
        if form.get("group") is not None:
            _group(form, by, after)

    form = await read_form(exchange, check)
    try:
        made, future = await in_thread(_begin, form, by, after, described)
    except BaseException:
        await in_thread(form.discard)
        raise
    if future is not None:
        # What the writer has, it finishes, whoever leaves.
        await asyncio.shield(asyncio.wrap_future(_settled(future)))
        await in_thread(services.stored, future, made)
    return await in_thread(queries.package, by, made)


def _settled(future: Future[Any]) -> Future[None]:
    """Done when `future` is, however it ended: its outcome is looked at by `stored`."""
    done: Future[None] = Future()
    future.add_done_callback(lambda _: done.set_result(None))
    return done


def _begin(
    form: Form, by: Actor, after: int | None, described: Callable[[Form], object]
) -> tuple[int, Future[Any] | None]:
    """The package's id, and what to wait for."""
    group = _group(form, by, after)
    name, metadata = form.get("name"), described(form)
    awaited = form.get(RESUMABLE)
    if form.zip is None and awaited is None and after is not None:
        changed = services.update_package(by=by, package=after, name=name, user_metadata=metadata)
        return changed.pk, None
    if not name and after is None:
        raise BadInput("A package has a name.", field="name", word=REQUIRED)
    if form.zip is None and not awaited:
        raise BadInput("A package is a zip.", field=CONTENT, word=NO_FILE)
    row = services.begin_deposit(
        by=by, name=name or "", file_name=awaited or form.file_name, group=group,
        user_metadata=metadata, after=after, at_hand=form.zip is not None,
    )  # fmt: skip
    if form.zip is None:
        return row.pk, None
    try:
        future = form.zip.become(row, by)
    except LaganError as error:
        services.fail(row.pk, error.sentence)
        raise
    form.zip = None  # it is the writer's now
    return row.pk, future


def _group(form: Form, by: Actor, after: int | None) -> int:
    """The group that was named. That of a package never changes: another one is not found."""
    text = form.get("group")
    if after is not None:
        own = queries.package(by, after).group
        if text and group_given(by, text) != own:
            raise NotFound("The package is in another group.", package=after)
        return own
    found = group_given(by, text)
    if found is None:
        raise BadInput("A package is deposited in a group.", field="group", word=REQUIRED)
    return found
