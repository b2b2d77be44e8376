"""Whatever happens in whatever order, each path has one outcome and the sums are those of a model
that knows nothing of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models.functions import Now
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job, Task
from lagan.hub.jobs.reconcile import give_back_of
from lagan.hub.jobs.rules import MAX_AGAIN, OPEN_JOBS, TaskState
from lagan.hub.jobs.services import cancel, pause, resume, retry, start
from lagan.worker.ledger import AGAIN, ALREADY, Claimed, LeaseLost, Outcome
from tests.hub.jobs.workflow import claim, outcomes, submission, sums, told

PENDING = "pending"
DECISIONS = ["done"] * 6 + [ALREADY, "skipped.link", "failed.gone", AGAIN + ".busy"]
FOLDERS = {"/d": ["/d/a", "/d/b"], "/d/a": ["/d/a/a"], "/e": []}
FILES = 3
Draw = Callable[[list[str]], str]


@dataclass
class World:
    """A job, its model, and the workers that hold its tasks."""

    draw: Draw
    job: Job
    stages: int
    expected: dict[str, str] = field(default_factory=dict)
    """What is to become of each path that was found."""
    tries: Counter[tuple[str, int]] = field(default_factory=Counter)
    held: list[Claimed] = field(default_factory=list)
    lost: list[Claimed] = field(default_factory=list)
    found: dict[int, list[str]] = field(default_factory=dict)
    """What the walks that are held have found."""
    cancelled: set[int] = field(default_factory=set)
    ledger: DatabaseLedger = field(default_factory=DatabaseLedger)

    def take(self) -> None:
        Task.objects.update(not_before=Now())
        paused = Job.objects.values_list("paused", flat=True).get(pk=self.job.pk)
        taken = claim(int(self.draw(["1", "3"])))
        assert not (taken and paused)
        self.held += taken

    def end(self) -> None:
        if task := self._some():
            self.walk(task) if task.step.startswith("discover") else self.work(task)

    def walk(self, task: Claimed) -> None:
        """Files, folders that it cannot read, and folders that it leaves to others."""
        mine = self.found.pop(task.id, [])
        failed, left, seen = [], [], list(task.items)
        for folder in seen:
            what = self.draw(["read"] * 4 + ["left", "failed.unreadable", AGAIN])
            if what == "read" or (what == "left" and folder in task.items):
                files = [f"{folder}/{n}" for n in range(FILES)]
                self.ledger.found(task, files, FILES)
                mine += files
                seen += FOLDERS.get(folder, [])
            elif what == "left":
                left.append([folder])
            else:
                failed.append((folder, what))
        stopping = task.id in self.cancelled
        if stopping and self.draw(["heard", "unheard"]) == "heard":
            outcome = Outcome(failures=told(*failed), cancelled=True)
            mine = []
        else:
            outcome = Outcome(failures=told(*failed), walks=left)
        self.ledger.finish(task, outcome)
        self.expected.update(dict.fromkeys(mine, PENDING))
        for folder, what in failed:
            self._decide(folder, -1, what, stopping or folder not in task.items)

    def work(self, task: Claimed) -> None:
        stage = int(task.step[-1])
        stopping = task.id in self.cancelled
        decided = {item: self.draw(DECISIONS) for item in task.items}
        failures = told(*((item, what) for item, what in decided.items() if what != "done"))
        heard = stopping and self.draw(["heard", "unheard"]) == "heard"
        done = int(self.draw(["1", "0", "2"])) if heard else len(decided)
        self.ledger.finish(task, Outcome(done=done, failures=failures, cancelled=heard))
        for item, what in decided.items():
            if what == "done" or (what == ALREADY and stage + 1 < self.stages):
                last = stage + 1 == self.stages and done > 0
                self.expected[item] = "processed" if last else PENDING
                done -= 1
            else:
                self._decide(item, stage, what, stopping)

    def break_down(self) -> None:
        if task := self._some():
            self.found.pop(task.id, None)
            permanent = self.draw(["yes", "no", "no"]) == "yes"
            self.ledger.fail(task, "broken", permanent)
            errors = Task.objects.values_list("errors", flat=True).get(pk=task.id)
            if task.id not in self.cancelled and (permanent or errors >= 5):
                self.expected.update(dict.fromkeys(task.items, "failed"))

    def let_go(self) -> None:
        if task := self._some():
            self.found.pop(task.id, None)
            self.ledger.release(task)

    def find(self) -> None:
        """A walk finds something, and does not end yet."""
        walks = [task for task in self.held if task.step.startswith("discover")]
        for task in walks[:1]:
            file = f"{task.items[0]}/early{len(self.found.setdefault(task.id, []))}"
            self.ledger.found(task, [file], 1)
            self.found[task.id].append(file)

    def die(self) -> None:
        """All workers at once; later they wake up and are not heard."""
        give_back_of(["w"])
        self.lost, self.held = self.held, []
        self.found.clear()

    def speak_late(self) -> None:
        for task in self.lost:
            for act in (
                lambda task=task: self.ledger.finish(task, Outcome(done=len(task.items))),
                lambda task=task: self.ledger.found(task, ["/late"], 1),
                lambda task=task: self.ledger.fail(task, "late", True),
            ):
                try:
                    act()
                except LeaseLost:
                    continue
                raise AssertionError("a dead worker was heard")
        self.lost = []

    def turn(self) -> None:
        """Pause, resume, cancel, or try again: whatever the state allows."""
        state, paused = Job.objects.values_list("state", "paused").get(pk=self.job.pk)
        if state not in OPEN_JOBS:
            retry(job=self.job.pk, by=SYSTEM)
            self.cancelled.clear()
            for path, what in list(self.expected.items()):
                if what.startswith("failed"):
                    self._again(path)
        elif self.draw(["pause", "pause", "cancel"]) == "pause":
            (resume if paused else pause)(job=self.job.pk, by=SYSTEM)
        else:
            cancel(job=self.job.pk, by=SYSTEM)
            self.cancelled |= {task.id for task in self.held}

    def check(self) -> None:
        seen = outcomes(self.job, size=40)
        shown = {
            path: PENDING if what.partition(".")[0] in ("waiting", "running") else what
            for path, what in seen.items()
        }
        assert shown == self.expected
        states = Counter(what.partition(".")[0] for what in shown.values())
        counted = (states["processed"], states["skipped"], states["failed"])
        assert sums(self.job) == (len(shown), *counted)
        reasons = Counter(what for what in shown.values() if what not in (PENDING, "processed"))
        assert self.job.categories == dict(reasons)
        open_ = Task.objects.filter(state__in=("found", "held", "queued", "running")).exists()
        assert (self.job.state in OPEN_JOBS) == open_

    def finish_all(self) -> None:
        """Every job comes to its end, and then every path has its outcome."""
        self.draw = lambda choices: choices[0]
        for _ in range(60):
            if self.job.state not in OPEN_JOBS:
                break
            if self.job.paused:
                resume(job=self.job.pk, by=SYSTEM)
            self.take()
            while self.held:
                self.end()
            self.check()
        assert self.job.state not in OPEN_JOBS
        if self.job.state != "CANCELLED":
            assert PENDING not in self.expected.values()
            assert not Task.objects.filter(state=TaskState.CANCELLED).exists()

    def _some(self) -> Claimed | None:
        if not self.held:
            return None
        return self.held.pop(int(self.draw(["0", "1", "2"])) % len(self.held))

    def _decide(self, item: str, stage: int, what: str, final: bool) -> None:
        """A failure in passing is tried again a few times, unless the job is being cancelled."""
        if what.startswith(AGAIN):
            self.tries[item, stage] += 1
            if not final and self.tries[item, stage] <= MAX_AGAIN:
                if stage >= 0:
                    self.expected[item] = PENDING
                return
            what = "failed" + what[len(AGAIN) :]
        self.expected[item] = what

    def _again(self, path: str) -> None:
        """A folder that could not be walked is none of the paths until it was."""
        if path in _ALL:
            del self.expected[path]
        else:
            self.expected[path] = PENDING
        for key in [key for key in self.tries if key[0] == path]:
            del self.tries[key]


_ALL = {*FOLDERS, *(folder for below in FOLDERS.values() for folder in below)}
ACTS: dict[str, Callable[[World], None]] = {
    "take": World.take,
    "end": World.end,
    "break": World.break_down,
    "release": World.let_go,
    "find": World.find,
    "die": World.die,
    "late": World.speak_late,
    "turn": World.turn,
}
OFTEN = ["take"] * 5 + ["end"] * 5 + ["turn"] * 2 + list(ACTS)


@settings(
    max_examples=settings().max_examples // 5,
    phases=(Phase.explicit, Phase.generate),  # to make a failure smaller takes many minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_each_path_has_one_outcome_whatever_happens(db: None, data: st.DataObject) -> None:
    with transaction.atomic():
        draw: Draw = lambda choices: data.draw(st.sampled_from(choices))  # noqa: E731
        stages = int(draw(["1", "2", "3"]))
        walked = draw(["walked", "given"]) == "walked"
        paths = ["/d", "/e"] if walked else [f"/given/{n}" for n in range(4)]
        job = start(
            submission=submission(paths, stages, "recursive" if walked else None), by=SYSTEM
        )
        world = World(draw, job, stages)
        if not walked:
            world.expected = dict.fromkeys(paths, PENDING)
        for act in data.draw(st.lists(st.sampled_from(OFTEN), min_size=12, max_size=40)):
            ACTS[act](world)
            world.check()
        world.finish_all()
        transaction.set_rollback(True)
