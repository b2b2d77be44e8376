"""Local files that may go: only what the server holds in verified replicas, byte for byte as it is
here now, and never what changed since.

A file is removed after three looks: the server says that every replica of it is verified; its
bytes here have the digest that the server has; and it is, at the moment of removal, the very file
that was read (same inode, size and times). Folders stay.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lagan.agent import filters, lock
from lagan.agent.names import shown
from lagan.agent.plan import Task, windows
from lagan.agent.rows import CleanUpRow
from lagan.agent.scan import Remark, scan
from lagan.agent.send import open_task
from lagan.agent.server import Server
from lagan.agent.settings import Settings
from lagan.agent.settle import is_same
from lagan.agent.state import State
from lagan.agent.targets import connect
from lagan.agent.verify import ask
from lagan.client import State as Known
from lagan.client.whole import Changed, Opened, Unreadable
from lagan.kit.errors import NotFound
from lagan.kit.files import write_atomically
from lagan.kit.paths import open_beneath

DAY = 86_400.0
OTHER_TIME = 1
"""Nanoseconds by which a file's time is told wrong, so that the server tells its digest."""


@dataclass(slots=True)
class CleanUp:
    """What was removed, or would be (`dry`), and what stays for which reason."""

    dry: bool
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    removed: list[str] = field(default_factory=list)
    freed: int = 0
    kept: list[Remark] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """The report as JSON can hold it."""
        kept = [{"path": each.path, "reason": each.reason} for each in self.kept]
        return asdict(self) | {"kept": kept}


def candidates(settings: Settings, older_than_days: float = 0) -> list[CleanUpRow]:
    """Every local file that the server was once sent, with whether its replicas are verified now.

    Asks the server about each, whatever was seen before. NotSignedIn, Unavailable, Untrusted.
    """
    with closing(connect(settings)) as server, closing(State(settings.state)) as state:
        rows: list[CleanUpRow] = []
        for task, known in _known(settings, server, state, older_than_days):
            verified = known is Known.VERIFIED
            rows.append(
                CleanUpRow(
                    len(rows) + 1,
                    task.dataset,
                    verified,
                    shown(f"{task.root}/{task.item.path}"),
                    task.item.size,
                    message="" if verified else _WHY[known],
                )
            )
        return rows


def clear(
    settings: Settings,
    *,
    chosen: Collection[str] | None = None,
    older_than_days: float = 0,
    dry: bool = False,
    check: Callable[[], None] = lambda: None,
) -> CleanUp:
    """Remove files whose replicas are verified; `chosen` limits them to these paths (as
    `CleanUpRow.file` shows them), `older_than_days` to those that have not changed for so long.

    With `dry` nothing is removed. The report is kept as `cleanup.json` in the state folder.
    AlreadyRunning while a run or another clean-up is at work on the folder.
    """
    done = CleanUp(dry)
    with ExitStack() as stack:
        stack.enter_context(lock.held(settings.state, Path(settings.data_directory)))
        state = stack.enter_context(closing(State(settings.state)))
        server = stack.enter_context(closing(connect(settings)))
        try:
            _clear(settings, server, state, chosen, older_than_days, done, check)
        finally:
            data = json.dumps(done.document(), ensure_ascii=False, indent=1)
            write_atomically(settings.state / "cleanup.json", data.encode())
    return done


def _clear(
    settings: Settings, server: Server, state: State, chosen: Collection[str] | None,
    older_than_days: float, done: CleanUp, check: Callable[[], None],
) -> None:  # fmt: skip
    proven = []
    for task, known in _known(settings, server, state, older_than_days):
        name = shown(f"{task.root}/{task.item.path}")
        if chosen is not None and name not in chosen:
            continue
        if known is Known.VERIFIED:
            proven.append(task)
        else:
            done.kept.append(Remark(name, _WHY[known]))
    for window in windows(proven):
        for task, digest in zip(window, _digests(server, window), strict=True):
            check()
            _remove(settings.data_directory, task, digest, done)


