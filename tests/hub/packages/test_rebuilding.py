"""The database is lost: `lagan archive rebuild` brings every package back from the volumes, in
whatever state it was, and whoever reads it is told the same as before."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.core.management import call_command
from django.utils import timezone

from lagan.cli.archive import archive as command
from lagan.hub.accounts import services as accounts
from lagan.hub.archive import services as archive
from lagan.hub.archive.reactions import replicate_lacking
from lagan.hub.archive.services.volumes import forget_opened
from lagan.hub.base.actors import SYSTEM
from lagan.hub.doors.packages_api import shapes
from lagan.hub.packages import clearing, fixity, queries, services
from lagan.hub.packages.judging import judge_waiting
from lagan.hub.packages.models import Package
from lagan.hub.packages.rules import Status
from tests.hub.packages.bags import bag_zip
from tests.hub.packages.depot import Depot, damage

PASSING = frozenset({"5", "6", "7"})
"""States of a download: whoever prepared it is gone with the database."""


def backdate(row: Package, **by: timedelta) -> None:
    now = timezone.now()
    Package.objects.filter(pk=row.pk).update(**{name: now - each for name, each in by.items()})


def furnished(depot: Depot) -> dict[str, Package]:
    """Packages in every state that lasts, with versions and metadata that changed."""
    owner, mate, rows = depot.people.owner, depot.people.mate, {}
    rows["removed"] = depot.kept(b"no zip")
    backdate(rows["removed"], changed_at=timedelta(days=15))
    clearing.plan_clearing()
    depot.work()
    rows["plain"] = depot.kept(user_metadata={"author": "Milán", "deep": {"of": ["1", 2]}})
    rows["text"] = depot.kept(user_metadata='{"title": "kept as it is"}', by=mate)
    rows["renamed"] = depot.kept(user_metadata={"author": "milan"}, name="first/name")
    for words in ({"author": "jan"}, {}):
        services.update_package(by=mate, package=rows["renamed"].pk, user_metadata=words)
    services.update_package(by=owner, package=rows["renamed"].pk, name="Druhý")
    rows["followed"] = depot.kept(user_metadata={"n": "1"})
    wrong = depot.kept(b"PK", group=None, after=rows["followed"].pk)
    rows["refused"] = wrong
    rows["second"] = depot.kept(bag_zip({"data/2": b"2"}), group=None, after=rows["followed"].pk)
    rows["third"] = depot.kept(
        bag_zip({"data/3": b"3"}), group=None, after=rows["second"].pk, user_metadata={"n": "3"}
    )
    rows["was followed by nothing good"] = depot.kept()
    depot.kept(b"", group=None, after=rows["was followed by nothing good"].pk)
    rows["lost"] = depot.kept()
    damage(depot.path(rows["lost"]))
    backdate(rows["lost"], checked_at=timedelta(days=29))
    fixity.plan_round()
    depot.work()
    rows["failed"] = depot.deposit()
    damage(depot.path(rows["failed"]))
    depot.work()
    for name in ("ready", "preparing"):
        rows[name] = depot.kept()
    services.ask_for(by=owner, package=rows["ready"].pk)
    depot.work()
    rows["waiting"] = depot.deposit()
    services.ask_for(by=owner, package=rows["preparing"].pk)
    rows["coming"] = services.begin_deposit(
        by=owner, name="by tus", file_name="big.zip", group=depot.team
    )
    return {name: _fresh(row) for name, row in rows.items()}


def _fresh(row: Package) -> Package:
    row.refresh_from_db()
    return row


def told(row: int) -> dict[str, Any]:
    """As the documented door tells it, to who may see everything; downloads begin anew."""
    shown = shapes.detail(queries.package(SYSTEM, row), "https://hub")
    shown["status"] = "3" if shown["status"] in PASSING else shown["status"]
    return shown


def lose_and_rebuild(depot: Depot) -> dict[str, Any]:
    """Everything of the database is gone; the command is given the two volumes."""
    call_command("flush", interactive=False, verbosity=0)
    forget_opened()
    accounts.bootstrap()
    assert not Package.objects.exists()
    places = [f"posix:{depot.root / name}" for name in ("main", "copy")]
    done = CliRunner().invoke(command, ["rebuild", *places, "--json"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(params=["from journals", "with a snapshot of the end", "with an old snapshot"])
def snapshots(request: pytest.FixtureRequest) -> tuple[Callable[[], object], Callable[[], object]]:
    """What is done at first, and what at the end."""

    def snapshot() -> object:
        return archive.snapshot(by=SYSTEM)

    def nothing() -> object:
        return None

    old, new = request.param.endswith("old snapshot"), request.param.endswith("end")
    return (snapshot if old else nothing), (snapshot if new else nothing)


def test_every_package_comes_back(
    depot: Depot, snapshots: tuple[Callable[[], object], Callable[[], object]]
):
    early = depot.kept(user_metadata={"author": "before"})
    depot.react()
    snapshots[0]()
    services.update_package(
        by=depot.people.owner, package=early.pk, name="later", user_metadata={"author": "after"}
    )
    rows = {"early": _fresh(early), **furnished(depot)}
    depot.react()
    snapshots[1]()
    before = {name: told(row.pk) for name, row in rows.items()}
    states = {row.status for row in rows.values()}
    assert states >= {"0", "1", "3", "4", "6", "7", "8", "9"}, states
    contents = {name: row.stored for name, row in rows.items()}
    found = lose_and_rebuild(depot)
    assert (found["damage"], found["conflicts"]) == ([], [])
    after = {name: told(row.pk) for name, row in rows.items()}
    for name, shown in before.items():
        assert after[name] == shown, name
    assert {name: Package.objects.get(pk=row.pk).stored for name, row in rows.items()} == contents
    again = Package.objects.get(pk=rows["refused"].pk)
    assert again.facts == rows["refused"].facts
    assert Package.objects.get(pk=rows["removed"].pk).removed_at is not None


def test_afterwards_work_goes_on(depot: Depot):
    rows = furnished(depot)
    replicate_lacking()
    depot.work()
    asked = rows["plain"]
    waiting = depot.deposit()
    services.ask_for(by=depot.people.owner, package=asked.pk)
    depot.react()
    archive.snapshot(by=SYSTEM)
    lose_and_rebuild(depot)
    backdate(waiting, changed_at=timedelta(hours=2))
    judge_waiting()
    assert services.ask_for(by=SYSTEM, package=asked.pk) is None
    depot.work()
    assert Package.objects.get(pk=waiting.pk).status == Status.CHECKSUM_OK
    given = services.ask_for(by=SYSTEM, package=asked.pk)
    assert given is not None
    assert given.entry.sha256 == asked.checksum
