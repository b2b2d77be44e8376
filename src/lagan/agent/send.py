"""Files to the hub: batches and resumable uploads side by side, each file with exactly one
outcome."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import islice, zip_longest

from lagan.agent.conditions import detail, is_transient, of_error, reason
from lagan.agent.errors import Stopped
from lagan.agent.mytardis import MyTardis
from lagan.agent.names import shown
from lagan.agent.pace import Pace
from lagan.agent.plan import Task, batches
from lagan.agent.progress import Progress
from lagan.agent.reading import opened
from lagan.agent.rows import Condition
from lagan.agent.scan import Item
from lagan.agent.server import Server
from lagan.agent.settings import Settings
from lagan.agent.settle import is_same
from lagan.agent.state import State
from lagan.agent.watch import Watch
from lagan.client import Acknowledgement, Hub, Member, Wanted
from lagan.client.lookup import State as Known
from lagan.client.whole import Changed, Opened, Unreadable, send_opened
from lagan.kit.errors import Conflict, DigestMismatch, LaganError, Locked, NotFound, NotSignedIn
from lagan.kit.http import Untrusted, pause

LOCKED_FOR = 60.0
"""Seconds to wait for an upload that the hub still holds open, as after our own connection was
cut."""
TOGETHER = 20
"""Files of one thread's turn with a server that takes one at a time."""
STRIKES = 12
"""Failures of the hub (500) in a row after which it is not asked to tell a batch's bad file from
the good ones: halving 2,000 files takes eleven."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file that should go; `sha256` in hex when it was sent, `present` when the
    hub had that content before."""

    task: Task
    condition: Condition
    told: str = ""
    sha256: str | None = None
    present: bool = False

    @property
    def reason(self) -> str:
        """A sentence for reports."""
        return reason(self.condition, self.told)


def failed(task: Task, error: LaganError) -> Outcome:
    """The outcome that an error stands for when the file is not tried again in this run."""
    condition = of_error(error)
    return Outcome(task, condition, detail(condition, error))


