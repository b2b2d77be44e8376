"""The archive's work under the engine: asked for by events and schedules, done by a worker, counted
by item."""

from __future__ import annotations

import json
from threading import Event as Flag
from typing import Any

import pytest
from click.testing import CliRunner
from django.utils import timezone

from lagan.cli.archive import archive as command
from lagan.hub.archive import queries, reactions, services
from lagan.hub.archive.models import Replica, Volume
from lagan.hub.archive.services.replicating import replicate
from lagan.hub.archive.steps import STEPS, file_tasks
from lagan.hub.audit.rules import EventRow
from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.services import TaskSpec, create_job
from lagan.kit.ids import new_id
from lagan.worker.execute import execute
from tests.hub.archive.shelf import Archive, damage
from tests.worker.told import Told


def run_jobs() -> None:
    """What a hub worker does, until nothing is left to do."""
    ledger = DatabaseLedger()
    while claimed := ledger.claim(["hub"], "test"):
        for each in claimed:
            execute(each, ledger, stop=Flag())


def stored(*files: object, sequence: int = 1) -> EventRow:
    data = {"count": len(files), "files": [str(each) for each in files]}
    return EventRow(sequence, 1, timezone.now(), "files.stored", "x", None, None, data, "done")


@pytest.mark.django_db(transaction=True)
class TestWithWorkers:
    """The engine beats in a thread of its own, so these tests commit."""

    def test_what_is_stored_is_copied(self, archive: Archive) -> None:
        ids = archive.store([b"a", b"b"])
        reactions.replicate_stored([stored(*ids)])
        reactions.replicate_stored([stored(*ids)])
        assert Job.objects.count() == 1
        run_jobs()
        assert {each.status for each in queries.health(ids).values()} == {"good"}
        assert Job.objects.get().processed == 2

    def test_a_flipped_bit_is_found_by_the_scrub_and_healed(self, archive: Archive) -> None:
        [id] = archive.store([b"a" * 100])
        replicate([id])
        row = Replica.objects.get(volume__name="copy")
        damage(archive.path("copy", row.object))
        volume = Volume.objects.get(name="copy")
        reactions.scrub_volume(volume, [row.object])
        run_jobs()
        assert queries.health([id])[id].status == "good"
        kinds = list(Job.objects.order_by("id").values_list("kind", flat=True))
        assert kinds == ["archive.scrub", "archive.heal"]

    def test_items_that_fail_are_named_and_the_others_done(self, archive: Archive) -> None:
        [id] = archive.store([b"a" * 100])
        replicate([id])
        Replica.objects.update(state="bad")
        tasks = file_tasks("archive.heal", [id])
        create_job(kind="x", title="x", by=SYSTEM, tasks=tasks)
        tasks = [TaskSpec("archive.heal", items=["no id", str(new_id())])]
        create_job(kind="y", title="y", by=SYSTEM, tasks=tasks)
        run_jobs()
        assert [(each.failed, each.processed) for each in Job.objects.order_by("id")] == [
            (1, 0),
            (1, 1),
        ]

    @pytest.mark.parametrize(
        "step", ["archive.snapshot", "archive.sweep", "archive.refresh", "archive.plan-compacting"]
    )
    def test_the_steps_of_schedules_run(self, archive: Archive, step: str) -> None:
        args = {"volume": str(Volume.objects.get(name="main").id)}
        create_job(kind=step, title=step, by=SYSTEM, tasks=[TaskSpec(step, args=args)])
        run_jobs()
        assert Job.objects.get().state == "SUCCESS"

    def test_a_task_about_no_volume_fails_for_good(self, archive: Archive) -> None:
        create_job(kind="x", title="x", by=SYSTEM, tasks=[TaskSpec("archive.scrub", items=["a"])])
        run_jobs()
        assert Job.objects.get().state in ("FAILURE", "ERROR")


def test_schedules_ask_once_a_day_and_only_for_what_is_due(archive: Archive) -> None:
    ids = archive.store([b"a", b"b"])
    reactions.scrub_due()
    assert not Job.objects.exists()
    Replica.objects.update(verified_at=None)
    reactions.scrub_due()
    reactions.scrub_due()
    assert Job.objects.filter(kind="archive.scrub").count() == 1
    reactions.replicate_lacking()
    assert Job.objects.get(kind="archive.replicate").total == len(ids)
    reactions.compact_all()
    assert Job.objects.filter(kind="archive.plan-compacting").count() == 2


def test_a_set_of_one_volume_asks_for_no_copies(archive: Archive) -> None:
    Volume.objects.filter(name="copy").delete()
    reactions.replicate_stored([stored(*archive.store([b"a"]))])
    assert not Job.objects.exists()


def test_a_cancelled_copy_leaves_nothing(archive: Archive) -> None:
    from lagan.worker.ledger import Cancelled

    [id] = archive.store([b"a" * 1000])

    class Engine(Told):
        def progress(self, done: int, bytes: int = 0) -> None:
            raise Cancelled("No longer wanted.")

        def fail_item(self, item: str, category: str, reason: str) -> None:
            raise AssertionError("an item was blamed")

    with pytest.raises(Cancelled):
        STEPS["archive.replicate"](Engine(), {}, [str(id)])
    assert archive.objects("copy") == archive.pending("copy") == set()


def call(*words: str) -> Any:
    return CliRunner().invoke(command, list(words), catch_exceptions=False)


def test_the_command_scrubs_heals_and_says_so(archive: Archive) -> None:
    [id] = archive.store([b"a" * 100])
    replicate([id])
    assert call("scrub", "--now", "--full", "--json").exit_code == 0
    damage(archive.path("copy", Replica.objects.get(volume__name="copy").object))
    scrubbed = call("scrub", "--now", "--volume", "copy", "--json")
    assert scrubbed.exit_code == 1
    assert json.loads(scrubbed.output)[0]["damaged"] == [str(id)]
    assert call("status").exit_code == 1
    assert json.loads(call("heal", "--json").output) == {"healed": 1, "failed": {}}
    assert call("status", "--json").output == "[]\n"


def test_the_command_lists_and_adds_volumes(archive: Archive) -> None:
    (archive.root / "new").mkdir()
    added = call("add-volume", str(archive.root / "new"), "--name", "new", "--role", "copy")
    assert added.exit_code == 0
    listed = json.loads(call("volumes", "--json").output)
    assert [each["name"] for each in listed] == ["copy", "main", "new"]
    assert "new" in call("volumes").output


def test_the_command_asks_for_a_scrub(archive: Archive) -> None:
    archive.store([b"a"])
    call("scrub")
    assert Job.objects.get().kind == "archive.scrub"


def test_the_command_writes_snapshots_and_rebuilds(archive: Archive) -> None:
    archive.store([b"a", b"b"])
    written = json.loads(call("snapshot", "--json").output)
    assert written["volumes"] == ["copy", "main"]
    assert json.loads(call("sweep", "--starting", "--json").output)[0]["removed"] == []
    Replica.objects.all().delete()
    from lagan.hub.archive.models import File

    File.objects.all()._raw_delete("default")
    rebuilt = call("rebuild", str(archive.root / "main"), str(archive.root / "copy"), "--json")
    assert (rebuilt.exit_code, json.loads(rebuilt.output)["files"]) == (0, 2)
    assert services.open_store(Volume.objects.get(name="main"))
