"""A dataset's life: made with what its type needs, expiring by policy, removed and put back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from lagan.kit.errors import BadInput, Conflict, Forbidden, NotFound


def row(bench, dataset):
    from lagan.hub.datasets import queries

    return queries.dataset(bench.people.mate, dataset)


def allow(bench, dataset, *permissions):
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.tree import queries
    from lagan.hub.tree import services as tree

    subject = bench.people.owner.entity
    own, _ = queries.grants_on(dataset).get(subject, (frozenset(), frozenset()))
    tree.set_grants(by=SYSTEM, subject=subject, object=dataset, grant=own | set(permissions))


def test_a_new_dataset_says_what_it_is(bench):
    found = row(bench, bench.make(computer=bench.computer))
    assert (found.type, found.computer, found.source_path) == ("manual", "nmr", "")
    found = row(
        bench,
        bench.make(name="a", type="automated", computer=bench.computer, source_path="/data/run 1"),
    )
    assert (found.type, found.source_path) == ("automated", "run 1")
    assert found.acquire_job is not None


@pytest.mark.parametrize(
    "given",
    [
        {"type": "magic"},
        {"type": "automated"},
        {"source_path": "run"},
        {"type": "automated", "computer": "its own", "source_path": ""},
        {"type": "automated", "computer": "its own", "source_path": "/etc"},
        {"type": "automated", "computer": "its own", "source_path": "../x"},
        {"type": "automated", "computer": "the team", "source_path": "x"},
    ],
)
def test_what_a_type_does_not_allow_is_refused_and_leaves_nothing(bench, given):
    from lagan.hub.jobs import queries as jobs

    ids = {"its own": bench.computer, "the team": bench.people.team.pk}
    if given.get("computer"):
        given = {**given, "computer": ids[given["computer"]]}
    with pytest.raises((BadInput, Forbidden)):
        bench.make(**given)
    assert jobs.visible(bench.people.owner).items == []


def test_who_may_not_read_the_computer_cannot_fetch_from_it(bench):
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.computers.services import register_computer

    facts = {"ip": "127.0.0.1", "user": "lab", "path": "/data"}
    root = bench.people.ground.root.pk
    hidden = register_computer(by=SYSTEM, group=root, name="hidden", facts=facts)
    for kind, path in (("automated", "x"), ("manual", "")):
        with pytest.raises(NotFound):
            bench.make(type=kind, computer=hidden, source_path=path)


def test_metadata_is_taken_or_refused_with_every_reason(bench):
    from lagan.hub.tree import queries
    from lagan.hub.tree.errors import NotCompliant

    dataset = bench.make(metadata={".Description": ["a run"]})
    assert queries.metadata(dataset)[".Description"] == ["a run"]
    with pytest.raises(NotCompliant) as refusal:
        bench.make(name="b", metadata={"system.x": ["1"], "no key!": ["2"]})
    assert refusal.value.reasons
    assert queries.find(type="DATASET", name="b") is None


def test_policies_give_dates_at_creation_and_at_the_close(bench):
    from lagan.hub.datasets.services import close_dataset

    bench.lay_down(open_lifespan="3600", close_lifespan="86400")
    dataset = bench.make()
    found = row(bench, dataset)
    assert found.expires == found.created + timedelta(hours=1)
    close_dataset(by=bench.people.owner, dataset=dataset)
    found = row(bench, dataset)
    assert found.expires == found.closed + timedelta(days=1)
    assert not found.due


def test_without_a_policy_there_is_no_date(bench):
    assert row(bench, bench.make()).expires is None


def test_the_date_is_changed_within_the_policy(bench):
    from lagan.hub.datasets.errors import BeyondPolicy
    from lagan.hub.datasets.services import set_expiry

    bench.lay_down(open_lifespan="3600", open_extendmax="86400", open_extendlimit="604800")
    dataset = bench.make()
    owner = bench.people.owner
    with pytest.raises(Forbidden):
        set_expiry(by=owner, dataset=dataset, date="+2 hours")
    with pytest.raises(NotFound):
        set_expiry(by=bench.people.stranger, dataset=dataset, date="+2 hours")
    allow(bench, dataset, "DATASET_DELETE")
    set_expiry(by=owner, dataset=dataset, date="+1 day")
    assert row(bench, dataset).expires > timezone.now() + timedelta(hours=23)
    with pytest.raises(BeyondPolicy):
        set_expiry(by=owner, dataset=dataset, date="+3 months")
    allow(bench, dataset, "DATASET_EXTEND_UNLIMITED")
    set_expiry(by=owner, dataset=dataset, date="+3 months")
    set_expiry(by=owner, dataset=dataset, date="never")
    assert row(bench, dataset).expires is None


def test_what_is_past_its_date_is_due(bench):
    from lagan.hub.datasets.models import Dataset

    dataset = bench.make()
    Dataset.objects.filter(pk=dataset).update(expires_at=timezone.now() - timedelta(minutes=1))
    assert row(bench, dataset).due


def test_removed_and_put_back(bench):
    from lagan.hub.datasets import queries
    from lagan.hub.datasets.services import close_dataset, remove_dataset, restore_dataset
    from lagan.hub.tree import services as tree

    dataset = bench.make(metadata={".Description": ["kept"]})
    owner, admin = bench.people.owner, administrator()
    with pytest.raises(Forbidden):
        remove_dataset(by=owner, dataset=dataset)
    allow(bench, dataset, "DATASET_DELETE")
    close_dataset(by=owner, dataset=dataset)
    remove_dataset(by=owner, dataset=dataset)
    with pytest.raises(NotFound):
        queries.folder(owner, dataset)
    with pytest.raises(Conflict):
        tree.set_metadata(by=owner, entity=dataset, values={".Description": ["new"]})
    assert row(bench, dataset).state == "removed"
    with pytest.raises(Forbidden):
        restore_dataset(by=owner, dataset=dataset)
    restore_dataset(by=admin, dataset=dataset)
    assert row(bench, dataset).state == "closed"
    with pytest.raises(Conflict):
        restore_dataset(by=admin, dataset=dataset)


def test_after_thirty_days_nothing_comes_back(bench):
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.datasets.models import Dataset
    from lagan.hub.datasets.services import remove_dataset, restore_dataset

    dataset = bench.make()
    remove_dataset(by=SYSTEM, dataset=dataset)
    Dataset.objects.filter(pk=dataset).update(removed_at=timezone.now() - timedelta(days=31))
    with pytest.raises(Conflict, match="30 days"):
        restore_dataset(by=SYSTEM, dataset=dataset)


def test_only_an_automated_open_dataset_is_fetched_again(bench):
    from lagan.hub.datasets.services import acquire_again

    dataset = bench.make()
    with pytest.raises(Conflict, match="automated"):
        acquire_again(by=bench.people.owner, dataset=dataset)
    with pytest.raises(Forbidden):
        acquire_again(by=bench.people.mate, dataset=dataset)


def administrator():
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.tree import services as tree
    from tests.hub.people import person

    admin = person("admin")
    assert admin.entity is not None
    tree.add_member(by=SYSTEM, member=admin.entity, group=tree.ground().administrators.pk)
    return admin