class Sender:
    """Sends for one run. `stop` ends it between two pieces; what is under way stays resumable."""

    def __init__(
        self, hub: Hub | MyTardis, settings: Settings, state: State, progress: Progress,
        stop: threading.Event, watch: Watch,
    ) -> None:  # fmt: skip
        self._hub, self._settings, self._state = hub, settings, state
        self._progress, self._stop, self.watch = progress, stop, watch
        self._pace = Pace(settings.bandwidth_limit * 1e6, stop)
        self._broken = threading.Event()
        self._strikes = 0

    def send(self, small: Iterable[Task], large: Iterable[Task]) -> Iterator[Outcome]:
        """Send all; yield outcomes as they come. Stopped, NotSignedIn and Untrusted end the run."""
        units = self._units(small, large)
        most = self._settings.max_upload_threads
        with ThreadPoolExecutor(most, "send") as pool:
            waiting = {pool.submit(unit) for unit in islice(units, most)}
            try:
                while waiting:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    waiting |= {pool.submit(unit) for unit in islice(units, len(done))}
                    for future in done:
                        yield from future.result()
            finally:
                self._broken.set()
                for future in waiting:
                    future.cancel()
        if self._stop.is_set():
            raise Stopped("The agent was told to end.")

    def _units(
        self, small: Iterable[Task], large: Iterable[Task]
    ) -> Iterator[Callable[[], list[Outcome]]]:
        """Pieces of work, batches and large files by turns so that neither kind waits for the
        other."""
        most = self._settings.batch_files
        if isinstance(self._hub, MyTardis):
            most = min(most, TOGETHER)  # one request a file: the threads share them
        groups = batches(small, self._settings.batch_bytes, most)
        for group, task in zip_longest(groups, large):
            if group is not None:
                yield partial(self._batch, group)
            if task is not None:
                yield partial(self._large, task)

    def _batch(self, tasks: list[Task]) -> list[Outcome]:
        """Send small files together until each has its outcome."""
        outcomes: list[Outcome] = []
        waiting, failures = tasks, 0
        while waiting:
            attempt = _Attempt(self, self._hub, self._settings.data_directory, waiting)
            error = attempt.run()
            outcomes += attempt.outcomes
            self._end(attempt.outcomes)
            self._progress.advance(size=sum(each.task.item.size for each in attempt.outcomes))
            waiting = attempt.waiting
            if attempt.outcomes:
                self._strikes = 0
            if error is None or not waiting:
                continue
            if is_transient(error):
                failures = 0 if attempt.outcomes else failures + 1
                if failures <= self._settings.max_upload_retries:
                    self._wait(pause(failures, error.facts.get("retry_after")))
                    continue
                if of_error(error) is not Condition.BROKEN or self._is_struck():
                    return outcomes + self._end([failed(task, error) for task in waiting])
            if len(waiting) == 1:
                return outcomes + self._end([failed(waiting[0], error)])
            # Something in the batch is not acceptable: halves find out what, and let the rest go.
            middle = len(waiting) // 2
            return outcomes + self._batch(waiting[:middle]) + self._batch(waiting[middle:])
        return outcomes

    def _is_struck(self) -> bool:
        self._strikes += 1
        return self._strikes > STRIKES

    def _end(self, outcomes: list[Outcome]) -> list[Outcome]:
        """These files have their outcome in this run."""
        for each in outcomes:
            self.watch.upload(each.task, each.condition, each.told)
        self._progress.advance(len(outcomes))
        return outcomes

    def _large(self, task: Task) -> list[Outcome]:
        """Send one large file, going on wherever the hub has got to."""
        tries = _Tries()
        while True:
            try:
                outcome = self._large_once(task, tries)
            except LaganError as error:
                seconds = tries.pause_after(error, self._settings.max_upload_retries)
                final = self._verdict(task, error, is_last=seconds is None)
                if final is None:
                    self._wait(seconds or 0.0)
                    continue
                outcome = final
            return self._end([outcome])

    def _verdict(self, task: Task, error: LaganError, *, is_last: bool) -> Outcome | None:
        """The outcome that an error stands for; None when it is worth another try."""
        if isinstance(error, Stopped | NotSignedIn | Untrusted):
            raise error
        if isinstance(error, Changed):
            return Outcome(task, error.facts.get("condition", Condition.CHANGED))
        if isinstance(error, Unreadable):
            return _unreadable(task, error)
        # Conflict, NotFound: the hub may have got further than we thought; asking once more tells.
        if not is_last and (is_transient(error) or isinstance(error, Conflict | NotFound)):
            return None
        return failed(task, error)

    def _large_once(self, task: Task, tries: _Tries) -> Outcome:
        item = task.item

        def on_bytes(count: int) -> None:
            self.check()
            self.went(count)
            self.watch.sent(task, count)
            self._progress.advance(size=count)

        self.check()
        self.watch.upload(task, Condition.IN_PROGRESS)
        with open_task(self._settings.data_directory, task) as source:
            if not is_same((item.size, item.mtime_ns), source.before):
                return Outcome(task, how_changed(item, source))
            if isinstance(self._hub, MyTardis):
                return self._whole(self._hub, task, source, on_bytes)
            uploads = self._hub.uploads
            upload, offset = self._begun(self._hub, task)
            if upload and offset is None and (sha256 := self._arrived(task)) is not None:
                self._state.forget_upload(task.dataset, task.item.path)
                return Outcome(task, Condition.SENT, sha256=sha256 or None)
            if upload is None or offset is None:
                upload = uploads.create(task.dataset, item.path, item.size, item.mtime_ns)
                self._state.keep_upload(task, upload)
                offset = 0
            tries.reached(offset)
            self._progress.advance(size=offset)
            self.watch.sent(task, offset)
            try:
                stored = send_opened(uploads, source, upload, offset, on_bytes)
            except (Changed, DigestMismatch) as error:
                self._state.forget_upload(task.dataset, task.item.path)
                error.facts["condition"] = how_changed(item, source)
                raise
        self._state.forget_upload(task.dataset, task.item.path)
        return Outcome(task, Condition.SENT, sha256=stored.sha256)

    def _whole(
        self, server: MyTardis, task: Task, source: Opened, on_bytes: Callable[[int], None]
    ) -> Outcome:
        try:
            stored = server.send_file(task.dataset, task.item.path, source, on_bytes)
        except Changed as error:
            error.facts["condition"] = how_changed(task.item, source)
            raise
        return Outcome(task, Condition.SENT, sha256=stored.sha256)

    def _begun(self, hub: Hub, task: Task) -> tuple[str | None, int | None]:
        """The upload of an earlier try and how far it got; one of an older state of the file is
        given up."""
        kept = self._state.upload(task)
        if kept is None:
            return None, None
        upload, is_current = kept
        if is_current:
            return upload, hub.uploads.offset(upload)
        hub.uploads.discard(upload)
        self._state.forget_upload(task.dataset, task.item.path)
        return None, None

    def _arrived(self, task: Task) -> str | None:
        """Whether the file is archived although the answer was lost: "" or its SHA-256, None when
        not."""
        (known,) = self._hub.look_up([Wanted(task.dataset, [task.item])])
        return known.digests.get(0, "") if known.states[0] in (Known.SAME, Known.VERIFIED) else None

    def went(self, size: int) -> None:
        """So many bytes went over the network: wait as long as the bandwidth limit asks for."""
        self.watch.passed(size)
        self._pace.spend(size)

    def check(self) -> None:
        """Raise Stopped when the run shall end."""
        if self._stop.is_set() or self._broken.is_set():
            raise Stopped("The agent was told to end.")

    def _wait(self, seconds: float) -> None:
        self._stop.wait(seconds)
        self.check()


