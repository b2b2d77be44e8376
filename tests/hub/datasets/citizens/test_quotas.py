"""A group takes no more than its quota, knows at every moment what it uses, and warns in time."""

from __future__ import annotations

import pytest
from django.db.models import Count

from lagan.hub.audit.models import Event
from lagan.hub.audit.queries import as_row
from lagan.hub.base.actors import SYSTEM
from lagan.hub.datasets import quotas, services
from lagan.hub.datasets.errors import OverQuota
from lagan.hub.datasets.models import Dataset, Quota, QuotaChange
from lagan.hub.datasets.recounting import fold, recount
from lagan.hub.datasets.rules import level_reached
from lagan.hub.tree import services as tree
from lagan.kit.errors import BadInput, Forbidden, NotFound
from tests.hub.datasets.citizens.conftest import fill

USED = 60
"""Bytes of the three files that the stage's dataset has."""


def limit(group, *, by=SYSTEM, bytes=None, files=None, **more):
    return quotas.set_quota(by=by, group=group, bytes=bytes, files=files, **more)


def used(group):
    row = quotas.quota(SYSTEM, group)
    return row.used_bytes, row.used_files


def kinds(group):
    return list(Event.objects.filter(subject=group).order_by("id").values_list("kind", flat=True))


def test_what_is_there_counts_from_the_beginning(stage):
    limit(stage.faculty, bytes=1000)
    assert used(stage.faculty) == (USED, 3)


def test_every_group_above_counts_what_comes(stage):
    limit(stage.faculty, bytes=1000)
    limit(stage.group, files=10)
    fill(stage.dataset, {"more": b"x" * 7})
    assert used(stage.faculty) == used(stage.group) == (USED + 7, 4)
    assert Quota.objects.get(pk=stage.group).used_bytes == USED  # appended, not added to the row
    fold(stage.group)
    assert used(stage.group) == (USED + 7, 4)
    assert not QuotaChange.objects.filter(quota=stage.group).exists()


def test_the_same_again_counts_nothing_and_a_new_version_counts_its_bytes(stage):
    limit(stage.group, bytes=1000)
    fill(stage.dataset, {"read me.txt": b"3" * 30})
    assert used(stage.group) == (USED, 3)
    fill(stage.dataset, {"read me.txt": b"4" * 5})
    assert used(stage.group) == (USED + 5, 3)


@pytest.mark.parametrize("bound", [{"bytes": USED + 10}, {"files": 4}])
def test_what_is_over_is_refused_and_the_rest_is_taken(stage, bound):
    limit(stage.faculty, **bound)
    first, second = fill(stage.dataset, {"a": b"x" * 10, "b": b"y" * 10})
    assert isinstance(first, services.Attached)
    assert isinstance(second, OverQuota)
    assert second.facts["group"] == stage.faculty
    (what,) = bound
    assert (second.facts["of"], second.facts["allowed"]) == (what, bound[what])
    assert used(stage.faculty) == (USED + 10, 4)
    row = Dataset.objects.get(pk=stage.dataset)
    assert (row.bytes, row.file_count) == (USED + 10, 4)


def test_it_is_refused_before_a_byte_is_taken(stage):
    limit(stage.root, bytes=USED + 5)
    with pytest.raises(OverQuota) as refused:
        services.check_room(dataset=stage.dataset, path="new", size=6)
    assert refused.value.status == 507
    assert (refused.value.facts["allowed"], refused.value.facts["used"]) == (USED + 5, USED)
    services.check_room(dataset=stage.dataset, path="new", size=5)
    services.check_room(dataset=stage.dataset, path="read me.txt", size=30)  # perhaps the same


def test_a_new_version_needs_no_room_for_a_file(stage):
    limit(stage.root, files=3)
    services.check_room(dataset=stage.dataset, path="read me.txt", size=5)
    with pytest.raises(OverQuota):
        services.check_room(dataset=stage.dataset, path="new", size=5)


def test_a_level_is_told_once_when_it_is_reached(stage):
    limit(stage.group, bytes=100, levels=[70, 90])
    fill(stage.dataset, {"a": b"x" * 9})
    assert "quota.warned" not in kinds(stage.group)
    fill(stage.dataset, {"b": b"x" * 2})
    fill(stage.dataset, {"c": b"x"})
    assert kinds(stage.group).count("quota.warned") == 1
    fill(stage.dataset, {"d": b"x" * 28})
    assert kinds(stage.group).count("quota.warned") == 2
    row = quotas.quota(SYSTEM, stage.group)
    assert (row.level, quotas.pressing(stage.dataset)) == (100, row)


def test_the_nearest_to_its_end_is_shown(stage):
    limit(stage.faculty, bytes=USED + 1)
    limit(stage.group, bytes=USED * 10)
    found = quotas.pressing(stage.dataset)
    assert found is not None
    assert found.group == stage.faculty
    limit(stage.faculty, bytes=10 * USED)
    assert quotas.pressing(stage.dataset) is None


