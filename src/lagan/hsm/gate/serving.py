"""A gate is set up: its events, its door, its notes; and taken over from a guard that died."""

from __future__ import annotations

import errno
import logging
import os
import resource
import socket
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event as Flag

from lagan.hsm.gate import supervised
from lagan.hsm.gate.fanotify import Attributes, Group
from lagan.hsm.gate.guard import Guard
from lagan.hsm.gate.holds import Holds
from lagan.hsm.gate.settings import GateSettings
from lagan.kit.errors import Conflict, Unavailable

log = logging.getLogger("lagan.recalld")
_LAST = -1000
"""The kernel ends everything else before us when memory is short."""
_HELD = "holds"


def guard(settings: GateSettings, roots: tuple[Path, ...], config: Path, stop: Flag) -> Guard:
    """The guard of the filesystems that `roots` are on. Unavailable where the kernel gives us no
    events, Conflict while another gate serves this door."""
    _prepare()
    kept = supervised.kept()
    listening = socket.socket(fileno=kept["door"]) if "door" in kept else _door(settings.door)
    group, attributes = _events(kept.get("group"), roots)
    supervised.keep("group", group.descriptor)
    supervised.keep("door", listening.fileno())
    settings.state.mkdir(mode=0o700, parents=True, exist_ok=True)

    def start_mover(link: socket.socket) -> subprocess.Popen[bytes]:
        numbers = (link.fileno(), listening.fileno())
        words = ["recalld", "move", "--link", str(numbers[0]), "--door", str(numbers[1])]
        program = [sys.executable, "-c", "from lagan.cli import main; main()"]
        given = [*program, *words, "--config", str(config)]
        return subprocess.Popen(given, pass_fds=numbers, stdin=subprocess.DEVNULL)  # noqa: S603

    return Guard(group, attributes, Holds(folder_of_holds(settings)), start_mover, stop)


def folder_of_holds(settings: GateSettings) -> Path:
    """Where holds are noted: beside the door, gone with the machine's start as they are."""
    return settings.door.parent / _HELD


def _prepare() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_LAST))


def _door(path: Path) -> socket.socket:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        if path.exists() and stat.S_ISSOCK(path.lstat().st_mode):
            if _answers(path):
                raise Conflict(f"Another gate serves {path}.")
            path.unlink()
        listening.bind(os.fsencode(path))
        path.chmod(0o666)  # who asks is looked at when they do
        listening.listen(256)
    except OSError as error:
        listening.close()
        raise Unavailable(f"The door {path} cannot be made: {error.strerror}.") from None
    except BaseException:
        listening.close()
        raise
    return listening


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        try:
            probe.connect(os.fsencode(path))
        except OSError:
            return False
    return True


def _events(kept: int | None, roots: tuple[Path, ...]) -> tuple[Group, Attributes]:
    try:
        group = Group(kept)
        if kept is not None:
            _answer_left_over(group)
        for root in roots:
            group.watch(str(root))
        folders = [os.open(root, os.O_DIRECTORY | os.O_CLOEXEC) for root in roots]
        return group, Attributes(folders)
    except OSError as error:
        raise Unavailable(
            f"The kernel gives no events of opening files here: {error.strerror}; a gate runs as "
            "root, on a filesystem of its own machine."
        ) from None


def _answer_left_over(group: Group) -> None:
    """Who waited with a guard that died is refused with EAGAIN: which file it was went with it. The
    kernel knows these by numbers of descriptors, so each number that can be is tried."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    freed = sum(group.answer(number, errno.EAGAIN) for number in range(min(most, 1 << 17)))
    if freed:
        log.error("%d who waited with a guard that died were refused.", freed)