@dataclass(slots=True)
class _Tries:
    """How often a large file was tried since the hub last got further with it."""

    failures: int = 0
    furthest: int = 0
    locked_until: float | None = None

    def reached(self, offset: int) -> None:
        """The hub holds so many bytes: what is more than ever before makes up for past failures."""
        if offset > self.furthest:
            self.furthest, self.failures = offset, 0

    def pause_after(self, error: LaganError, retries: int) -> float | None:
        """Seconds until the next try, None when there shall be none."""
        if isinstance(error, Locked):
            self.locked_until = self.locked_until or time.monotonic() + LOCKED_FOR
            return pause(2) if time.monotonic() < self.locked_until else None
        self.failures += 1
        return pause(self.failures) if self.failures <= retries else None


class _Attempt:
    """One request with many files: after `run`, `waiting` holds those that still have no
    outcome."""

    def __init__(self, sender: Sender, hub: Server, base: str, tasks: list[Task]) -> None:
        self._sender, self._hub, self._base = sender, hub, base
        self.waiting = tasks
        self._tasks = {(task.dataset, task.item.path): task for task in tasks}
        self.outcomes: list[Outcome] = []

    def run(self) -> LaganError | None:
        """Send; the error that kept the rest back, if any. Stopped, NotSignedIn and Untrusted are
        raised."""
        error: LaganError | None = None
        try:
            for each in self._hub.send_batch(
                (self._member(task) for task in self.waiting), self._sender.went
            ):
                error = self._take(each) or error
        except (Stopped, NotSignedIn, Untrusted):
            raise
        except LaganError as refused:
            error = refused
        done = {outcome.task for outcome in self.outcomes}
        self.waiting = [task for task in self.waiting if task not in done]
        return error

    def _take(self, each: Acknowledgement) -> LaganError | None:
        task = self._tasks[each.member.dataset, each.member.path]
        if each.error is None:
            self.outcomes.append(
                Outcome(task, Condition.SENT, "", each.sha256, each.status == "present")
            )
        elif is_transient(each.error):
            return each.error
        else:
            self.outcomes.append(failed(task, each.error))
        return None

    def _member(self, task: Task) -> Member:
        return Member(task.dataset, task.item.path, task.item.mtime_ns, partial(self._read, task))

    def _read(self, task: Task) -> bytes | None:
        """The file's content, read once; None (and an outcome) when it is not what was planned."""
        self._sender.check()
        try:
            with open_task(self._base, task) as source:
                condition = how_changed(task.item, source)
                if is_same(task.item[1:], source.before):
                    content = source.read(0, source.size)
                    if source.unchanged():
                        self._sender.watch.sent(task, source.size)
                        return content
                    condition = how_changed(task.item, source)
            self.outcomes.append(Outcome(task, condition))
        except Changed:
            self.outcomes.append(Outcome(task, Condition.CHANGED))
        except Unreadable as error:
            self.outcomes.append(_unreadable(task, error))
        return None


def open_task(base: str, task: Task) -> AbstractContextManager[Opened]:
    """A task's file, opened beneath the data folder `base`."""
    path = f"{task.root}/{task.item.path}"
    return opened(base, path, shown(path))


def how_changed(item: Item, source: Opened) -> Condition:
    """What became of a file since it was found: it grew, or it changed otherwise."""
    grew = os.fstat(source.descriptor).st_size > item.size
    return Condition.GREW if grew else Condition.CHANGED


def _unreadable(task: Task, error: Unreadable) -> Outcome:
    if error.facts.get("missing"):
        return Outcome(task, Condition.VANISHED)
    return Outcome(task, Condition.UNREADABLE, error.sentence)
