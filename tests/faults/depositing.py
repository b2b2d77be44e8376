"""A depositor, the hub's writer and its worker in one process, to be struck at any of its calls.

`python -m tests.faults.depositing` with LAGAN_DATA: reads a line of JSON (what was acknowledged
before), prints a line when it is ready, waits for another line, then does what is left, as a client
that tries again does, and prints a line of JSON for each acknowledgement. `make` as an argument
makes the hub and ends; `tell` settles it, as a hub that starts does, and prints what there is.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Event as Flag
from typing import Any

from tests.faults.serving import name_threads
from tests.hub.packages.bags import bag_zip
from tests.worker.told import Told

MAIN = "packages"
"""The name of the thread that deposits, judges and prepares."""
CONTENTS = {
    "first": bag_zip({"data/first": bytes(range(256)) * 700}),
    "resumable": bag_zip({"data/resumable": b"resumable" * 30_000}),
    "second": bag_zip({"data/second": b"second" * 20_000}),
    "wrong": bag_zip(leave_out="bagit.txt"),
}
WORDS = {"author": "milan"}


class Depositor:
    """The steps, and what each of them was acknowledged with."""

    def __init__(self, acknowledged: dict[str, Any]) -> None:
        from lagan.hub.accounts.queries import find_user
        from lagan.hub.base.actors import Actor

        user = find_user(username="admin")
        assert user is not None
        self.by = Actor(user.entity_id, "admin", "jwt")
        self.said = acknowledged

    def steps(self) -> dict[str, Callable[[], Any]]:
        return {
            "first": lambda: self.deposit("first"),
            "announced": self.announce,
            "resumable": self.send,
            "wrong": lambda: self.deposit("wrong"),
            "judged": work,
            "described": self.describe,
            "second": self.follow,
            "judged again": work,
            "asked": self.ask,
            "prepared": work,
            "fetched": self.fetch,
            "cleared": self.clear,
        }

    def go_on(self) -> None:
        for name, act in self.steps().items():
            if name not in self.said:
                self.said[name] = act()
                tell({name: self.said[name]})

    def deposit(self, what: str, *, after: int | None = None) -> int:
        from lagan.hub.packages import services

        sent = services.Zip()
        try:
            for start in range(0, len(CONTENTS[what]), 50_000):
                sent.write([CONTENTS[what][start : start + 50_000]])
            place = {"group": self.group} if after is None else {"after": after}
            row = services.begin_deposit(
                by=self.by, name=what, file_name=f"{what}.zip", at_hand=True, **place
            )
            future = sent.become(row, self.by)
        except BaseException:
            sent.discard()
            raise
        return int(services.stored(future, row.pk).pk)

    def follow(self) -> int:
        """Where only the answer was lost, there is a next version already."""
        from lagan.hub.packages import queries
        from lagan.hub.packages.errors import Superseded

        first = self.said["first"]
        try:
            return self.deposit("second", after=first)
        except Superseded:
            following = queries.package(self.by, first).next_version
            assert following is not None
            return following

    @property
    def group(self) -> int:
        from lagan.hub.tree import services as tree

        return tree.ensure_root().root.pk

    def announce(self) -> int:
        from lagan.hub.packages import services

        name = "resumable.zip"
        row = services.begin_deposit(by=self.by, name="resumable", file_name=name, group=self.group)
        return int(row.pk)

    def send(self) -> int:
        from lagan.hub.ingest.receiving import Receiving
        from lagan.hub.ingest.uploads import begin
        from lagan.hub.packages.models import Package

        package, data = self.said["announced"], CONTENTS["resumable"]
        if Package.objects.get(pk=package).status != "0":
            return 0  # it had come, and only its answer was lost
        upload = begin(by=self.by, dataset=package, path="resumable.zip", size=len(data))
        half = len(data) // 2
        for start in (0, half):
            receiving = Receiving(by=self.by, id=str(upload.pk), offset=start)
            receiving.write([data[start : start + half] if start == 0 else data[start:]])
            receiving.end_of_request()
            if receiving.complete:
                receiving.archive().result()
            receiving.release()
        return 1

    def describe(self) -> int:
        from lagan.hub.packages import services

        services.update_package(
            by=self.by, package=self.said["first"], name="described", user_metadata=WORDS
        )
        return 1

    def ask(self) -> int:
        from lagan.hub.packages import services

        services.ask_for(by=self.by, package=self.said["first"])
        return 1

    def fetch(self) -> str:
        from hashlib import sha256

        from lagan.hub.packages import services
        from lagan.hub.packages.downloading import proved

        package = self.said["first"]
        given = services.ask_for(by=self.by, package=package)
        assert given is not None, "it was prepared"
        return sha256(b"".join(map(bytes, proved(package, given)))).hexdigest()

    def clear(self) -> int:
        from django.utils import timezone

        from lagan.hub.packages import clearing
        from lagan.hub.packages.models import Package

        long_ago = timezone.now() - timedelta(days=20)
        Package.objects.filter(status="9").update(changed_at=long_ago)
        clearing.plan_clearing()
        return work()


def work() -> int:
    """What scheduler and worker do until nothing is left to do. A dead worker's tasks are given
    back as those of a worker that did not answer."""
    from django.db.models import Q

    from lagan.hub.audit.feed import run_reactions
    from lagan.hub.jobs.ledger import DatabaseLedger
    from lagan.hub.jobs.reconcile import give_back
    from lagan.worker.execute import execute
    from tests.hub.audit.sealing import seal_all

    give_back(Q(), "The worker was killed.")
    ledger, done = DatabaseLedger(), 0
    while True:
        while seal_all() or run_reactions():
            done += 1
        claimed = ledger.claim(["hub"], "victim")
        if not claimed:
            return done
        for each in claimed:
            execute(each, ledger, stop=Flag())


def state() -> dict[str, Any]:
    """Every package with its events counted, and what is wrong with the archive."""
    from lagan.hub.audit.models import Event
    from lagan.hub.packages.models import Package
    from tests.faults.judge import look

    rows = {}
    for row in Package.objects.order_by("pk"):
        events = Event.objects.filter(subject=row.pk, kind__startswith="package.")
        said = Counter(" ".join(each) for each in events.values_list("kind", "result"))
        rows[row.pk] = {
            "name": row.name, "status": row.status, "version": row.version, "said": said,
            "checksum": row.checksum, "sha256": row.sha256, "next": row.next_version_id,
            "previous": row.previous_metadata, "words": row.user_metadata,
            "stored": row.stored is not None, "removed": row.removed_at is not None,
        }  # fmt: skip
    return {"packages": rows, "wrong": look()["wrong"]}


def settle() -> dict[str, Any]:
    """As a hub that starts, and some time later."""
    from django.utils import timezone

    from lagan.hub.archive import services as archive
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.ingest.models import RECEIVING, Upload
    from lagan.hub.ingest.uploads import expire
    from lagan.hub.packages.judging import judge_waiting
    from lagan.hub.packages.models import Package

    work()
    Package.objects.filter(status__in=("0", "1", "2", "10")).update(
        changed_at=timezone.now() - timedelta(hours=2)
    )
    judge_waiting()
    work()
    long_ago = timezone.now() - timedelta(days=30)
    Upload.objects.filter(state=RECEIVING).update(expires_at=long_ago)
    expire(Told(), {}, [])
    work()
    archive.sweep(by=SYSTEM, starting=True)
    return state()


def wait_a_moment() -> None:
    """Whoever tries again does so some minutes later."""
    from django.utils import timezone

    from lagan.hub.packages.models import Package

    before = timezone.now() - timedelta(minutes=3)
    Package.objects.filter(status="0").update(changed_at=before)


def tell(facts: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def main(task: str = "") -> None:
    name_threads(MAIN.encode())
    from lagan.cli.up import prepare
    from lagan.hub.ops.settings import set_up_django, use_settings

    prepare(use_settings())
    set_up_django()
    if task == "make":
        return
    if task == "tell":
        tell(settle())
        return
    known = json.loads(sys.stdin.readline())
    who = Depositor(known)
    wait_a_moment()
    who.deposit("first")  # so that every thread is there
    tell({"ready": True})
    sys.stdin.readline()
    who.go_on()
    tell({"done": True})


if __name__ == "__main__":
    main(*sys.argv[1:])
