"""Files put on a staging server by SFTP: into our folder, with the permissions that the server
reads, resumed where the last try ended."""

from __future__ import annotations

import asyncio
import posixpath
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lagan.agent.errors import BadSetting
from lagan.agent.mytardis.client import Row
from lagan.agent.settings import Settings
from lagan.kit.errors import BadInput, Forbidden, LaganError, NoSpace, Unavailable
from lagan.kit.files import write_atomically

FOLDER_MODE, FILE_MODE = 0o2770, 0o660
"""What the server's own account needs to read and move what we staged."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where staged files go: the SSH server and the folder on it."""

    host: str
    port: int
    user: str
    location: str


def approved(request: Row) -> Box | None:
    """The storage box that an administrator chose for us; None until they have."""
    box = request.get("approved_storage_box")
    if not request.get("approved") or not isinstance(box, dict):
        return None
    facts = {str(row["key"]): str(row["value"]) for row in box.get("attributes") or []}
    options = {str(row["key"]): str(row["value"]) for row in box.get("options") or []}
    if "scp_hostname" not in facts or "scp_username" not in facts:
        return None
    port = facts.get("scp_port", "22")
    return Box(
        facts["scp_hostname"], int(port) if port.isdigit() else 22, facts["scp_username"],
        options.get("location", ""),
    )  # fmt: skip


class Staging:
    """One connection to the box, made at the first file and again when it broke. Threads may share
    one. The host key of the first connection is the only one that is talked to later."""

    def __init__(self, box: Box, private_key: str, settings: Settings, pin: Path) -> None:
        """`pin` is the file that remembers the host key shown at the first connection."""
        self._box, self._key, self._settings, self._pin = box, private_key, settings, pin
        self._gate = asyncio.Lock()
        self._open: tuple[Any, Any] | None = None
        self._lock = threading.Lock()

    def put(
        self, path: str, pieces: Callable[[int], Iterable[bytes]], size: int,
        on_bytes: Callable[[int], None], resume: bool,
    ) -> None:  # fmt: skip
        """Write a file of `size` bytes at `path`; `pieces` gives its bytes from an offset on.

        With `resume` what lies there from an earlier try is gone on with: the server's verification
        is what proves the whole.
        """
        if not posixpath.normpath(path).startswith(self._box.location.rstrip("/") + "/"):
            raise BadInput(f"The server wants the file staged outside its folder, at {path!r}.")
        start, file = self._run(self._begin(path, size, resume), path)
        try:
            offset = start
            on_bytes(start)
            for piece in pieces(start):
                self._run(file.write(piece, offset), path)
                offset += len(piece)
                on_bytes(len(piece))
        finally:
            self._run(file.close(), path)
        self._run(self._end(path), path)

    def place(self, relative: str) -> str:
        """The path of a file that the server names relative to the box."""
        return posixpath.join(self._box.location, relative.lstrip("/"))

    def close(self) -> None:
        """End the connection."""
        with self._lock:
            opened, self._open = self._open, None
        if opened is not None:
            _loop().run(_close(*opened))

    def _run(self, work: Any, path: str) -> Any:
        import asyncssh

        try:
            return _loop().run(work, timeout=max(60.0, self._settings.connection_timeout))
        except LaganError:
            raise
        except asyncssh.SFTPPermissionDenied:
            raise Forbidden(f"The staging server does not let us write {path}.") from None
        except asyncssh.SFTPFailure as error:
            # Old versions of the protocol have no word for a full disk.
            raise NoSpace(f"The staging server cannot write: {error.reason}.") from None
        except (OSError, asyncssh.Error, TimeoutError) as error:
            self.close()
            raise Unavailable(f"The staging server is lost: {error or 'no answer'}.") from None

    async def _sftp(self) -> Any:
        async with self._gate:
            if self._open is None or self._open[0].is_closed():
                self._open = await _connect(self._box, self._key, self._settings, self._pin)
            return self._open[1]

    async def _begin(self, path: str, size: int, resume: bool) -> tuple[int, Any]:
        """Where to go on, and the file, open for writing."""
        import asyncssh

        sftp = await self._sftp()
        await _make_folders(sftp, posixpath.dirname(path), self._box.location)
        try:
            there = int((await sftp.stat(path)).size or 0)
        except asyncssh.SFTPNoSuchFile:
            there = 0
        start = there if resume and there <= size else 0
        return start, await sftp.open(path, "r+b" if start else "wb")

    async def _end(self, path: str) -> None:
        sftp = await self._sftp()
        await sftp.chmod(path, FILE_MODE)


async def _make_folders(sftp: Any, folder: str, top: str) -> None:
    """The folders beneath `top`, each with the mode that hands its group on."""
    missing: list[str] = []
    while folder.startswith(top.rstrip("/") + "/") and not await sftp.isdir(folder):
        missing.append(folder)
        folder = posixpath.dirname(folder)
    for each in reversed(missing):
        await sftp.mkdir(each)
        await sftp.chmod(each, FOLDER_MODE)


async def _connect(box: Box, key: str, settings: Settings, pin: Path) -> tuple[Any, Any]:
    import asyncssh

    wanted = settings.staging_host_key.strip() or (pin.read_text() if pin.exists() else "")
    known: Any = ([asyncssh.import_public_key(wanted)], [], []) if wanted else None
    try:
        connection = await asyncio.wait_for(
            asyncssh.connect(
                box.host,
                box.port,
                username=box.user,
                client_keys=[asyncssh.import_private_key(key)],
                known_hosts=known,
                config=None,
                agent_path=None,
                preferred_auth="publickey",
                encryption_algs=_ciphers(settings.cipher),
                keepalive_interval=15,
            ),
            max(10.0, settings.connection_timeout),
        )
    except asyncssh.HostKeyNotVerifiable:
        raise BadSetting(
            f"{box.host} shows another host key than before, or than staging_host_key says.",
            setting="staging_host_key",
        ) from None
    except asyncssh.PermissionDenied:
        raise Forbidden(f"{box.host} does not let our key in as {box.user} yet.") from None
    if not wanted:
        shown: Any = connection.get_server_host_key()
        write_atomically(pin, shown.export_public_key(), mode=0o600)
    return connection, await connection.start_sftp_client()


def _ciphers(text: str) -> list[str] | tuple[()]:
    """The configured ciphers that this installation can do; all of them when it can do none."""
    from asyncssh.encryption import get_encryption_algs

    can = {each.decode() for each in get_encryption_algs()}
    return [each.strip() for each in text.split(",") if each.strip() in can] or ()


async def _close(connection: Any, sftp: Any) -> None:
    sftp.exit()
    connection.close()
    await connection.wait_closed()


def _loop() -> Any:
    from lagan.transfer import loop

    return loop
