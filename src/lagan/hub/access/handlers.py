"""Downloads over HTTP: a file or a part of it, a dataset as a zip; streamed, never held."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

from lagan.hub.access.handing_over import nginx_place
from lagan.hub.access.ranges import wanted
from lagan.hub.access.reading import read
from lagan.hub.access.zipping import ZipPlan
from lagan.hub.accounts.exchanges import visitor
from lagan.hub.archive import queries as archive
from lagan.hub.archive.queries import Location
from lagan.hub.base.raw import Exchange, in_thread
from lagan.hub.datasets import reach as reaching
from lagan.hub.datasets.description.ro_crate import crate_pieces
from lagan.hub.datasets.queries import EntryRow
from lagan.hub.datasets.reach import Reach
from lagan.kit.digests import Buffer, as_repr_digest
from lagan.kit.errors import BadInput, Unavailable

_GATHER = 1 << 20
"""Bytes sent at once: small pieces cost two or three times the processor time (measured)."""


async def content(exchange: Exchange, dataset: int, path: str) -> None:
    """GET and HEAD of one file."""
    await send_file(exchange, *await in_thread(_find, exchange, dataset, path))


async def send_file(
    exchange: Exchange,
    entry: EntryRow,
    locations: list[Location],
    whole: Iterator[Buffer] | None = None,
) -> None:
    """Answer with a file, or the part or the news of it that was asked for. Who must see every byte
    that is sent of a whole file gives the pieces."""
    path = entry.path
    if not locations and entry.size:
        raise Unavailable("No good replica of this file can be reached just now.", path=path)
    headers = _describe(entry, path)
    span = wanted(exchange.header("range"), entry.size)
    if _is_same(exchange, entry):
        await exchange.reply(304, headers)
    elif whole is not None and span is None:
        await _send(exchange, headers, entry.size, None, whole)
    elif exchange.method == "GET" and (place := nginx_place(exchange, locations)):
        await exchange.reply(200, [*headers, ("X-Accel-Redirect", place)])
    elif (
        span is None
        and exchange.method == "GET"
        and (file := _whole_path(exchange, entry, locations))
    ):
        await exchange.start(200, [*headers, ("Content-Length", str(entry.size))])
        await exchange.send_path(file)
    else:
        start, stop = span or (0, entry.size)
        await _send(
            exchange,
            headers,
            entry.size,
            span,
            read(locations, start, stop) if start < stop else iter(()),
        )


def whole_number(exchange: Exchange, name: str, *, least: int) -> int | None:
    """A parameter of the address, None without one. BadInput when it is no such number."""
    text = exchange.query(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        raise BadInput(f"{name} is a whole number from {least}, not {text[:20]!r}.", field=name)
    return int(text)


def _find(exchange: Exchange, dataset: int, path: str) -> tuple[EntryRow, list[Location]]:
    """The asker's file and its good copies, in one visit to a thread: three would cost more than
    the questions."""
    version = whole_number(exchange, "version", least=1)
    return located(reaching.reach(visitor(exchange), dataset), path, version)


def located(reach: Reach, path: str, version: int | None = None) -> tuple[EntryRow, list[Location]]:
    """A file within reach, and its good copies."""
    entry = reaching.entry(reach, path, version)
    return entry, archive.locations_of(entry.stored)


async def zipped(exchange: Exchange, dataset: int) -> None:
    """GET and HEAD of a dataset as a zip; with `?crate=1` it is an RO-Crate."""
    await send_zip(exchange, await in_thread(_plan, exchange, dataset))


def _plan(exchange: Exchange, dataset: int) -> ZipPlan:
    reach = reaching.reach(visitor(exchange), dataset)
    name = reaching.described(reach).name
    if exchange.query("crate") not in ("1", "true"):
        return ZipPlan(reach, name)
    root = f"{'https' if exchange.secure else 'http'}://{exchange.header('host') or 'localhost'}"
    return ZipPlan(reach, name, crate=lambda: crate_pieces(reach, root))


async def send_zip(exchange: Exchange, plan: ZipPlan) -> None:
    """Answer with the zip, or a part of it; the plan is closed in the end."""
    with closing(plan):
        span = wanted(exchange.header("range"), plan.size)
        headers = [
            ("Content-Type", "application/zip"),
            ("Accept-Ranges", "bytes"),
            _attachment(f"{plan.name}.zip"),
        ]
        start, stop = span or (0, plan.size)
        await _send(exchange, headers, plan.size, span, plan.stream(start, stop))


async def _send(
    exchange: Exchange,
    headers: list[tuple[str, str]],
    size: int,
    span: tuple[int, int] | None,
    pieces: Iterator[Buffer],
) -> None:
    """The whole or a part; each block is read in a thread while nothing else waits for it."""
    start, stop = span or (0, size)
    lines = [*headers, ("Content-Length", str(stop - start))]
    if span:
        lines.append(("Content-Range", f"bytes {start}-{stop - 1}/{size}"))
    if exchange.method == "HEAD":
        await exchange.start(206 if span else 200, lines)
        await exchange.end()
        return
    block = await in_thread(_next_block, pieces)
    await exchange.start(206 if span else 200, lines)
    left = stop - start - len(block)
    # What is sent with the last block saves a visit to a thread, for a part the second of two.
    while left > 0 and block:
        await exchange.write(block)
        block = await in_thread(_next_block, pieces)
        left -= len(block)
    await exchange.end(block)


def _next_block(pieces: Iterator[Buffer]) -> bytes:
    """About a mebibyte, made of as many pieces as it takes."""
    gathered: list[Buffer] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= _GATHER:
            break
    return bytes(gathered[0]) if len(gathered) == 1 else b"".join(gathered)


def _whole_path(exchange: Exchange, entry: EntryRow, locations: list[Location]) -> str | None:
    """A path for the server to send, when it offers to and the file has an object to itself."""
    if "http.response.pathsend" not in exchange.extensions:
        return None
    for each in locations:
        path = each.store.local_path(each.object)
        if path is not None and each.offset == 0 and not each.packed and path.is_file():
            return str(path)
    return None


def _describe(entry: EntryRow, path: str) -> list[tuple[str, str]]:
    headers = [
        ("Content-Type", "application/octet-stream"),
        ("Accept-Ranges", "bytes"),
        ("ETag", f'"{entry.stored.hex}"'),
        ("X-Content-Type-Options", "nosniff"),
        _attachment(path.rpartition("/")[2]),
    ]
    if entry.sha256:
        headers.append(("Repr-Digest", as_repr_digest(entry.sha256)))
    return headers


def _is_same(exchange: Exchange, entry: EntryRow) -> bool:
    tags = [tag.strip() for tag in (exchange.header("if-none-match") or "").split(",")]
    return f'"{entry.stored.hex}"' in tags


def _attachment(name: str) -> tuple[str, str]:
    """What the browser saves it as (RFC 6266)."""
    return "Content-Disposition", f"attachment; filename*=UTF-8''{quote(name, safe='')}"
