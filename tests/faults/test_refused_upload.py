"""Each call that writes fails once: the client is refused in words that say why, nothing torn is
seen, nothing is left, and the same again succeeds without a restart."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.chance import dice
from tests.faults.conftest import client_of
from tests.faults.sending import Refused, Sending
from tests.faults.serving import WRITER
from tests.faults.test_killed_upload import TRIES, expect_settled, expect_there
from tests.faults.victim import CALLS, Judge, Point, Trace, Victim

SAMPLE = 6
ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EACCES")
CANNOT = {"fsync": {"EACCES"}, "fdatasync": {"EACCES"}, "ftruncate": {"ENOSPC", "EDQUOT"}}
"""What Linux's own filesystems never answer to a call."""
EXPECTED = {"no-space", "unavailable", "upload-gone", "status-503", "status-507"}


def to_refuse(points: list[tuple[Point, int]]) -> list[tuple[Point, str]]:
    """ENOSPC and EIO everywhere; those that take the same way at the first and last of a kind."""
    found = []
    for point, last in points:
        if point.call == "pwrite64" and point.nth % 12 != 1:
            continue
        if point.call not in (*CALLS, "pwritev2", "pwrite64"):
            continue
        some = ERRORS if point.nth in (1, last) else ERRORS[:2]
        found += [(point, each) for each in some if each not in CANNOT.get(point.call, ())]
    assert len(found) > 80, found
    return found


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_refused_at_some_calls(victim, key, judge, points, log) -> None:
    """All of them are `make soak`."""
    for point, error in dice().sample(to_refuse(points), SAMPLE):
        refuse_at(point, error, victim, key, judge, log)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_refused_at_every_call(victim, key, judge, points, log) -> None:
    wrong = []
    for point, error in to_refuse(points):
        try:
            refuse_at(point, error, victim, key, judge, log)
        except (AssertionError, Refused) as failure:
            wrong.append(f"{point} {error}: {failure}")
            sys.stdout.write(f"{wrong[-1]}\n")
        else:
            sys.stdout.write(f"{point} {error}: as it should be\n")
    assert not wrong, "\n".join(wrong)


def refuse_at(
    point: Point, error: str, victim: Victim, key: str, judge: tuple[Judge, Judge], log: Path
) -> None:
    dataset, sending, refused = refusing(point, error, victim, key, log)
    if refused is not None:
        assert refused.kind in EXPECTED, f"{point} {error}: {refused}"
        if error in {"ENOSPC", "EDQUOT"} and point.call == "pwritev2":
            assert refused.kind == "no-space", f"{point} {error}: {refused}"
    with client_of(victim, key) as client:
        expect_there(client, dataset, sending.acknowledged)
        sending.go_on(client)
        expect_there(client, dataset, sending.acknowledged)
    # A COMMIT that failed may have happened: what it was about waits for the sweep.
    unknown = point.thread == WRITER and point.call in {"fdatasync", "pwrite64"}
    expect_settled(point, victim, judge, dataset, sweep=unknown)


def refusing(
    point: Point, error: str, victim: Victim, key: str, log: Path
) -> tuple[int, Sending, Refused | None]:
    """A dataset, the uploads to it while the call failed once, and what the client was told."""
    for attempt in range(TRIES):
        dataset = victim.dataset(f"refused {point} {error} {attempt}", owner="alice")
        sending, refused = Sending(dataset), None
        with client_of(victim, key) as client:
            victim.warm(client, dataset)
            inject = f"{point.call}:error={error}:when={point.nth}"
            trace = Trace(log, victim.worker().pid, point.thread, inject=inject)
            try:
                sending.go_on(client)
            except Refused as refusal:
                refused = refusal
            finally:
                seen = trace.end()
            if any("(INJECTED)" in each for each in seen):
                return dataset, sending, refused
            assert refused is None, f"{point} {error}: refused without a fault: {refused}"
    raise AssertionError(f"{point} never came")
