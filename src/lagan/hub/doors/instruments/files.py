"""Files: look-ups, sending one with what is said of it, their replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from lagan.hub.base.actors import Actor
from lagan.hub.base.raw import Exchange, in_thread
from lagan.hub.doors.instruments import shapes
from lagan.hub.doors.instruments.asking import (
    as_object,
    asker,
    id_in,
    nobody,
    number_of,
    read_json,
    sender,
    text_of,
    translated,
    uri,
)
from lagan.hub.doors.instruments.form import Form
from lagan.hub.doors.instruments.lists import filters, number, reply_list
from lagan.hub.ingest.handlers import pump
from lagan.hub.instruments import queries, services
from lagan.hub.instruments.services import Announced
from lagan.kit.errors import BadInput, NotFound

_FIELDS = ("id", "size", "md5sum", "sha512sum", "mimetype", "version", "deleted", "replicas")


@translated
async def files(exchange: Exchange) -> None:
    """GET: the file of that name in that folder of a dataset."""
    given = filters(exchange, ("dataset__id", "dataset", "filename", "directory"), _FIELDS)

    def read() -> list[dict[str, Any]]:
        by = asker(exchange)
        dataset = number(given, "dataset__id" if "dataset__id" in given else "dataset")
        if nobody(by) or dataset is None:
            return []
        name, folder = given.get("filename"), given.get("directory")
        found = queries.files(by, dataset=dataset, filename=name, directory=folder)
        return [shapes.file(each) for each in found]

    try:
        told = await in_thread(read)
    except NotFound:
        told = []
    await reply_list(exchange, told)


@translated
async def one_file(exchange: Exchange, id: int) -> None:
    """GET: a file by number."""
    found = await in_thread(lambda: queries.file_at(asker(exchange), id))
    await exchange.reply_json(200, shapes.file(found))


@translated
async def replica(exchange: Exchange, id: int) -> None:
    """GET: how many bytes of a file are there."""

    def read() -> dict[str, Any]:
        row = queries.file_at(asker(exchange), id)
        return shapes.replica(row, row.size if row.verified else queries.staged_size(row))

    await exchange.reply_json(200, await in_thread(read))


def announced(given: Mapping[str, Any]) -> Announced:
    """A file as it was announced. BadInput."""
    return Announced(
        dataset=id_in(given.get("dataset"), "dataset", "dataset"),
        filename=text_of(given, "filename"),
        directory=text_of(given, "directory").strip("/"),
        size=number_of(given, "size"),
        md5=services.md5_given(text_of(given, "md5sum")),
        mimetype=text_of(given, "mimetype"),
        created=text_of(given, "created_time"),
        modified=text_of(given, "modification_time"),
    )


@translated
async def send(exchange: Exchange) -> None:
    """POST: a file, stored and compared before the answer; as JSON, one that will be staged."""
    by = await in_thread(sender, exchange)
    if (exchange.header("content-type") or "").startswith("application/json"):
        await announce(exchange, by)
        return
    form = Form(exchange, lambda said: _require_place(by, said))
    try:
        await pump(exchange, form.feed)
        said, future, md5 = await in_thread(_stored, form, by)
    except BaseException:
        await in_thread(form.discard)
        raise
    # What the writer has, it finishes, whoever leaves.
    await asyncio.shield(asyncio.wrap_future(_settled(future)))
    id = await in_thread(services.sent, future, by, said, md5)
    headers = [("Location", uri("mydata_dataset_file", id))]
    await exchange.reply(201, headers, kind="text/html; charset=utf-8")


async def announce(exchange: Exchange, by: Actor) -> None:
    """POST of a file as JSON: where it is to be put, as a bare path."""
    given = await read_json(exchange)
    said = announced(given)
    uuid = text_of(given, "uploader_uuid")
    fingerprint = text_of(given, "requester_key_fingerprint")
    try:
        id, place = await in_thread(
            services.announce, by=by, announced=said, uploader=uuid, fingerprint=fingerprint
        )
    except NotFound as absent:
        raise BadInput(absent.sentence, field="dataset") from None
    headers = [("Location", uri("mydata_dataset_file", id))]
    await exchange.reply(201, headers, place.encode(), "text/html; charset=utf-8")


def _require_place(by: Actor, said: bytes) -> None:
    """Refuse before a byte is taken what will not be. An unknown dataset is bad input here."""
    try:
        services.require_place(by, announced(as_object(said)))
    except NotFound as absent:
        raise BadInput(absent.sentence, field="dataset") from None


def _stored(form: Form, by: Actor) -> tuple[Announced, Future[Any], str]:
    """All came: what was announced, what to wait for, the MD5 of what came."""
    sent = form.end()
    if not form.checked:  # the file came first
        _require_place(by, form.said)
    said = announced(as_object(form.said))
    future = sent.become(said, by)
    form.sent = None  # it is the writer's now
    return said, future, sent.md5


def _settled(future: Future[Any]) -> Future[None]:
    """Done when `future` is, however it ended: its outcome is looked at by `sent`."""
    done: Future[None] = Future()
    future.add_done_callback(lambda _: done.set_result(None))
    return done
