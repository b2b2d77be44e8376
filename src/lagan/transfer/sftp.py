"""A folder on another computer by SFTP: pinned host key, the hub's own key, no shell, no program.

Source: draft-ietf-secsh-filexfer-02, the version 3 that OpenSSH speaks (times in whole seconds).
"""

from __future__ import annotations

import asyncio
import stat as modes
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncssh
from asyncssh import sftp as wire

from lagan.kit.errors import LaganError
from lagan.transfer.errors import (
    ChangedWhileRead,
    HostKeyChanged,
    KeyRefused,
    NoSuchPath,
    NotReadable,
    OutsideTop,
    Unreachable,
)
from lagan.transfer.keys import ANSWER, unreachable
from lagan.transfer.local import kind_of
from lagan.transfer.loop import run
from lagan.transfer.place import Found, Item, Whole
from lagan.transfer.walking import walk

PIECE = 1 << 20
"""Bytes of one piece; asyncssh asks for it in parallel parts."""
NAMES = 500
"""Names handed over at once while a folder is listed."""
TOGETHER = 16
"""Small files read at the same time over one connection."""
STALLED = 60.0
"""Seconds without an answer after which a connection counts as broken."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which folder of which computer, and the keys of both sides. `top` is a POSIX path or a
    Windows one with its drive."""

    host: str
    port: int
    user: str
    host_key: str
    private_key: str
    top: str

    def __repr__(self) -> str:
        return f"Target({self.user}@{self.host}:{self.port}{self.remote_top})"

    @property
    def remote_top(self) -> str:
        r"""The top as SFTP names it: `C:\data` is `/C:/data`."""
        top = self.top.replace("\\", "/") if self.top[1:2] == ":" else self.top
        if top[1:2] == ":":
            top = f"/{top[:2]}/{top[2:].lstrip('/')}"
        return top.rstrip("/") or "/"


