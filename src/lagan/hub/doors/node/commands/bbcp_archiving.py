"""BBCPARC: a file is fetched by the program bbcp, where it is installed, and archived as QARCHIVE
does.

The program and every argument but host, path and four bounded numbers are fixed here; no shell is
involved. bbcp writes to a private folder beneath the root directory, from where the bytes go to a
volume and are compared with the checksum it took. Source: reference/ngas-http.md section 4.2.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from lagan.hub.doors.node.archival.order import Order, understand
from lagan.hub.doors.node.archival.storing import choose, store
from lagan.hub.doors.node.cluster.targets import require_target
from lagan.hub.doors.node.commands.archiving import done
from lagan.hub.doors.node.commands.command import Command
from lagan.hub.doors.node.files import checksums
from lagan.hub.doors.node.files.pulling import Source
from lagan.hub.doors.node.process.start import DATA
from lagan.hub.doors.node.process.state import ONLINE
from lagan.hub.doors.node.wire.messages import MISSING_URI
from lagan.hub.doors.node.wire.reply import Call, Done, Failed
from lagan.hub.doors.node.wire.requests import InvalidParameter, Request

PROGRAM = "bbcp"
PATIENCE = 24 * 3600.0
"""Seconds for one file."""
_SSH = (
    "ssh -x -a -oFallBackToRsh=no -oBatchMode=yes -oServerAliveInterval=10 "
    "-oServerAliveCountMax=12 %I -l %U %H bbcp"
)
_FORBIDDEN = ("/dev", "/var", "/usr", "/opt", "/etc")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}", re.ASCII)
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_SUM = re.compile(r"\bc32[zc]?\b[ :]+([0-9a-fA-F]{8})\b")


@dataclass(frozen=True, slots=True)
class Remote:
    """Where bbcp fetches from."""

    user: str
    host: str
    path: str

    def __str__(self) -> str:
        return f"{self.user}@{self.host}:{self.path}" if self.user else f"{self.host}:{self.path}"


def remote(uri: str, asker: str) -> Remote:
    """The place of a file; without a host it is the asker's. Failed."""
    parts = urlsplit(uri if "://" in uri else f"ssh://{asker}{uri}")
    try:
        user, host = parts.username or "", parts.hostname or ""
    except ValueError:
        host = user = ""
    path = unquote(parts.path)
    if parts.scheme != "ssh" or not _HOST.fullmatch(host) or (user and not _USER.fullmatch(user)):
        raise Failed(f"{uri[:300]} is not [ssh://[user@]host]/path.")
    inner = PurePosixPath(path)
    if not inner.is_absolute() or ".." in inner.parts or not path.isprintable():
        raise Failed(f"{path[:300]!r} is no absolute path.")
    if any(inner.is_relative_to(each) for each in _FORBIDDEN):
        raise Failed(f"{path[:300]} lies where no data are.")
    return Remote(user, host, path)


def arguments(request: Request, place: Remote, target: Path, variant: str) -> list[str]:
    """The command line, without the program. InvalidParameter."""
    kind = "c32c" if variant == checksums.CRC32C else "c32z"
    return [
        *("-f", "-V", "-e", "-E", f"{kind}=/dev/stdout", "-S", _SSH),
        *_numbered(request, "bport", "-Z", 1, 65535),
        *_numbered(request, "bwinsize", "-w", 1, 1 << 30),
        *_numbered(request, "bnum_streams", "-s", 1, 64),
        str(place),
        str(target),
    ]


def _numbered(request: Request, name: str, option: str, least: int, most: int) -> Sequence[str]:
    number = request.number(name)
    if number is None:
        return ()
    if not least <= number <= most:
        raise InvalidParameter(f"{name} is between {least} and {most}: {number}", parameter=name)
    return (option, str(number))


def _bbcparc(call: Call) -> Done:
    if not call.request.has("filename"):
        raise Failed(MISSING_URI.say())
    uri = call.request.get("filename")
    place = remote(uri, call.asker[0])
    require_target(f"ssh://{place.host}/", call.node.config.own.targets, ("ssh",))
    order = understand(call.request, call.node.config, full=False)
    program = shutil.which(PROGRAM)
    if program is None:
        raise Failed("BBCPARC needs the program bbcp, which is not installed on this host.")
    with _fetched(call, order, program, place) as (path, told):
        if told is not None:
            order = replace(order, expected=told)
        with path.open("rb") as opened:
            source = Source(iter(lambda: opened.read(1 << 20), b""), path.stat().st_size)
            stored = store(
                call.node, order, source, choose(call.node, order, source.size), by=call.by
            )
    return done(replace(call, request=replace(call.request, method="GET")), stored)


@contextmanager
def _fetched(
    call: Call, order: Order, program: str, place: Remote
) -> Iterator[tuple[Path, int | None]]:
    """The file in a private folder that is gone afterwards, and the checksum bbcp took."""
    top = call.node.root / DATA / "bbcp"
    top.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=top) as folder:
        target = Path(folder) / "file"
        command = [program, *arguments(call.request, place, target, order.variant or "")]
        try:
            ran = subprocess.run(  # noqa: S603 - fixed words, checked names
                command, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Failed(f"bbcp could not fetch {place}: {error}") from None
        if ran.returncode != 0 or not target.is_file():
            said = (ran.stderr or ran.stdout).strip()[-300:]
            raise Failed(f"bbcp could not fetch {place}: {said or ran.returncode}")
        found = _SUM.search(ran.stdout)
        yield target, int(found[1], 16) if found else None


COMMANDS = {"BBCPARC": Command(_bbcparc, states=(ONLINE,), busy=True, allows="archive")}