def test_only_who_governs_the_parent_sets_and_clears(stage):
    tree.set_grants(
        by=SYSTEM,
        subject=stage.mate.entity,
        object=stage.group,
        grant={"GROUP_CHANGE", "GROUP_READ"},
    )
    with pytest.raises((Forbidden, NotFound)):
        limit(stage.group, by=stage.mate, bytes=10**12)
    with pytest.raises(NotFound):
        limit(stage.group, by=stage.stranger, bytes=1)
    tree.set_grants(
        by=SYSTEM,
        subject=stage.owner.entity,
        object=stage.faculty,
        grant={"GROUP_CHANGE", "GROUP_READ"},
    )
    limit(stage.group, by=stage.owner, bytes=10**12)
    with pytest.raises((Forbidden, NotFound)):
        quotas.clear_quota(by=stage.mate, group=stage.group)
    quotas.clear_quota(by=stage.owner, group=stage.group)
    with pytest.raises(NotFound):
        quotas.quota(stage.owner, stage.group)
    assert kinds(stage.group)[-2:] == ["quota.set", "quota.cleared"]


def test_who_sees_no_group_sees_no_quota(stage):
    limit(stage.group, bytes=1000)
    assert quotas.quotas(stage.stranger).items == []
    with pytest.raises(NotFound):
        quotas.quota(stage.stranger, stage.group)
    with pytest.raises(NotFound):
        quotas.parts(stage.stranger, stage.group)


def test_moving_takes_the_use_along(stage):
    limit(stage.faculty, bytes=1000)
    other = tree.create_entity(by=SYSTEM, type="GROUP", name="other", parent=stage.root)
    limit(other.pk, bytes=1000)
    tree.move(by=SYSTEM, entity=stage.group, parent=other.pk)
    quotas.react([as_row(each) for each in Event.objects.filter(kind="entity.moved")])
    assert used(stage.faculty) == (0, 0)
    assert used(other.pk) == (USED, 3)


def test_a_removed_dataset_counts_no_more(stage):
    limit(stage.faculty, bytes=USED)
    assert quotas.quota(SYSTEM, stage.faculty).level == 100
    services.remove_dataset(by=SYSTEM, dataset=stage.dataset)
    quotas.react([as_row(each) for each in Event.objects.filter(kind="dataset.removed")])
    row = quotas.quota(SYSTEM, stage.faculty)
    assert (row.used_bytes, row.used_files, row.level) == (0, 0, 0)


def test_a_wrong_count_is_found_named_and_mended(stage):
    limit(stage.group, bytes=1000)
    fill(stage.dataset, {"more": b"x" * 7})
    assert quotas.recount_quota(by=SYSTEM, group=stage.group) == (0, 0)
    Quota.objects.filter(pk=stage.group).update(used_bytes=5, used_files=9)
    assert quotas.recount_quota(by=SYSTEM, group=stage.group) == (USED + 2, -5)
    event = Event.objects.get(kind="quota.recounted")
    assert as_row(event).data == {"bytes": USED + 2, "files": -5}
    assert used(stage.group) == (USED + 7, 4)


def test_what_came_from_a_snapshot_is_counted_at_first_use(stage):
    limit(stage.group, bytes=1000)
    Quota.objects.update(used_bytes=1, used_files=1, counted_at=None)
    assert used(stage.group) == (USED, 3)


def test_a_recount_takes_what_it_counted_out_of_the_changes(stage):
    limit(stage.group, bytes=1000)
    fill(stage.dataset, {"more": b"x" * 7})
    recount(stage.group)
    assert used(stage.group) == (USED + 7, 4)


def test_the_parts_of_a_group_largest_first(stage):
    limit(stage.root, bytes=1000)
    small = services.create_dataset(
        by=SYSTEM, name="small", group=stage.faculty, owner=stage.owner.entity
    )
    fill(small.pk, {"a": b"x"})
    found = [(each.name, each.bytes, each.files) for each in quotas.parts(SYSTEM, stage.faculty)]
    assert found == [("IFY", USED, 3), ("small", 1, 1)]


def test_without_any_quota_attaching_asks_one_question_more(stage, django_assert_num_queries):
    from lagan.hub.datasets.counting import Ledger

    with django_assert_num_queries(1):
        assert not Ledger([stage.dataset])


@pytest.mark.parametrize(
    "given",
    [
        {}, {"bytes": -1}, {"bytes": 2**63}, {"files": 2**70}, {"bytes": 1, "levels": [0]},
        {"bytes": 1, "levels": [100]}, {"bytes": 1, "levels": list(range(1, 11))},
    ],
)  # fmt: skip
def test_odd_quotas_are_refused(stage, given):
    with pytest.raises(BadInput):
        limit(stage.group, **given)
    with pytest.raises(BadInput):
        limit(stage.dataset, bytes=1)
    assert Quota.objects.aggregate(n=Count("pk")) == {"n": 0}


def test_a_level_is_reached_and_never_rounded_to():
    assert level_reached((80, 90), (799, 1000), (0, None)) == 0
    assert level_reached((80, 90), (800, 1000)) == 80
    assert level_reached((80, 90), (1, 1000), (9, 10)) == 90
    assert level_reached((80, 90), (10**18 - 1, 10**18)) == 90
    assert level_reached((), (1, 1)) == 100
    assert level_reached((80,), (0, 0)) == 0