def _known(
    settings: Settings, server: Server, state: State, older_than_days: float
) -> Iterator[tuple[Task, Known]]:
    """What was found of datasets that an earlier run has made, with what the server has of it."""
    now = time.time()
    seen = scan(settings, filters.from_settings(settings), now)
    tasks = (
        Task(dataset, folder.root, item)
        for folder in seen.folders
        if (dataset := state.dataset(folder.root, folder.name)) is not None
        for item in folder.files
        if now - item.mtime_ns / 1e9 >= older_than_days * DAY
    )
    for window in windows(tasks):
        for task, (known, _) in zip(window, _ask(server, window), strict=True):
            yield task, known


def _ask(server: Server, window: Sequence[Task]) -> list[tuple[Known, str | None]]:
    """The states; nothing is there of a dataset that was removed at the server."""
    try:
        return ask(server, window)
    except NotFound:
        if len(window) == 1:
            return [(Known.ABSENT, None)]
        middle = len(window) // 2
        return [*_ask(server, window[:middle]), *_ask(server, window[middle:])]


def _digests(server: Server, window: Sequence[Task]) -> list[str | None]:
    """The digests that the server has: told for files whose time differs from its own."""
    other = [
        Task(task.dataset, task.root, task.item._replace(mtime_ns=_another(task.item.mtime_ns)))
        for task in window
    ]
    return [digest if known is Known.OTHER_TIME else None for known, digest in _ask(server, other)]


def _another(mtime_ns: int) -> int:
    """A time that no server takes for this one, even one that counts in seconds."""
    return OTHER_TIME if mtime_ns > 10**10 else mtime_ns + 10**10


def _remove(base: str, task: Task, digest: str | None, done: CleanUp) -> None:
    name = shown(f"{task.root}/{task.item.path}")
    if digest is None:
        done.kept.append(Remark(name, "the server tells no digest to compare it with"))
        return
    try:
        with open_task(base, task) as source:
            if not is_same(task.item[1:], source.before):
                raise Changed("it changed since it was found")
            if _digest(source, digest) != digest:
                done.kept.append(Remark(name, "its bytes are not those that the server has"))
                return
            if not source.unchanged():
                raise Changed("it changed while it was read")
            if not done.dry:
                _unlink(base, f"{task.root}/{task.item.path}", source)
    except (Changed, Unreadable) as error:
        done.kept.append(Remark(name, error.sentence))
    except OSError as error:
        done.kept.append(Remark(name, f"it cannot be removed: {error.strerror}"))
    else:
        done.removed.append(name)
        done.freed += task.item.size


def _digest(source: Opened, like: str) -> str:
    """The file's digest of the kind that the server has: SHA-256, or MD5 by its length."""
    kind = "sha256" if len(like) == hashlib.sha256().digest_size * 2 else "md5"
    hasher = hashlib.new(kind, usedforsecurity=False)
    for piece in source.pieces(0, source.size):
        hasher.update(piece)
    return hasher.hexdigest()


def _unlink(base: str, path: str, source: Opened) -> None:
    """Remove the name, when it still is the file that was read."""
    above, _, name = path.rpartition("/")
    if sys.platform != "linux":
        _require_same(Path(base, path).lstat(), source)
        Path(base, path).unlink()
        return
    folder = open_beneath(base, above, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _require_same(os.stat(name, dir_fd=folder, follow_symlinks=False), source)
        os.unlink(name, dir_fd=folder)
    finally:
        os.close(folder)


def _require_same(now: os.stat_result, source: Opened) -> None:
    before = source.before
    fields = ("st_ino", "st_dev", "st_size", "st_mtime_ns", "st_ctime_ns")
    if any(getattr(now, each) != getattr(before, each) for each in fields):
        raise Changed("it was replaced while it was read")


_WHY = {
    Known.ABSENT: "the server does not have it",
    Known.SAME: "the server has it, but not every replica is verified",
    Known.OTHER_TIME: "it was changed since it was sent",
    Known.OTHER_SIZE: "it was changed since it was sent",
    Known.REFUSED_NAME: "the server cannot keep its name",
    Known.UNVERIFIED: "the server has it, but has not verified it",
    Known.VERIFIED: "",
}
