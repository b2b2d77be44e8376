"""Names and metadata change, and what they were stays known; new content is a new version; the
group is for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from lagan.hub.base.actors import SYSTEM
from lagan.hub.packages import queries, services
from lagan.hub.packages.errors import NotReady, Superseded
from lagan.hub.packages.judging import judge_waiting
from lagan.hub.packages.models import Package
from lagan.hub.packages.rules import Status
from lagan.hub.tree import queries as tree_rows
from lagan.hub.tree import services as tree
from lagan.hub.tree.errors import NotCompliant
from lagan.kit.errors import Conflict, NotFound
from tests.hub.packages.bags import bag_zip
from tests.hub.packages.depot import Depot


def test_what_metadata_was_is_kept_under_its_number(depot: Depot):
    row = depot.kept(user_metadata={"author": "milan"})
    for by, wanted in ((depot.people.owner, {"author": "jan"}), (depot.people.mate, {"a": "b"})):
        services.update_package(by=by, package=row.pk, user_metadata=wanted)
    services.update_package(by=depot.people.owner, package=row.pk, user_metadata={"a": "b"})
    shown = queries.package(depot.people.owner, row.pk)
    assert shown.user_metadata == {"a": "b"}
    assert shown.previous_metadata == {"1": {"author": "milan"}, "2": {"author": "jan"}}
    assert shown.version == 1


def test_a_name_changes_and_its_entity_with_it(depot: Depot):
    first, second = depot.kept(), depot.kept()
    for each in (first, second):
        services.update_package(by=depot.people.owner, package=each.pk, name="renamed/again")
    names = {each.name for each in queries.packages(depot.people.owner, depot.team)}
    assert names == {"renamed/again"}
    assert tree_name(first.pk) == "renamed_again"
    assert tree_name(second.pk).startswith("renamed_again (")


def test_a_stranger_changes_nothing_and_sees_nothing(depot: Depot):
    row, stranger = depot.kept(user_metadata={"author": "milan"}), depot.people.stranger
    with pytest.raises(NotFound):
        services.update_package(by=stranger, package=row.pk, name="mine")
    with pytest.raises(NotFound):
        queries.package(stranger, row.pk)
    with pytest.raises(NotFound):
        queries.events(stranger, row.pk)
    with pytest.raises(NotFound):
        queries.group_called(stranger, "team")
    assert queries.packages(stranger) == queries.search(stranger, "milan") == []
    assert queries.events_in(stranger) == []
    assert [each.name for each in queries.contexts(stranger)] == ["others"]


def test_new_content_is_a_new_version(depot: Depot):
    first = depot.kept(user_metadata={"author": "milan"})
    second = depot.kept(
        bag_zip({"data/new": b"x"}), by=depot.people.mate, name="", group=None, after=first.pk
    )
    first.refresh_from_db()
    assert (second.version, second.name, first.next_version_id) == (2, first.name, second.pk)
    assert second.previous_metadata == {"1": {"author": "milan"}}
    assert second.user_metadata == {"author": "milan"}
    assert queries.package(depot.people.owner, second.pk).group == depot.team
    with pytest.raises(Superseded):
        depot.deposit(group=None, after=first.pk)
    with pytest.raises(NotFound):
        depot.deposit(group=None, after=second.pk, by=depot.people.stranger)


def test_a_refused_version_makes_room_for_another(depot: Depot):
    first = depot.kept()
    wrong = depot.kept(b"nothing", group=None, after=first.pk)
    assert (wrong.status, wrong.version) == (Status.NOT_VALID_BAGIT, 2)
    with pytest.raises(NotReady):
        depot.deposit(group=None, after=wrong.pk)
    right = depot.kept(group=None, after=first.pk)
    first.refresh_from_db()
    assert (right.version, first.next_version_id) == (2, right.pk)


def test_a_package_stays_in_its_group(depot: Depot):
    row = depot.kept()
    with pytest.raises(Conflict, match="stays in the group"):
        tree.move(by=SYSTEM, entity=row.pk, parent=depot.people.ground.root.id)


def test_metadata_is_searched_by_its_values_whatever_the_case(depot: Depot):
    found = depot.kept(user_metadata={"author": "Milan 100%", "more": {"of": ["Žluť", 7]}})
    depot.kept(user_metadata={"milan": "key"})
    mate = depot.people.mate
    for text in ("milan", "ILAN 100%", "žluť", "7"):
        assert [each.id for each in queries.search(mate, text, depot.team)] == [found.pk]
    assert queries.search(mate, "m_lan") == queries.search(mate, "%%") == []


def test_a_groups_template_is_answered_by_the_user_metadata(depot: Depot):
    fields = [tree_rows.Field(".author", mandatory=True, regex="[a-z]+")]
    template = tree.create_template(
        by=SYSTEM, name="packages", parent=depot.people.ground.root.pk, fields=fields
    )
    tree.assign_template(by=SYSTEM, template=template.pk, group=depot.team, type="DATASET")
    row = depot.kept(user_metadata={"author": "milan", "Any key": {"at": "all"}})
    assert tree_rows.metadata(row.pk)[".author"] == ["milan"]
    owner = depot.people.owner
    services.update_package(by=owner, package=row.pk, user_metadata={"author": "jan"})
    assert tree_rows.metadata(row.pk)[".author"] == ["jan"]
    with pytest.raises(NotCompliant):
        services.update_package(by=owner, package=row.pk, user_metadata={"author": "J"})
    with pytest.raises(NotCompliant):
        depot.deposit(user_metadata={"title": "without an author"})
    assert queries.package(owner, row.pk).user_metadata == {"author": "jan"}


def tree_name(entity: int) -> str:
    return tree_rows.rows([entity])[entity].name


def test_a_version_that_broke_off_while_it_was_stored_gives_way(depot: Depot):
    first, owner = depot.kept(), depot.people.owner
    broken, resting = (
        services.begin_deposit(by=owner, name="", file_name="b.zip", after=each.pk, at_hand=hand)
        for each, hand in ((first, True), (depot.kept(), False))
    )
    with pytest.raises(Superseded):
        depot.deposit(group=None, after=first.pk)
    Package.objects.update(changed_at=timezone.now() - timedelta(minutes=2))
    right = depot.kept(group=None, after=first.pk)
    first.refresh_from_db()
    assert (right.version, first.next_version_id) == (2, right.pk)
    assert queries.package(owner, broken.pk).status == Status.UPLOAD_FAILED
    with pytest.raises(Superseded):
        depot.deposit(group=None, after=resting.previous.pk)
    Package.objects.update(changed_at=timezone.now() - timedelta(days=1))
    judge_waiting()
    assert queries.package(owner, resting.pk).status == Status.NEW


def test_one_that_broke_off_is_given_up_by_the_schedule(depot: Depot):
    row = services.begin_deposit(
        by=depot.people.owner, name="b", file_name="b.zip", group=depot.team, at_hand=True
    )
    judge_waiting()
    assert queries.package(depot.people.owner, row.pk).status == Status.NEW
    Package.objects.update(changed_at=timezone.now() - timedelta(hours=2))
    judge_waiting()
    row.refresh_from_db()
    assert (row.status, row.facts) == (Status.UPLOAD_FAILED, {})
    assert depot.said(row.pk) == [("begun", "done"), ("failed", "failed")]
