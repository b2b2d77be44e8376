"""The archive's decisions: names, health, and which packs become one."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.archive import rules
from lagan.hub.archive.rules import Copy, PackFill

AT = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
A, B = UUID(int=1), UUID(int=2)


def test_a_file_lies_under_the_hour_it_arrived_and_its_name_can_be_read() -> None:
    assert rules.file_object(A, "run 1/scan.tif", AT) == f"files/2026/03/04/05/{A}-scan.tif"


def test_packs_and_files_are_told_apart_by_name() -> None:
    assert rules.is_pack(rules.pack_object(A, AT))
    assert not rules.is_pack(rules.file_object(A, "packs.tar", AT))


@given(st.text(max_size=300), st.uuids())
def test_the_file_can_be_read_off_its_objects_name(name: str, id: UUID) -> None:
    made = rules.file_object(id, name, AT)
    assert rules.uuid_in(made) == id
    assert len(made.encode()) < 255
    assert made.isprintable()


@pytest.mark.parametrize(
    "name", ["files/2026/x", "packs/2026/03/04/" + str(A) + ".tar", "else/" + str(A) + "-x", ""]
)
def test_other_objects_name_no_file(name: str) -> None:
    assert rules.uuid_in(name) is None


@pytest.mark.parametrize(
    ("states", "wanted", "status"),
    [
        ({A: "good", B: "good"}, {A, B}, "good"),
        ({A: "good"}, {A, B}, "pending"),
        ({A: "good", B: "bad"}, {A, B}, "degraded"),
        ({A: "good", B: "missing"}, {A, B}, "degraded"),
        ({A: "suspect"}, {A}, "degraded"),
        ({A: "bad", B: "missing"}, {A, B}, "lost"),
        ({}, {A}, "lost"),
    ],
)
def test_health_follows_from_the_copies(
    states: dict[UUID, str], wanted: set[UUID], status: str
) -> None:
    copies = [Copy(volume, state, True) for volume, state in states.items()]
    assert rules.status(copies, wanted) == status


def test_a_good_copy_out_of_reach_is_not_lost_but_degraded() -> None:
    assert rules.status([Copy(A, "good", False)], {A}) == "degraded"


MIB = 1 << 20


def test_a_pack_that_is_a_third_dead_is_compacted_alone() -> None:
    pack = PackFill("packs/a.tar", 100 * MIB, 60 * MIB, 100)
    assert rules.gather([pack]) == [[pack]]


def test_a_full_pack_and_a_lone_small_one_are_left() -> None:
    full = PackFill("packs/a.tar", 200 * MIB, 199 * MIB, 100)
    small = PackFill("packs/b.tar", MIB, MIB - 4096, 1)
    assert rules.gather([full, small]) == []


def test_a_pack_without_a_live_member_is_compacted_away() -> None:
    dead = PackFill("packs/a.tar", 200 * MIB, 0, 0)
    assert rules.gather([dead]) == [[dead]]


@given(st.lists(st.tuples(st.integers(1, 300 * MIB), st.floats(0, 1)), max_size=40))
def test_gathered_packs_fit_and_none_is_named_twice(given_packs: list[tuple[int, float]]) -> None:
    packs = [
        PackFill(f"packs/{uuid4()}.tar", size, int(size * share), 1) for size, share in given_packs
    ]
    groups = rules.gather(packs)
    names = [each.object for group in groups for each in group]
    assert len(names) == len(set(names))
    for group in groups:
        needs = sum(each.live + each.members * rules.OVERHEAD for each in group)
        assert len(group) == 1 or needs <= rules.PACK
        assert len(group) > 1 or rules.wants_compacting(group[0])
