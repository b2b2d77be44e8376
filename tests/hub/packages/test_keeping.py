"""What is kept is looked at in rounds, given out only after it was compared, and removed only when
it was refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from lagan.hub.archive import queries as archive
from lagan.hub.archive.models import Replica
from lagan.hub.archive.reactions import replicate_lacking
from lagan.hub.archive.services.replicating import replicate
from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.models import Job
from lagan.hub.packages import clearing, downloading, fixity, judging, queries, services
from lagan.hub.packages.errors import NotReady
from lagan.hub.packages.models import Package
from lagan.hub.packages.rules import Status
from lagan.kit.errors import NotFound
from tests.hub.packages.depot import Depot, damage
from tests.worker.told import Told


def age(row: Package, **names: timedelta) -> None:
    values = {name: timezone.now() - by for name, by in names.items()}
    Package.objects.filter(pk=row.pk).update(**values)


def in_two_copies(depot: Depot) -> Package:
    row = depot.kept()
    replicate_lacking()
    depot.work()
    assert depot.path(row, "copy").exists()
    return row


def test_a_download_is_prepared_and_then_handed_over(depot: Depot):
    row = depot.kept()
    assert services.ask_for(by=depot.people.owner, package=row.pk) is None
    assert services.ask_for(by=depot.people.mate, package=row.pk) is None
    assert status(row) == Status.DOWNLOAD_PREPARING
    assert Job.objects.filter(kind=downloading.STEP).count() == 1
    depot.work()
    assert status(row) == Status.DOWNLOAD_READY
    given = services.ask_for(by=depot.people.mate, package=row.pk)
    assert given is not None
    assert (given.entry.sha256, given.entry.path) == (row.checksum, row.file_name)
    assert given.location.volume == "main"
    told = [kind for kind, _ in depot.said(row.pk)][4:]
    assert told == ["requested", "checked", "fetched"]
    with pytest.raises(NotFound):
        services.ask_for(by=depot.people.stranger, package=row.pk)


def test_what_was_prepared_long_ago_is_prepared_again(depot: Depot):
    row = depot.kept()
    services.ask_for(by=depot.people.owner, package=row.pk)
    depot.work()
    age(row, changed_at=timedelta(hours=25))
    assert services.ask_for(by=depot.people.owner, package=row.pk) is None
    depot.work()
    age(row, changed_at=timedelta(hours=25))
    downloading.lapse()
    assert status(row) == Status.CHECKSUM_OK


def test_one_good_copy_is_enough_to_prepare_and_the_other_is_healed(depot: Depot):
    row = in_two_copies(depot)
    damage(depot.path(row))
    services.ask_for(by=depot.people.owner, package=row.pk)
    depot.work()
    assert status(row) == Status.DOWNLOAD_READY
    given = services.ask_for(by=depot.people.owner, package=row.pk)
    assert given is not None
    assert given.location.volume == "copy"
    assert row.stored is not None
    assert archive.health([row.stored])[row.stored].status == "good"


def test_without_a_good_copy_nothing_is_given_out(depot: Depot):
    row = in_two_copies(depot)
    for volume in ("main", "copy"):
        damage(depot.path(row, volume))
    services.ask_for(by=depot.people.owner, package=row.pk)
    depot.work()
    assert status(row) == Status.CHECKSUM_FAILED
    assert depot.said(row.pk)[-2:] == [("checked", "failed"), ("not-fetched", "failed")]


def test_a_round_looks_at_what_is_due_and_records_each_result(depot: Depot):
    due, fresh = in_two_copies(depot), depot.kept()
    age(due, checked_at=timedelta(days=28))
    fixity.plan_round()
    depot.work()
    assert depot.said(due.pk)[-1] == ("checked", "done")
    assert ("checked", "done") not in depot.said(fresh.pk)
    event = queries.events(depot.people.owner, due.pk)[0].event
    assert (event.data["copies"], event.data["damaged"]) == (2, [])


def test_how_often_and_how_long_is_a_setting(depot: Depot, monkeypatch: pytest.MonkeyPatch):
    kept, refused = depot.kept(), depot.kept(b"nothing")
    monkeypatch.setattr(
        settings, "CONFIG", replace(settings.CONFIG, package_days=2, refused_days=3)
    )
    age(kept, checked_at=timedelta(days=1))
    age(refused, changed_at=timedelta(days=2))
    place = depot.path(refused)
    tend(depot)
    assert place.exists()
    assert ("checked", "done") not in depot.said(kept.pk)
    age(kept, checked_at=timedelta(days=2))
    age(refused, changed_at=timedelta(days=4))
    tend(depot)
    assert not place.exists()
    assert ("checked", "done") in depot.said(kept.pk)
    assert depot.said(refused.pk)[-1] == ("removed", "done")


def tend(depot: Depot) -> None:
    """What the scheduler asks for, and the worker does."""
    fixity.plan_round()
    clearing.plan_clearing()
    depot.work()


def test_what_is_found_right_again_is_told_to_the_journals(depot: Depot):
    row = depot.kept()
    path = depot.path(row)
    for failed in (True, False):
        damage(path)
        services.ask_for(by=depot.people.owner, package=row.pk)
        depot.work()
        assert (status(row) == Status.CHECKSUM_FAILED) is failed
        Replica.objects.update(state="good")
    events = [each.event for each in queries.events(SYSTEM, row.pk)]
    looks = [each for each in events if each.kind == "package.checked"]
    assert [bool(each.data.get("recovered")) for each in looks] == [True, False]


def test_a_round_finds_a_flipped_bit_and_the_copy_is_healed(depot: Depot):
    row = in_two_copies(depot)
    age(row, checked_at=timedelta(days=28))
    damage(depot.path(row, "copy"))
    fixity.plan_round()
    depot.work()
    event = queries.events(depot.people.owner, row.pk)[0].event
    assert (event.kind, event.data["damaged"]) == ("package.checked", ["copy"])
    assert status(row) == Status.CHECKSUM_OK
    assert row.stored is not None
    assert archive.health([row.stored])[row.stored].status == "good"


def test_a_package_that_is_damaged_everywhere_says_so(depot: Depot):
    row = depot.kept()
    age(row, checked_at=timedelta(days=28))
    damage(depot.path(row))
    fixity.plan_round()
    depot.work()
    assert status(row) == Status.CHECKSUM_FAILED
    assert depot.said(row.pk)[-1] == ("checked", "failed")


def test_a_volume_that_is_away_says_nothing_of_the_package(depot: Depot):
    from lagan.hub.archive.services.volumes import forget_opened

    kept, waiting = depot.kept(), depot.deposit()
    age(kept, checked_at=timedelta(days=28))
    away = (depot.root / "main").rename(depot.root / "unplugged")
    forget_opened()
    fixity.plan_round()
    depot.work()
    assert (status(kept), status(waiting)) == (Status.CHECKSUM_OK, Status.UPLOADING)
    assert depot.said(kept.pk)[-1] == ("checked", "failed")
    away.rename(depot.root / "main")
    forget_opened()
    judging.judge_step(Told(), {}, [str(waiting.pk)])
    assert fixity.check_step(Told(), {}, [str(kept.pk)])["failed"] == 0
    assert status(waiting) == Status.CHECKSUM_OK


def test_damage_before_the_verdict_is_not_the_depositors_fault(depot: Depot):
    lost, saved = depot.deposit(), depot.deposit()
    assert saved.stored is not None
    replicate([saved.stored])
    for each in (lost, saved):
        damage(depot.path(each))
    depot.work()
    assert (status(lost), status(saved)) == (Status.UPLOAD_FAILED, Status.CHECKSUM_OK)
    assert depot.said(lost.pk) == [("begun", "done"), ("failed", "failed")]


def test_a_refused_deposit_goes_after_a_while_and_its_record_stays(depot: Depot):
    refused, kept = depot.kept(b"nothing"), depot.kept()
    clearing.plan_clearing()
    depot.work()
    place = depot.path(refused)
    assert place.exists()
    for each in (refused, kept):
        age(each, changed_at=timedelta(days=15))
    clearing.plan_clearing()
    depot.work()
    assert not place.exists()
    assert depot.path(kept).exists()
    shown = queries.package(depot.people.mate, refused.pk)
    assert (shown.status, bool(shown.removed_at)) == (Status.NOT_VALID_BAGIT, True)
    assert depot.said(refused.pk)[-1] == ("removed", "done")
    assert [each.id for each in queries.packages(depot.people.mate)] == [kept.pk]
    with pytest.raises(NotReady):
        services.ask_for(by=depot.people.owner, package=refused.pk)


def test_what_people_removed_is_not_given_out_until_it_is_put_back(depot: Depot):
    from lagan.hub.datasets.services import remove_dataset, restore_dataset

    row, owner = depot.kept(user_metadata={"a": "milan"}), depot.people.owner
    services.ask_for(by=owner, package=row.pk)
    depot.work()
    remove_dataset(by=SYSTEM, dataset=row.pk)
    with pytest.raises(NotReady):
        services.ask_for(by=owner, package=row.pk)
    with pytest.raises(NotReady):
        services.update_package(by=owner, package=row.pk, name="new")
    assert queries.packages(owner) == queries.search(owner, "milan") == []
    assert queries.package(owner, row.pk).removed_at is not None
    restore_dataset(by=SYSTEM, dataset=row.pk)
    assert services.ask_for(by=owner, package=row.pk) is not None


def test_a_zip_that_came_by_tus_is_judged_as_well(depot: Depot):
    from lagan.hub.ingest.receiving import Receiving
    from lagan.hub.ingest.uploads import begin
    from tests.hub.packages.bags import bag_zip

    owner, data = depot.people.owner, bag_zip()
    row = services.begin_deposit(by=owner, name="big", file_name="big.zip", group=depot.team)
    assert row.status == Status.NEW
    upload = begin(by=owner, dataset=row.pk, path="big.zip", size=len(data))
    receiving = Receiving(by=owner, id=str(upload.pk), offset=0)
    receiving.write([data])
    receiving.end_of_request()
    receiving.archive().result()
    receiving.release()
    depot.react()
    depot.work()
    assert status(row) == Status.CHECKSUM_OK


def test_a_deposit_whose_zip_never_comes_is_given_up(depot: Depot):
    owner = depot.people.owner
    row = services.begin_deposit(by=owner, name="big", file_name="big.zip", group=depot.team)
    age(row, changed_at=timedelta(days=9))
    clearing.plan_clearing()
    depot.work()
    assert status(row) == Status.UPLOAD_FAILED
    assert depot.said(row.pk) == [("begun", "done"), ("failed", "failed")]


def status(row: Package) -> str:
    row.refresh_from_db()
    return row.status
