"""Walks under the engine: what they find becomes tasks once, whatever dies, and a walk for changes
compares with the last run of the same work that ended well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.utils import timezone

from lagan.hub.base.actors import Actor
from lagan.hub.jobs import queries, walks
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job, Site, Task
from lagan.hub.jobs.reconcile import reconcile
from lagan.hub.jobs.rules import WALK, JobState
from lagan.hub.jobs.services import Stage, Submission, retry, start
from lagan.worker.execute import Run, execute
from lagan.worker.ledger import Claimed, LeaseLost
from lagan.worker.place import Place, serving
from lagan.worker.site import paths, register, snapshots, walking
from lagan.worker.steps import Context, register_step

pytestmark = pytest.mark.django_db

handled: list[str] = []
broken: set[str] = set()


def note(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> None:
    """A step that writes down what it was given and fails for what is `broken`."""
    for each in items:
        handled.append(each)
        if each.rpartition("/")[2] in broken:
            context.fail_item(each, "failed.error", "It is broken.")


@pytest.fixture
def root(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The site's folder; its files count as old enough to be told apart."""
    register()
    register_step("test.note", note)
    monkeypatch.setattr(snapshots, "SETTLED", -(10**12))
    handled.clear()
    broken.clear()
    with serving(Place(roots=(tmp_path,))):
        yield tmp_path


def make(root: Path, *names: str) -> list[str]:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return sorted(f"{root}/{name}" for name in names)


def work(root: Path, **changes: Any) -> Submission:
    asked = Submission("note", "Note", "lab", [str(root)], [Stage("test.note", "lab")], "recursive")
    return replace(asked, **changes)


def run(ledger: DatabaseLedger, job: Job) -> tuple[Job, list[str]]:
    """The job at its end, and what it did on the way."""
    handled.clear()
    while claimed := ledger.claim(["lab"], "w"):
        execute(claimed[0], ledger)
    job.refresh_from_db()
    return job, sorted(handled)


def changes(ledger: DatabaseLedger, owner: Actor, submission: Submission) -> tuple[str, list[str]]:
    job, did = run(ledger, start(submission=submission, by=owner))
    return job.state, did


def test_a_walk_and_those_beside_it_find_each_path_once(
    root: Path, ledger: DatabaseLedger, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "MOST_ENTRIES", 10)
    made = make(root, *(f"{n}/{m}/x{k}" for n in range(4) for m in range(4) for k in range(4)))
    job, did = run(ledger, start(submission=work(root), by=owner))
    assert did == made
    assert (job.state, job.total, job.processed) == (JobState.SUCCESS, 64, 64)
    assert Task.objects.filter(job=job, stage=WALK).count() > 3


