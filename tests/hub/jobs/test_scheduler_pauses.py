"""A scheduler whose database is away asks ever more seldom, and at once again when it is back."""

from __future__ import annotations

from lagan.hub.jobs.processes import BREATH, LONGEST, pause


def test_the_pause_grows_up_to_a_bound() -> None:
    pauses = [pause(failures) for failures in range(30)]
    assert pauses[0] == BREATH
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST
    assert pause(10**9) == LONGEST
