"""Sizes, counts, states and bars read the same on every page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.archive.models import ReplicaState, VolumeState
from lagan.hub.datasets.models import STATES
from lagan.hub.jobs.rules import JobState, TaskState
from lagan.hub.web import shown


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (9_994, "9.99 kB"),
        (9_995, "10.0 kB"),
        (99_950, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (38_412_993_021, "38.4 GB"),
        (10**18, "1.00 EB"),
    ],
)
def test_sizes_are_powers_of_ten_with_three_digits(count: int, words: str) -> None:
    assert shown.size(count).replace("\N{NO-BREAK SPACE}", " ") == words


@given(st.integers(0, 2**63))
def test_no_size_is_longer_than_a_column(count: int) -> None:
    assert len(shown.size(count)) <= 8


def test_thousands_stand_apart() -> None:
    assert shown.number(1234567) == "1,234,567"


def test_every_state_that_a_room_knows_has_a_look() -> None:
    rooms = (JobState, TaskState, ReplicaState, VolumeState)
    states = [state for room in rooms for state in room.values] + [name for name, _ in STATES]
    assert [state for state in states if state.lower() not in shown.LOOKS] == []


def test_an_unknown_state_is_shown_by_its_name() -> None:
    assert shown.look("novel") == shown.Look("quiet", "circle", "novel")


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=4), st.integers(0, 10**15))
def test_a_bar_is_never_longer_than_its_whole(amounts: list[int], rest: int) -> None:
    pieces = shown.parts(*((str(n), a) for n, a in enumerate(amounts)), whole=sum(amounts) + rest)
    end = 0.0
    for piece, amount in zip(pieces, amounts, strict=True):
        assert piece.start == pytest.approx(end, abs=0.02)
        assert piece.width > 0 or amount == 0
        end = piece.start + piece.width
    assert end <= 100.05


def test_one_failure_among_a_million_is_seen() -> None:
    done, failed = shown.parts(("done", 999_999), ("failed", 1), whole=1_000_000)
    assert failed.width >= 0.5
    assert done.width < 99.5