def test_a_walk_that_is_killed_finds_each_path_once(
    root: Path, ledger: DatabaseLedger, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lagan.worker.batches.cut.__defaults__", (3, 8 << 30))
    made = make(root, *(f"x{n:02}" for n in range(20)))
    job = start(submission=work(root), by=owner)
    (first,) = ledger.claim(["lab"], "killed")
    find_some(first, ledger, 4)
    assert queries.job(owner, job.pk).total == 0
    Task.objects.filter(pk=first.id).update(lease_until=timezone.now() - timedelta(hours=1))
    assert reconcile() == 1
    (second,) = ledger.claim(["lab"], "w")
    execute(second, ledger)
    with pytest.raises(LeaseLost):
        ledger.found(first, ["/late"], 0)
    job, did = run(ledger, job)
    assert did == made
    assert (job.state, job.total, job.processed) == (JobState.SUCCESS, 20, 20)


def find_some(claimed: Claimed, ledger: DatabaseLedger, batches: int) -> None:
    """Run a walk until it has given so many batches; then its worker is gone."""

    class Killed(BaseException):
        pass

    class Dying(Run):
        left = batches

        def found(self, items: Sequence[str], size: int) -> None:
            if not self.left:
                raise Killed
            self.left -= 1
            super().found(items, size)

    with pytest.raises(Killed):
        walking.recursive(Dying(claimed, ledger, Event()), claimed.args, claimed.items)


def test_what_cannot_be_walked_fails_its_job_and_nothing_else(
    root: Path, ledger: DatabaseLedger, owner: Actor
) -> None:
    made = make(root, "a/x")
    asked = work(root, paths=[f"{root}/a", f"{root}/gone"])
    job, did = run(ledger, start(submission=asked, by=owner))
    assert did == made
    assert (job.state, job.total, job.processed, job.failed) == (JobState.FAILURE, 2, 1, 1)
    (failure,) = queries.failures(owner, job.pk).items
    assert (failure.item, failure.category) == (f"{root}/gone", "failed.missing")


def test_filters_choose_what_a_job_works_on(
    root: Path, ledger: DatabaseLedger, owner: Actor
) -> None:
    made = make(root, "a/x.tif", "b.tif")
    make(root, "a/x.txt", "tmp/x.tif")
    asked = work(root, filters={"include": ["*.tif"], "exclude": ["tmp"]})
    assert run(ledger, start(submission=asked, by=owner))[1] == made


@pytest.mark.parametrize("step", ["hsm.delete", "dynamo.tasks.delete_paths_from_gpfs"])
def test_a_removed_folder_is_removed_whole(
    root: Path, ledger: DatabaseLedger, owner: Actor, step: str
) -> None:
    make(root, "a/x", "a/b/c/x", "kept")
    (root / "a/empty").mkdir()
    asked = work(root, paths=[f"{root}/a"], stages=[Stage(step, "lab")])
    assert walks.walk_args(asked)["folders"] is True
    job, _ = run(
        ledger, start(submission=replace(asked, stages=[Stage("hsm.delete", "lab")]), by=owner)
    )
    assert (job.state, job.total) == (JobState.SUCCESS, 6)
    assert [each.name for each in root.iterdir()] == ["kept"]


def test_the_second_run_works_on_what_changed_since_the_first(
    root: Path, ledger: DatabaseLedger, owner: Actor
) -> None:
    made = make(root, "a", "b")
    asked = work(root, discovery="snapdiff")
    assert changes(ledger, owner, asked) == ("SUCCESS", made)
    assert changes(ledger, owner, asked) == ("SUCCESS", [])
    (root / "a").write_text("changed")
    make(root, "c")
    (root / "b").unlink()
    assert changes(ledger, owner, asked) == ("SUCCESS", [f"{root}/a", f"{root}/c"])
    assert changes(ledger, owner, asked) == ("SUCCESS", [])


def test_what_a_failed_run_found_comes_again(
    root: Path, ledger: DatabaseLedger, owner: Actor
) -> None:
    asked = work(root, discovery="snapdiff")
    changes(ledger, owner, asked)
    made = make(root, "good", "bad")
    broken.add("bad")
    assert changes(ledger, owner, asked) == ("FAILURE", made)
    assert changes(ledger, owner, asked) == ("FAILURE", made)
    broken.clear()
    failed = Job.objects.order_by("-id")[0]
    retry(job=failed.pk, by=owner)
    assert run(ledger, failed)[0].state == JobState.SUCCESS
    assert changes(ledger, owner, asked) == ("SUCCESS", [])


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "other"},
        {"filters": {"include": "*"}},
        {"stages": [Stage("test.note", "lab", {"to": "elsewhere"})]},
    ],
)
def test_other_work_has_a_past_of_its_own(
    root: Path, ledger: DatabaseLedger, owner: Actor, other: dict[str, Any]
) -> None:
    made = make(root, "a")
    asked = work(root, discovery="snapdiff")
    changes(ledger, owner, asked)
    assert changes(ledger, owner, replace(asked, **other)) == ("SUCCESS", made)
    assert changes(ledger, owner, work(root)) == ("SUCCESS", made)
    assert changes(ledger, owner, asked) == ("SUCCESS", [])


def test_the_order_of_paths_and_slashes_make_no_other_work(root: Path) -> None:
    asked = work(root, paths=["/a", "/b"])
    assert walks.key_of(asked) == walks.key_of(replace(asked, paths=["/b/", "/a", "/a"]))
    assert walks.key_of(asked) != walks.key_of(replace(asked, paths=["/a"]))
    strange = work(root, paths=["/caf\udce9"])
    assert len(walks.key_of(strange)) == 64


def test_what_could_not_be_walked_is_walked_again_and_nothing_else(
    root: Path, ledger: DatabaseLedger, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(root, "a/x", "closed/deep/x")
    closed = f"{root}/closed"
    real = paths.open_at

    def refuse(path: str, flags: int) -> Any:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return real(path, flags)

    monkeypatch.setattr("lagan.worker.site.paths.open_at", refuse)
    named = start(submission=work(root, paths=[f"{root}/a", closed, f"{root}/late"]), by=owner)
    assert run(ledger, named)[1] == [f"{root}/a/x"]
    found = start(submission=work(root), by=owner)
    assert run(ledger, found)[1] == [f"{root}/a/x"]
    monkeypatch.setattr("lagan.worker.site.paths.open_at", real)
    make(root, "late/x")
    expected = {
        named: [f"{root}/closed/deep/x", f"{root}/late/x"],
        found: [f"{root}/closed/deep/x"],
    }
    for job, those in expected.items():
        retry(job=job.pk, by=owner)
        ended, did = run(ledger, job)
        assert did == those
        assert (ended.state, ended.failed) == (JobState.SUCCESS, 0)
        assert ended.total == ended.processed == 1 + len(those)