class SftpPlace:
    """See `Place`. The connection is made when it is constructed."""

    def __init__(self, target: Target) -> None:
        """Unreachable, KeyRefused, HostKeyChanged, NoSuchPath (the top is not there)."""
        self._target = target
        self._connection, self._sftp, self._top = run(_connect(target))

    @property
    def alive(self) -> bool:
        """Whether the connection still stands, as far as is known."""
        return not self._connection.is_closed()

    def items(self, folder: str = "") -> Iterator[Item]:
        """See `Place.items`."""
        names = self._names(folder)
        try:
            while some := run(_next(names)):
                yield from some
        finally:
            run(names.aclose())

    def stat(self, path: str = "") -> Item:
        """See `Place.stat`."""
        return run(self._stat(path))

    def read(self, path: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """See `Place.read`."""
        pieces = self._pieces(path, offset, length)
        try:
            while piece := run(_next(pieces)):
                yield piece
        finally:
            run(pieces.aclose())

    def read_small(self, paths: Sequence[str], limit: int) -> list[Whole | LaganError]:
        """See `Place.read_small`."""
        return run(self._small_ones(paths, limit))

    def walk(self, path: str = "") -> Iterator[Found | tuple[str, LaganError]]:
        """See `Place.walk`."""
        return walk(self, path)

    def close(self) -> None:
        """See `Place.close`."""
        run(_close(self._connection, self._sftp))

    async def _names(self, folder: str) -> AsyncGenerator[Any, None]:
        async with self._told(folder):
            await self._require_beneath(folder)
            some: list[Item] = []
            async for each in self._sftp.scandir(self._full(folder)):
                name = _text(each.filename)
                if name not in (".", ".."):
                    some.append(_item(name, each.attrs))
                if len(some) >= NAMES:
                    yield some
                    some = []
            if some:
                yield some

    async def _stat(self, path: str) -> Item:
        async with self._told(path):
            parent, _, name = path.rpartition("/")
            await self._require_beneath(parent)
            return _item(name, await self._sftp.lstat(self._full(path)))

    async def _pieces(
        self, path: str, offset: int, length: int | None
    ) -> AsyncGenerator[Any, None]:
        async with self._told(path), self._opened(path) as file:
            left = length
            while left is None or left > 0:
                count = PIECE if left is None else min(PIECE, left)
                piece = await asyncio.wait_for(file.read(count, offset), STALLED)
                if not piece:
                    return
                yield piece
                offset += len(piece)
                left = None if left is None else left - len(piece)

    async def _small_ones(self, paths: Sequence[str], limit: int) -> list[Whole | LaganError]:
        turns = asyncio.Semaphore(TOGETHER)

        async def one(path: str) -> Whole | LaganError:
            async with turns:
                try:
                    return await self._small(path, limit)
                except LaganError as error:
                    return error

        return list(await asyncio.gather(*map(one, paths)))

    async def _small(self, path: str, limit: int) -> Whole:
        async with self._told(path), self._opened(path) as file:
            before = await file.stat()
            data = await asyncio.wait_for(file.read(limit + 1, 0), STALLED) if before.size else b""
            after = await file.stat()
        if len(data) != before.size or (before.mtime, before.size) != (after.mtime, after.size):
            raise ChangedWhileRead(f"{path!r} changed while it was read.")
        return Whole(data, _item("", before).mtime_ns)

    @asynccontextmanager
    async def _opened(self, path: str) -> AsyncIterator[Any]:
        """The file, open for reading, when it is a regular one and no link leads to it."""
        await self._require_beneath(path)
        if _item("", await self._sftp.lstat(self._full(path))).kind != "file":
            raise NotReadable(f"{path!r} is not a regular file.")
        file = await self._sftp.open(self._full(path), "rb", encoding=None)
        try:
            yield file
        finally:
            with suppress(asyncssh.Error, OSError):
                await file.close()

    async def _require_beneath(self, path: str) -> None:
        """OutsideTop unless the path is what it says: the computer finds no link in it."""
        if not path:
            return
        wanted = self._full(path)
        real = await asyncio.wait_for(self._sftp.realpath(wanted), STALLED)
        if real != wanted:
            raise OutsideTop(f"A link stands in {path!r}, and links are not followed.")

    def _full(self, path: str) -> bytes:
        if not path:
            return self._top
        relative = path.encode("utf-8", "surrogateescape")
        if b"\0" in relative or {b"", b".", b".."} & set(relative.split(b"/")):
            raise OutsideTop(f"{path!r} is no path beneath the top.")
        return self._top.rstrip(b"/") + b"/" + relative

    @asynccontextmanager
    async def _told(self, path: str) -> AsyncIterator[None]:
        """The wire's refusals in our words."""
        try:
            yield
        except wire.SFTPNoSuchFile:
            raise NoSuchPath(f"There is no {path!r} there.") from None
        except wire.SFTPPermissionDenied:
            raise NotReadable(f"{self._target.user} may not read {path!r}.") from None
        except (wire.SFTPConnectionLost, wire.SFTPNoConnection, asyncssh.DisconnectError) as error:
            raise Unreachable(f"The connection broke: {error.reason}.") from None
        except (OSError, asyncssh.ChannelOpenError) as error:
            raise Unreachable(f"The connection broke: {str(error) or 'no answer'}.") from None
        except wire.SFTPError as error:
            raise NotReadable(f"{path!r} cannot be read: {error.reason}.") from None


async def _connect(target: Target) -> tuple[Any, Any, bytes]:
    try:
        connection = await asyncio.wait_for(
            asyncssh.connect(
                target.host,
                target.port,
                username=target.user,
                client_keys=[asyncssh.import_private_key(target.private_key)],
                known_hosts=([asyncssh.import_public_key(target.host_key)], [], []),
                config=None,
                agent_path=None,
                preferred_auth="publickey",
                gss_auth=False,
                connect_timeout=ANSWER,
                login_timeout=ANSWER,
                keepalive_interval=15,
            ),
            2 * ANSWER,
        )
    except asyncssh.HostKeyNotVerifiable:
        raise HostKeyChanged(
            f"{target.host} shows another host key than the one that was confirmed."
        ) from None
    except asyncssh.KeyExchangeFailed:
        raise HostKeyChanged(
            f"{target.host} no longer has the host key that was confirmed."
        ) from None
    except asyncssh.PermissionDenied:
        raise KeyRefused(
            f"{target.host} does not let the hub in as {target.user}: its key is not in "
            "authorized_keys there, or the account is locked."
        ) from None
    except (OSError, asyncssh.Error) as error:
        raise unreachable(target.host, target.port, error) from None
    try:
        return await _begin(connection, target)
    except BaseException:
        await _close(connection, None)
        raise


async def _begin(connection: Any, target: Target) -> tuple[Any, Any, bytes]:
    """The session, and the top as the computer itself names it."""
    top = target.remote_top.encode("utf-8", "surrogateescape")
    try:
        sftp = await asyncio.wait_for(connection.start_sftp_client(path_encoding=None), ANSWER)
        real = await asyncio.wait_for(sftp.realpath(top), ANSWER)
        facts = await asyncio.wait_for(sftp.stat(real), ANSWER)
    except (wire.SFTPNoSuchFile, wire.SFTPPermissionDenied):
        raise NoSuchPath(
            f"{target.host} has no folder {target.top} that {target.user} may read."
        ) from None
    except (OSError, asyncssh.Error) as error:
        raise unreachable(target.host, target.port, error) from None
    if _item("", facts).kind != "folder":
        raise NoSuchPath(f"{target.top} on {target.host} is no folder.")
    return connection, sftp, real


async def _close(connection: Any, sftp: Any) -> None:
    if sftp is not None:
        sftp.exit()
    connection.close()
    with suppress(asyncssh.Error, OSError):
        await asyncio.wait_for(connection.wait_closed(), ANSWER)


async def _next(some: AsyncIterator[Any]) -> Any:
    return await anext(some, None)


def _item(name: str, attrs: Any) -> Item:
    mode = attrs.permissions
    kind = kind_of(mode) if mode is not None and modes.S_IFMT(mode) else _BY_TYPE.get(attrs.type)
    mtime_ns = (attrs.mtime or 0) * 1_000_000_000 + (attrs.mtime_ns or 0)
    return Item(name, kind or "other", attrs.size or 0, mtime_ns)


_BY_TYPE: dict[int, Any] = {1: "file", 2: "folder", 3: "link"}
"""Types of the wire's later versions."""


def _text(name: bytes | str) -> str:
    return name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
