"""Uploads over HTTP, streamed: tus, the batch, and a plain PUT; each answers after the store's
promise is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TypedDict

from lagan.hub.accounts.exchanges import asker, sender
from lagan.hub.base.actors import Actor
from lagan.hub.base.raw import Exchange, in_thread
from lagan.hub.datasets.services import Attached
from lagan.hub.ingest import tus, uploads
from lagan.hub.ingest.batch import Batch
from lagan.hub.ingest.errors import LengthRequired, WrongMediaType
from lagan.hub.ingest.intake import Outcome
from lagan.hub.ingest.models import ARCHIVED, RECEIVING, Upload
from lagan.hub.ingest.receiving import Receiving, result
from lagan.hub.ingest.whole import Whole
from lagan.kit.digests import as_repr_digest, read_repr_digest
from lagan.kit.errors import BadInput, LaganError, TooLarge

OFFSET_STREAM = "application/offset+octet-stream"


async def pump(exchange: Exchange, take: Callable[[list[bytes]], None]) -> None:
    """Hand the body to `take` in a thread, one block in flight while the next arrives. Returns
    with all taken."""
    running: Awaitable[None] | None = None
    try:
        async for pieces in exchange.pieces():
            if running is not None:
                await running
            running = asyncio.ensure_future(in_thread(take, pieces))
    finally:
        if running is not None:
            await running


async def options(exchange: Exchange) -> None:
    """What of tus we speak."""
    await exchange.reply(
        204,
        [
            ("Tus-Resumable", tus.VERSION),
            ("Tus-Version", tus.VERSION),
            ("Tus-Extension", tus.EXTENSIONS),
            ("Tus-Max-Size", str(tus.MAX_SIZE)),
            ("Tus-Checksum-Algorithm", ",".join(tus.CHECKSUMS)),
        ],
    )


async def create(exchange: Exchange) -> None:
    """POST: a new upload; its first bytes may come along; a final one is joined from partial ones
    at once."""
    tus.require_version(exchange)
    actor = await in_thread(sender, exchange)
    if (exchange.header("upload-concat") or "").startswith("final"):
        await _join(exchange, actor)
        return
    size = tus.number(exchange, "upload-length")
    if size is None:
        raise LengthRequired("Upload-Length says how many bytes will come.", header="Upload-Length")
    if size > tus.MAX_SIZE:
        raise TooLarge(f"An upload has at most {tus.MAX_SIZE} bytes.", limit=tus.MAX_SIZE)
    upload = await in_thread(_begin, exchange, actor, size)
    where = [("Location", f"/api/uploads/{upload.pk}")]
    if exchange.header("content-type") == OFFSET_STREAM or size == 0:
        await _receive(exchange, actor, str(upload.pk), 0, 201, where)
    else:
        await exchange.reply(
            201, [*where, *tus.standing(offset=0, length=None, expires=upload.expires_at)]
        )


async def head(exchange: Exchange, id: str) -> None:
    """HEAD: where the upload stands. One that has all its bytes is archived before the answer says
    so."""
    tus.require_version(exchange)
    # Browsers name no origin with a HEAD of their own page's; but with `Tus-Resumable`, no page of
    # another host may send one.
    actor = await in_thread(asker, exchange)
    upload = await in_thread(uploads.find, by=actor, id=id)
    if upload.kind != "partial" and upload.state == RECEIVING and upload.received == upload.size:
        receiving = await in_thread(Receiving, by=actor, id=id, offset=upload.received)
        try:
            # Whoever held it until just now may have archived it.
            if receiving.complete:
                await _archive(receiving)
        finally:
            await in_thread(receiving.release)
        upload = await in_thread(uploads.find, by=actor, id=id)
    headers = tus.standing(offset=upload.received, length=upload.size, expires=upload.expires_at)
    if upload.metadata:
        headers.append(("Upload-Metadata", upload.metadata))
    if upload.kind == "partial":
        headers.append(("Upload-Concat", "partial"))
    await exchange.reply(200, [*headers, *_archived(upload), ("Cache-Control", "no-store")])


async def patch(exchange: Exchange, id: str) -> None:
    """PATCH: more bytes."""
    tus.require_version(exchange)
    if exchange.header("content-type") != OFFSET_STREAM:
        raise WrongMediaType(f"A PATCH has the content type {OFFSET_STREAM}.")
    offset = tus.number(exchange, "upload-offset")
    if offset is None:
        raise BadInput("Upload-Offset says where these bytes belong.", header="Upload-Offset")
    await _receive(exchange, await in_thread(sender, exchange), id, offset, 204, [])


async def delete(exchange: Exchange, id: str) -> None:
    """DELETE: it is no longer wanted."""
    tus.require_version(exchange)
    actor = await in_thread(sender, exchange)
    await in_thread(uploads.terminate, by=actor, id=id)
    await exchange.reply(204, [("Tus-Resumable", tus.VERSION)])


async def batch(exchange: Exchange) -> None:
    """POST: a tar of many small files; an answer line for each."""
    actor = await in_thread(sender, exchange)
    announced = tus.number(exchange, "content-length") or 0
    taking = await in_thread(lambda: Batch(by=actor, announced=announced))
    try:
        await pump(exchange, taking.take)
        await in_thread(taking.finish)
    except BaseException:
        await in_thread(taking.discard)
        raise
    await in_thread(taking.wait)
    body = await in_thread(lambda: b"".join(taking.lines()))
    await exchange.reply(200, [], body, "application/x-ndjson")


async def put(exchange: Exchange, dataset: int, path: str) -> None:
    """PUT: one whole file at once."""
    actor = await in_thread(sender, exchange)
    size = tus.number(exchange, "content-length")
    if size is None:
        raise LengthRequired("A PUT announces its Content-Length, so that a cut body is noticed.")
    mtime = tus.number(exchange, "lagan-mtime")
    whole = await in_thread(
        lambda: Whole(by=actor, dataset=dataset, path=path, size=size, mtime_ns=mtime)
    )
    try:
        await pump(exchange, whole.write)
        future = await in_thread(whole.archive, read_repr_digest(exchange.header("repr-digest")))
    except BaseException:
        await in_thread(whole.discard)
        raise
    attached = result(await _committed(future))
    sha256 = whole.sha256
    answer = {
        "file": attached.stored.hex,
        "version": attached.place.version,
        "sha256": sha256,
        "size": size,
    }
    headers = [("Lagan-File", attached.stored.hex), ("Repr-Digest", as_repr_digest(sha256))]
    await exchange.reply_json(200 if attached.place.kind == "present" else 201, answer, headers)


class _Target(TypedDict):
    dataset: int
    path: str
    mtime_ns: int | None


async def _committed(future: Future[list[Outcome]]) -> list[Outcome]:
    """Wait without holding a thread. What the writer has, it finishes, whoever leaves."""
    return await asyncio.shield(asyncio.wrap_future(future))


def _begin(exchange: Exchange, actor: Actor, size: int) -> Upload:
    text = exchange.header("upload-metadata") or ""
    if exchange.header("upload-concat") == "partial":
        return uploads.begin_partial(by=actor, size=size, metadata=text)
    return uploads.begin(by=actor, size=size, metadata=text, **_target(text))


def _target(text: str) -> _Target:
    given = tus.metadata(text)
    path = given.get("path") or given.get("filename")
    if not path or not given.get("dataset", "").isdigit():
        raise BadInput(
            "Upload-Metadata names the 'dataset' (its id) and the 'path' in it.",
            header="Upload-Metadata",
        )
    mtime = given.get("mtime", "")
    return _Target(
        dataset=int(given["dataset"]), path=path, mtime_ns=int(mtime) if mtime.isdigit() else None
    )


async def _receive(
    exchange: Exchange,
    actor: Actor,
    id: str,
    offset: int,
    status: int,
    extra: list[tuple[str, str]],
) -> None:
    checksum = tus.checksum(exchange)
    digest = read_repr_digest(exchange.header("repr-digest"))
    receiving = await in_thread(Receiving, by=actor, id=id, offset=offset, checksum=checksum)
    try:
        await in_thread(receiving.announce, digest)
        await _take(exchange, receiving)
        if receiving.complete and receiving.upload.kind == "partial":
            await in_thread(receiving.set_aside)
        elif receiving.complete:
            await _archive(receiving)
    finally:
        await in_thread(receiving.release)
    upload = await in_thread(uploads.find, by=actor, id=id)
    standing = tus.standing(offset=upload.received, length=None, expires=upload.expires_at)
    await exchange.reply(status, [*extra, *standing, *_archived(upload)])


async def _take(exchange: Exchange, receiving: Receiving) -> None:
    if receiving.incoming is None:
        return
    try:
        await pump(exchange, receiving.write)
    except BaseException as error:
        if not isinstance(error, LaganError):
            await in_thread(receiving.broken_off)
        raise
    await in_thread(receiving.end_of_request)


async def _archive(receiving: Receiving) -> Attached:
    future = await in_thread(receiving.archive)
    return result(await _committed(future))


async def _join(exchange: Exchange, actor: Actor) -> None:
    text = exchange.header("upload-metadata") or ""
    ids = tus.parts(exchange.header("upload-concat") or "")
    found = await in_thread(uploads.partials, by=actor, ids=ids)
    size = sum(each.size for each in found)
    upload = await in_thread(uploads.begin, by=actor, size=size, metadata=text, **_target(text))
    receiving = await in_thread(Receiving, by=actor, id=str(upload.pk), offset=0)
    try:
        await in_thread(_copy, found, receiving)
        await in_thread(receiving.announce, read_repr_digest(exchange.header("repr-digest")))
        await _archive(receiving)
    finally:
        await in_thread(receiving.release)
    for each in found:
        await in_thread(uploads.terminate, by=actor, id=str(each.pk))
    upload = await in_thread(uploads.find, by=actor, id=str(upload.pk))
    standing = tus.standing(offset=None, length=size, expires=None)
    await exchange.reply(
        201, [("Location", f"/api/uploads/{upload.pk}"), *standing, *_archived(upload)]
    )


def _copy(found: list[Upload], receiving: Receiving) -> None:
    for piece in uploads.read_partials(found):
        receiving.write([piece])
    receiving.checkpoint()


def _archived(upload: Upload) -> list[tuple[str, str]]:
    if upload.state != ARCHIVED or upload.file is None or upload.sha256 is None:
        return []
    return [("Lagan-File", upload.file.hex), ("Repr-Digest", as_repr_digest(upload.sha256))]
