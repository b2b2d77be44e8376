"""One run from folders to proof: scan, plan, send, verify, report. Safe to kill anywhere and to
run again."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from lagan.agent import filters, lock
from lagan.agent.errors import BadSetting, Stopped
from lagan.agent.mytardis import MyTardis
from lagan.agent.names import shown
from lagan.agent.plan import Plan, Task, plan, windows
from lagan.agent.progress import Progress
from lagan.agent.report import Report, save
from lagan.agent.rows import Condition, Kind, Observer
from lagan.agent.scan import Remark, Scan, scan
from lagan.agent.send import Outcome, Sender, open_task
from lagan.agent.settings import Settings
from lagan.agent.settle import is_same, may_still_grow, quiet_for
from lagan.agent.state import State
from lagan.agent.targets import Target, connect, ensure
from lagan.agent.verify import ask, prove
from lagan.agent.waiting import remember
from lagan.agent.watch import Watch
from lagan.client import Hub
from lagan.client import State as Known
from lagan.client.whole import Changed, Unreadable
from lagan.kit.errors import Locked, Unavailable


def sync(
    settings: Settings,
    progress: Progress,
    stop: threading.Event,
    fresh: bool = False,
    observer: Observer | None = None,
) -> Report:
    """Send what the hub lacks; the report is also kept in the state folder, rows go to `observer`.

    `fresh` asks about every file, whatever was seen verified before. Raises AlreadyRunning,
    BadSetting,
    NotSignedIn, Unavailable and Untrusted when the run as a whole cannot be.
    """
    if not Path(settings.data_directory).is_dir():
        raise BadSetting(
            f"data_directory names {settings.data_directory!r}, which is not a folder.",
            setting="data_directory",
        )
    with ExitStack() as stack:
        stack.enter_context(lock.held(settings.state, Path(settings.data_directory)))
        state = stack.enter_context(closing(State(settings.state)))
        watch = stack.enter_context(Watch(observer, settings))
        hub = stack.enter_context(closing(_reach(settings, state, watch)))
        run = _Run(settings, progress, stop, state, hub, fresh, watch)
        try:
            run.go()
        except Stopped:
            run.report.stopped = True
        finally:
            progress.end()
            run.report.end()
            save(run.report, settings.state)
            watch.finished(run.report)
    return run.report


MD5 = 32
"""Characters of an MD5: what a server that is no hub of ours compares by."""
PROOFS = 3
"""How often a server that verifies in its own time is asked again, after twice the time each."""


def _reach(settings: Settings, state: State, watch: Watch) -> Hub | MyTardis:
    try:
        return connect(settings)
    except Unavailable as error:
        remember(settings, state, watch, error)
        raise


class _Run:
    """One run on its way, and its report so far."""

    def __init__(
        self,
        settings: Settings,
        progress: Progress,
        stop: threading.Event,
        state: State,
        hub: Hub | MyTardis,
        fresh: bool,
        watch: Watch,
    ) -> None:
        self._settings, self._progress, self._stop = settings, progress, stop
        self._watch = watch
        self._state, self._hub = state, hub
        self._uses_cache = settings.cache_datafile_lookups and not fresh
        self.report = Report()
        self._unsent: list[tuple[str, str, int, int]] = []

    def go(self) -> None:
        try:
            self._go()
        except Unavailable as error:
            remember(self._settings, self._state, self._watch, error)
            raise

    def _go(self) -> None:
        me = self._hub.me()
        seen = scan(self._settings, filters.from_settings(self._settings), time.time())
        self._check()
        self._note(seen)
        targets, remarks = ensure(self._hub, self._settings, me, seen.folders, self._state)
        self.report.refused += remarks
        self._tell(targets, remarks)
        small, large = self._plan(targets)
        self._give_up(large)
        sent = self._send(small, large)
        self._prove(sent)
        self._state.keep_waiting(self._unsent)

    def _note(self, seen: Scan) -> None:
        report = self.report
        report.datasets, report.filtered = len(seen.folders), seen.filtered
        report.found = sum(len(folder.files) for folder in seen.folders)
        report.found_bytes = sum(item.size for folder in seen.folders for item in folder.files)
        report.refused += [each for each in seen.remarks if each.grave]
        report.passed_over += [each for each in seen.remarks if not each.grave]
        self._progress.say("scanned", datasets=report.datasets, files=report.found)

        self._watch.found(seen)
        self._watch.said(f"Looking up {report.found} files")

    def _tell(self, targets: Sequence[Target], remarks: Sequence[Remark]) -> None:
        self._introduce(targets)
        for target in targets:
            self._watch.known_as(target.folder.root, self._hub.page(target.dataset))
        for remark in remarks:
            self._watch.refused(remark.path, remark.reason)

    def _introduce(self, targets: Sequence[Target]) -> None:
        """Who the folders are of, where the server tells."""
        told = {(each.folder.place.owner_kind, each.folder.place.owner): each for each in targets}
        for (kind, owner), target in told.items():
            if not owner:
                continue
            who = self._hub.person(kind, owner) if isinstance(self._hub, MyTardis) else None
            if who is not None:
                self._watch.person(kind, owner, who.full_name, who.email, who.name)
            elif target.owner:
                self._watch.person(kind, owner, target.owner, "")

    def _plan(self, targets: Sequence[Target]) -> tuple[list[Task], list[Task]]:
        """Look everything up; the small and the large files that shall go."""
        closed = {each.dataset for each in targets if not each.is_open}
        small: list[Task] = []
        large: list[Task] = []
        for window in windows(self._not_cached(targets)):
            self._check()
            made = self._look_up(window)
            self._compare(made)
            small += self._may_go(made.batch, closed)
            large += self._may_go(made.resumable, closed)
        report = self.report
        self._progress.say(
            "looked_up",
            files=report.looked_up,
            already=report.already,
            to_send=len(small) + len(large),
        )
        return small, large

    def _not_cached(self, targets: Sequence[Target]) -> Iterator[Task]:
        report = self.report
        for target in targets:
            known = self._state.verified(target.dataset) if self._uses_cache else {}
            for item in target.folder.files:
                if known and known.get(item.path) == item[1:]:
                    report.from_cache += 1
                    report.already += 1
                    report.archived += 1
                    report.verified += 1
                    self._watch.has(target.folder.root, 1)
                else:
                    yield Task(target.dataset, target.folder.root, item)
        self._watch.cached(report.from_cache, report.found)

    def _look_up(self, window: list[Task]) -> Plan:
        found = ask(self._hub, window)
        self._watch.looked_up(window, (state for state, _ in found))
        digests = {index: digest for index, (_, digest) in enumerate(found) if digest}
        made = plan(window, [state for state, _ in found], digests, self._settings.small_file_limit)
        if self._uses_cache:
            self._state.keep_verified(
                task
                for task, (state, _) in zip(window, found, strict=True)
                if state is Known.VERIFIED
            )
            self._state.keep_archived(made.skip)
        report = self.report
        report.looked_up += len(window)
        report.already += len(made.skip)
        report.archived += len(made.skip)
        report.verified += made.verified
        report.refused += [_remark(task, Condition.NAME) for task in made.refuse]
        report.left += [_remark(task, Condition.UNVERIFIED) for task in made.wait]
        return made

    def _compare(self, made: Plan) -> None:
        """Files with another time but the same size: those with the same bytes stay, the others
        are sent."""
        equal = []
        for task, wanted in made.compare:
            self._check()
            try:
                kind = "md5" if wanted and len(wanted) == MD5 else "sha256"
                known = self._state.digest(task)
                sha256 = known if known and known == wanted else self._digest(task, kind)
            except Changed:
                self.report.left.append(_remark(task, Condition.CHANGED))
                self._watch.compared(task, Condition.CHANGED)
            except Unreadable as error:
                self.report.refused.append(_remark(task, Condition.UNREADABLE, error.sentence))
                self._watch.compared(task, Condition.UNREADABLE, error.sentence)
            else:
                is_same = sha256 == wanted
                self._watch.compared(task, Condition.ARCHIVED if is_same else Condition.MISSING)
                if is_same:
                    equal.append((task, sha256))
                    self._watch.has(task.root, 1)
                elif task.item.size <= self._settings.small_file_limit:
                    made.batch.append(task)
                else:
                    made.resumable.append(task)
        self._state.keep_digests(equal)
        self.report.already += len(equal)
        self.report.archived += len(equal)

    def _digest(self, task: Task, kind: str) -> str:
        hasher = hashlib.new(kind, usedforsecurity=False)
        with open_task(self._settings.data_directory, task) as source:
            if not is_same(task.item[1:], source.before):
                raise Changed("It changed since it was found.")
            for piece in source.pieces(0, source.size):
                self._check()
                hasher.update(piece)
            if not source.unchanged():
                raise Changed("It changed while it was read.")
        return hasher.hexdigest()

    def _may_go(self, tasks: Iterable[Task], closed: set[str]) -> list[Task]:
        now, quiet = time.time(), quiet_for(self._settings)
        going = []
        for task in tasks:
            if task.dataset in closed:
                condition = Condition.CLOSED
                self.report.refused.append(_remark(task, condition))
            elif may_still_grow(task.item.mtime_ns, now, quiet):
                condition = Condition.YOUNG
                self.report.left.append(_remark(task, condition))
            else:
                going.append(task)
                continue
            self._watch.queued([task])
            self._watch.upload(task, condition)
        self._watch.queued(going)
        return going

    def _give_up(self, large: list[Task]) -> None:
        """End uploads that nobody will go on with: their file was archived or is no longer
        there."""
        if isinstance(self._hub, MyTardis):
            return
        going = {(task.dataset, task.item.path) for task in large}
        for dataset, path, upload in self._state.uploads():
            if (dataset, path) not in going:
                with contextlib.suppress(Unavailable, Locked):
                    self._hub.uploads.discard(upload)
                    self._state.forget_upload(dataset, path)

    def _send(self, small: list[Task], large: list[Task]) -> dict[Task, str | None]:
        """Send; the files that the hub acknowledged with their SHA-256."""
        self._progress.begin(
            len(small) + len(large), sum(task.item.size for task in (*small, *large))
        )
        self._watch.said(f"Sending {len(small) + len(large)} files")
        sender = Sender(
            self._hub, self._settings, self._state, self._progress, self._stop, self._watch
        )
        sent: dict[Task, str | None] = {}
        report = self.report
        lists = {
            Kind.LATER: report.left, Kind.REFUSED: report.refused, Kind.FAILED: report.failed,
        }  # fmt: skip
        for outcome in sender.send(small, large):
            if outcome.condition is Condition.SENT:
                self._sent(outcome, sent)
            else:
                task, condition = outcome.task, outcome.condition
                lists[condition.kind].append(_remark(task, condition, outcome.reason))
                if condition.kind is Kind.FAILED:
                    self._unsent.append((task.root, *task.item))
                self._watch.has(task.root, 0, int(condition.kind is not Kind.LATER))
        return sent

    def _sent(self, outcome: Outcome, sent: dict[Task, str | None]) -> None:
        task = outcome.task
        sent[task] = outcome.sha256
        self.report.sent += 1
        self.report.sent_bytes += task.item.size
        if outcome.present and outcome.sha256:
            # The hub keeps the older time for it and will ask for the digest again.
            self._state.keep_digests([(task, outcome.sha256)])

    def _prove(self, sent: dict[Task, str | None]) -> None:
        self._watch.said(f"Asking for proof of {len(sent)} files")
        proof = prove(self._hub, sent, self._check, self._proved)
        for turn in range(PROOFS if proof.unverified else 0):
            # Such a server verifies in its own time; what it has not by then is told as it is.
            self._stop.wait(self._settings.verification_delay * 2**turn)
            more = prove(
                self._hub, {each: sent[each] for each in proof.unverified}, self._check,
                self._proved,
            )  # fmt: skip
            proof.archived += more.archived
            proof.verified += more.verified
            proof.missing += more.missing
            proof.unverified = more.unverified
            if not proof.unverified:
                break
        self.report.left += [_remark(task, Condition.UNVERIFIED) for task in proof.unverified]
        self.report.archived += proof.archived
        self.report.verified += len(proof.verified)
        if self._uses_cache:
            self._state.keep_verified(proof.verified)
            unproven = {*proof.missing, *proof.unverified}
            self._state.keep_archived(task for task in sent if task not in unproven)
        self.report.failed += [_remark(task, Condition.UNPROVEN) for task in proof.missing]
        self._progress.say("proved", archived=proof.archived, verified=len(proof.verified))

    def _proved(self, task: Task, condition: Condition) -> None:
        self._watch.upload(task, condition)
        is_there, is_missing = (
            condition is each for each in (Condition.COMPLETED, Condition.UNPROVEN)
        )
        self._watch.has(task.root, int(is_there), int(is_missing))

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopped("The agent was told to end.")


def _remark(task: Task, condition: Condition, told: str = "") -> Remark:
    path = shown(f"{task.root}/{task.item.path}")
    return Remark(path, told or condition.sentence, condition=condition)
