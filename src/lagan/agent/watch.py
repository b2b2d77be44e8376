"""What the engine does, told to an observer as rows: many at a time, a few times a second.

Without an observer every call returns at once, so that nothing is paid for what nobody looks at.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lagan.agent.conditions import of_lookup
from lagan.agent.names import shown
from lagan.agent.plan import Task
from lagan.agent.report import Report
from lagan.agent.rows import (
    Condition,
    FolderRow,
    GroupRow,
    Kind,
    Observer,
    UploadRow,
    UserRow,
    VerificationRow,
)
from lagan.agent.scan import Folder, Remark, Scan
from lagan.agent.settings import Settings
from lagan.client.lookup import State

EVERY = 0.2
"""Seconds between two tellings."""
SPAN = 5.0
"""Seconds over which the speed of all uploads is measured."""


class _Upload:
    """A file on its way, changed in place: a row is made of it only when it is told."""

    __slots__ = ("begun", "condition", "detail", "id", "sent", "speed", "task")

    def __init__(self, number: int, task: Task) -> None:
        self.id, self.task = number, task
        self.condition, self.detail = Condition.QUEUED, ""
        self.sent, self.begun, self.speed = 0, 0.0, 0.0

    def row(self, now: float) -> UploadRow:
        """How it stands."""
        task, took = self.task, now - self.begun
        if self.condition is Condition.IN_PROGRESS and took > EVERY:
            self.speed = self.sent / took
        return UploadRow(
            self.id, shown(task.root), *_parts(task), task.item.size, self.condition,
            min(self.sent, task.item.size), self.detail, self.speed,
        )  # fmt: skip


class Watch:
    """One run's rows. Threads may share one. Use as a context manager around the run."""

    def __init__(self, observer: Observer | None, settings: Settings) -> None:
        self._observer, self._settings = observer, settings
        self._lock = threading.Lock()
        self._waiting: dict[str, dict[int, Any]] = {}
        self._folders: dict[str, FolderRow] = {}
        self._uploads: dict[Task, _Upload] = {}
        self._moved: dict[int, _Upload] = {}
        self._counts: dict[str, list[int]] = {}
        self._people: dict[tuple[str, str], int] = {}
        self._verifications = 0
        self._compared: dict[Task, VerificationRow] = {}
        self._passed: list[tuple[float, int]] = []
        self._ended = threading.Event()
        self._teller = threading.Thread(target=self._tell_on, name="watch", daemon=True)

    def __enter__(self) -> Watch:
        if self._observer is not None:
            self._observer.begun()
            self._teller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._observer is not None:
            self._teller.join()
            self._tell()
            self._observer.speed(0.0)

    def said(self, text: str) -> None:
        """Where the run is."""
        if self._observer is not None:
            self._observer.said(text)

    def found(self, seen: Scan) -> None:
        """Datasets of this run, whose they are, and what cannot even be asked about; once."""
        if self._observer is None or self._folders:
            return
        folders = seen.folders
        for number, folder in enumerate(folders, 1):
            self._folder(self._folder_row(number, folder), folder.root)
        for folder in folders:
            if folder.place.owner:
                self._somebody(folder.place.owner_kind, folder.place.owner)
        self._remarked(seen.remarks)

    def known_as(self, root: str, web: str) -> None:
        """A folder's dataset is there: its page at the hub."""
        self._change_folder(root, web=web)

    def refused(self, root: str, why: str) -> None:
        """A folder has no dataset, so none of its files goes."""
        self._change_folder(root, message=why)

    def looked_up(self, tasks: Iterable[Task], states: Iterable[State]) -> None:
        """What the hub said of files; those it has count for their folders."""
        if self._observer is None:
            return
        rows: dict[int, VerificationRow] = {}
        had: dict[str, int] = {}
        for task, state in zip(tasks, states, strict=True):
            condition = of_lookup(state)
            self._verifications += 1
            row = VerificationRow(self._verifications, shown(task.root), *_parts(task), condition)
            rows[self._verifications] = row
            if condition is Condition.COMPARING:
                self._compared[task] = row
            if condition.kind is Kind.GOOD:
                had[task.root] = had.get(task.root, 0) + 1
        with self._lock:
            self._waiting.setdefault("verifications", {}).update(rows)
        for root, number in had.items():
            self.has(root, number)

    def compared(self, task: Task, condition: Condition, detail: str = "") -> None:
        """What comparing a file with the hub's digest told."""
        with self._lock:
            row = self._compared.pop(task, None)
            if row is not None:
                told = replace(row, condition=condition, detail=detail)
                self._waiting.setdefault("verifications", {})[row.id] = told

    def _remarked(self, remarks: Sequence[Remark]) -> None:
        with self._lock:
            for remark in remarks:
                self._verifications += 1
                folder, _, name = remark.path.rpartition("/")
                row = VerificationRow(
                    self._verifications, folder, "", name, remark.condition, remark.reason
                )
                self._waiting.setdefault("verifications", {})[row.id] = row

    def cached(self, found: int, of: int) -> None:
        """So many of so many files were not asked about."""
        if self._observer is not None:
            self._observer.cache(found, of)

    def has(self, root: str, files: int, failed: int = 0) -> None:
        """So many more of a folder's files are archived, so many more could not be."""
        if self._observer is None or not (files or failed):
            return
        with self._lock:
            counts = self._counts.setdefault(root, [0, 0])
            counts[0] += files
            counts[1] += failed

    def queued(self, tasks: Iterable[Task]) -> None:
        """Files that shall go."""
        if self._observer is None:
            return
        with self._lock:
            for task in tasks:
                if task in self._uploads:
                    continue
                upload = self._uploads[task] = _Upload(len(self._uploads) + 1, task)
                self._moved[upload.id] = upload

    def upload(self, task: Task, condition: Condition, detail: str = "") -> None:
        """What is the matter with a file now."""
        if self._observer is None:
            return
        with self._lock:
            upload = self._uploads.get(task)
            if upload is not None:
                if condition is Condition.SENT and upload.begun:
                    took = max(time.monotonic() - upload.begun, 0.001)
                    upload.speed = upload.sent / took
                upload.condition, upload.detail = condition, detail
                self._moved[upload.id] = upload

    def sent(self, task: Task, size: int) -> None:
        """So many bytes of a file more went."""
        if self._observer is None:
            return
        with self._lock:
            upload = self._uploads.get(task)
            if upload is not None:
                upload.sent += size
                upload.condition, upload.detail = Condition.IN_PROGRESS, ""
                upload.begun = upload.begun or time.monotonic()
                self._moved[upload.id] = upload

    def passed(self, size: int) -> None:
        """So many bytes went over the network."""
        if self._observer is not None:
            with self._lock:
                self._passed.append((time.monotonic(), size))

    def finished(self, report: Report) -> None:
        """The run's end: what was queued and not sent was stopped."""
        if self._observer is None:
            return
        with self._lock:
            left = [
                upload.task
                for upload in self._uploads.values()
                if upload.condition.kind in (Kind.WAITING, Kind.WORKING)
            ]
        for task in left:
            self.upload(task, Condition.STOPPED)
        self._tell()
        self._observer.finished(report)

    def _folder(self, row: FolderRow, root: str) -> None:
        with self._lock:
            self._folders[root] = row
            self._waiting.setdefault("folders", {})[row.id] = row

    def _change_folder(self, root: str, **changes: Any) -> None:
        row = self._folders.get(root)
        if row is not None:
            self._folder(replace(row, **changes), root)

    def _folder_row(self, number: int, folder: Folder) -> FolderRow:
        place = folder.place
        is_group = place.owner_kind == "group"
        return FolderRow(
            number, shown(folder.name), str(Path(self._settings.data_directory) / folder.root),
            folder.created, place.experiment or "",
            self._settings.username if is_group else place.owner or self._settings.username,
            (place.owner or "") if is_group else "", len(folder.files),
        )  # fmt: skip

    def person(self, kind: str, owner: str, name: str, email: str, username: str = "") -> None:
        """Who a folder's name stands for, as the server told."""
        if self._observer is not None:
            self._somebody(kind, owner, name, email, username)

    def _somebody(
        self, kind: str, owner: str, name: str = "", email: str = "", username: str = ""
    ) -> None:
        with self._lock:
            is_known = (kind, owner) in self._people and not (name or email or username)
            number = self._people.setdefault((kind, owner), len(self._people) + 1)
            if is_known:
                return
            if kind == "group":
                short = owner.removeprefix(self._settings.group_prefix)
                self._waiting.setdefault("groups", {})[number] = GroupRow(number, short, owner)
                return
            email = email or (owner if kind == "email" else "")
            username = username or ("" if kind == "email" else owner)
            row = UserRow(number, username, name, email)
            self._waiting.setdefault("users", {})[number] = row

    def _count(self, root: str, had: int, failed: int) -> None:
        row = self._folders.get(root)
        if row is not None:
            more = replace(row, archived=row.archived + had, failed=row.failed + failed)
            self._folders[root] = more
            self._waiting.setdefault("folders", {})[row.id] = more

    def _tell_on(self) -> None:
        while not self._ended.wait(EVERY):
            self._tell()

    def _tell(self) -> None:
        observer = self._observer
        if observer is None:
            return
        now = time.monotonic()
        with self._lock:
            for root, (had, failed) in self._counts.items():
                self._count(root, had, failed)
            self._counts.clear()
            waiting, self._waiting = self._waiting, {}
            moved, self._moved = self._moved, {}
            uploads = [each.row(now) for each in moved.values()]
            self._passed = [each for each in self._passed if now - each[0] < SPAN]
            speed = sum(size for _, size in self._passed) / SPAN
        for view, tell in _tellers(observer).items():
            if rows := waiting.get(view):
                tell(list(rows.values()))
        if uploads:
            observer.uploads(uploads)
        observer.speed(speed)


def _tellers(observer: Observer) -> dict[str, Callable[[Sequence[Any]], None]]:
    return {
        "folders": observer.folders,
        "users": observer.users,
        "groups": observer.groups,
        "verifications": observer.verifications,
    }


def _parts(task: Task) -> tuple[str, str]:
    folder, _, name = task.item.path.rpartition("/")
    return shown(folder), shown(name)
