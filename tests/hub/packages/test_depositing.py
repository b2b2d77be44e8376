"""What is deposited is stored, judged, and kept; what is wrong is marked with the reasons."""

from __future__ import annotations

import pytest

from lagan.hub.packages import queries
from lagan.hub.packages.models import Package
from lagan.hub.packages.rules import Status
from lagan.kit.errors import Forbidden, NotFound
from tests.hub.packages.bags import bag_zip
from tests.hub.packages.depot import Depot, digest
from tests.worker.told import Told


def test_a_good_bag_is_stored_first_and_then_judged(depot: Depot):
    data = bag_zip()
    row = depot.deposit(data, user_metadata={"author": "milan"})
    assert (row.status, row.checksum, row.size) == (Status.UPLOADING, digest(data), len(data))
    assert depot.path(row).read_bytes() == data
    depot.work()
    row.refresh_from_db()
    assert (row.status, row.sha256) == (Status.CHECKSUM_OK, digest(data))
    assert (row.facts["files"], row.facts["version"]) == (2, "0.97")
    assert depot.said(row.pk) == [
        ("begun", "done"), ("judged", "done"), ("digested", "done"), ("stored", "done")
    ]  # fmt: skip


def test_a_wrong_bag_is_marked_with_every_reason(depot: Depot):
    row = depot.kept(bag_zip(leave_out="bagit.txt"))
    assert row.status == Status.NOT_VALID_BAGIT
    assert "bagit.txt" in row.facts["errors"][0]["error"]
    assert depot.said(row.pk) == [("begun", "done"), ("judged", "not-valid")]
    (event, _) = queries.events(depot.people.mate, row.pk)
    assert event.event.data["details"] == row.facts["errors"]


@pytest.mark.parametrize("data", [b"", b"no zip at all", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_bag_at_all_is_marked_too(depot: Depot, data: bytes):
    assert depot.kept(data).status == Status.NOT_VALID_BAGIT


def test_names_may_repeat(depot: Depot):
    first, second = depot.kept(), depot.kept()
    assert (first.name, second.name) == ("bag-balicek", "bag-balicek")
    assert first.pk != second.pk


def test_the_owner_and_the_mate_deposit_and_the_stranger_does_not(depot: Depot):
    assert depot.kept(by=depot.people.mate).status == Status.CHECKSUM_OK
    with pytest.raises(NotFound):
        depot.deposit(by=depot.people.stranger)
    assert Package.objects.count() == 1
    assert not list((depot.root / "main" / ".lagan" / "incoming").glob("*"))


def test_who_only_reads_a_group_deposits_nothing_there(depot: Depot):
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.tree import services as tree

    reader = depot.people.stranger.entity
    assert reader is not None
    grants = {"GROUP_READ", "DATASET_READ"}
    tree.set_grants(by=SYSTEM, subject=reader, object=depot.team, grant=grants)
    with pytest.raises(Forbidden):
        depot.deposit(by=depot.people.stranger)


def test_nothing_joins_a_package_once_it_is_there(depot: Depot):
    from lagan.hub.datasets.errors import NotOpen
    from lagan.hub.ingest import uploads

    row = depot.kept()
    with pytest.raises(NotOpen):
        uploads.begin(by=depot.people.owner, dataset=row.pk, path="more.zip", size=1)


def test_a_judge_that_was_killed_goes_on_and_says_nothing_twice(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
):
    from lagan.hub.packages import judging

    row = depot.deposit()
    for stage in ("_keep", "_conclude"):
        with monkeypatch.context() as patch:
            patch.setattr(judging, stage, _killed)
            with pytest.raises(SystemExit):
                judging.judge_step(Told(), {}, [str(row.pk)])
    judging.judge_step(Told(), {}, [str(row.pk)])
    row.refresh_from_db()
    assert row.status == Status.CHECKSUM_OK
    assert [kind for kind, _ in depot.said(row.pk)] == ["begun", "judged", "digested", "stored"]


def _killed(*args: object) -> None:
    raise SystemExit
