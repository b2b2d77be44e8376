"""kill -9 of the web process at the calls of the upload path: nothing acknowledged is lost, nothing
is doubled, nothing is left over."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

from tests.chance import dice
from tests.faults.conftest import client_of
from tests.faults.sending import EXPECTED, Acknowledged, Refused, Sending, sha
from tests.faults.victim import CALLS, Judge, Point, Trace, Victim, locations

TRIES = 15
SAMPLE = 3
"""Points in `make test`: about ten seconds each on two busy cores."""
LEAST = {"fsync": 20, "fdatasync": 8, "renameat2": 5}
"""An undisturbed run has at least so many of each, or nothing would be proved."""


def to_kill(points: list[tuple[Point, int]]) -> list[Point]:
    """Every call that changes what lasts, every write to a volume, some of the database's many."""
    found = [each for each, _ in points if each.call in CALLS]
    found += [each for each, _ in points if each.call == "pwritev2"]
    found += [each for each, _ in points if each.call == "pwrite64" and each.nth % 10 == 1]
    for call, least in LEAST.items():
        assert sum(each.call == call for each in found) >= least, found
    return found


@pytest.mark.fault
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_some_calls(victim, key, judge, points, log) -> None:
    """All of them are `make soak`."""
    for point in dice().sample(to_kill(points), SAMPLE):
        kill_at(point, victim, key, judge, log)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_killed_at_every_call(victim, key, judge, points, log) -> None:
    wrong = []
    for point in to_kill(points):
        try:
            kill_at(point, victim, key, judge, log)
        except (AssertionError, Refused) as error:
            wrong.append(f"{point}: {error}")
            victim.stop()
            victim.start()
            sys.stdout.write(f"{wrong[-1]}\n")
        else:
            sys.stdout.write(f"{point}: as it should be\n")
    assert not wrong, "\n".join(wrong)


def kill_at(point: Point, victim: Victim, key: str, judge: tuple[Judge, Judge], log: Path) -> None:
    """Kill, start again, go on, and look at everything."""
    dataset, sending = killed(point, victim, key, log)
    before = dict(sending.acknowledged)
    victim.start()
    with client_of(victim, key) as client:
        expect_there(client, dataset, before)
        sending.go_on(client)
        expect_there(client, dataset, sending.acknowledged)
        for path, versions in EXPECTED.items():
            assert client.get(f"/api/datasets/{dataset}/content/{path}").content == versions[-1]
    expect_settled(point, victim, judge, dataset)


def killed(point: Point, victim: Victim, key: str, log: Path) -> tuple[int, Sending]:
    """A dataset, and the uploads to it that the kill broke off.

    The writer may take two landings together and so make fewer calls: then it is tried again.
    """
    for attempt in range(TRIES):
        dataset = victim.dataset(f"killed {point} {attempt}", owner="alice")
        sending = Sending(dataset)
        with client_of(victim, key) as client:
            victim.warm(client, dataset)
            inject = f"{point.call}:signal=KILL:when={point.nth}"
            trace = Trace(log, victim.worker().pid, point.thread, inject=inject)
            try:
                sending.go_on(client)
            except httpx.TransportError:
                expect_struck(point, trace.wait())
                victim.stop()
                return dataset, sending
            trace.end()
    raise AssertionError(f"{point} never came")


def expect_struck(point: Point, seen: list[str]) -> None:
    """The thread did not come back from the call at which it was to be killed."""
    struck = [each for each in seen if each.startswith(f"{point.call}(")]
    assert len(struck) == point.nth, f"{point}: {seen[-5:]}"
    assert struck[-1] is seen[-1], f"{point}: {seen[-5:]}"
    assert seen[-1].endswith("= ?"), f"the thread lived on after {point}: {seen[-5:]}"


def expect_there(client: httpx.Client, dataset: int, acknowledged: dict[str, Acknowledged]) -> None:
    """The newest of what was acknowledged of a path is what is given back."""
    newest = {path: told for step in acknowledged.values() for path, told in step.items()}
    for path, (_, digest) in newest.items():
        if path == "put.bin" and "again" not in acknowledged:
            continue  # the next version may have come without its answer
        got = client.get(f"/api/datasets/{dataset}/content/{path}")
        assert (got.status_code, sha(got.content)) == (200, digest), path


def expect_settled(
    point: Point, victim: Victim, judge: tuple[Judge, Judge], dataset: int, *, sweep: bool = False
) -> None:
    """Catalogue, volumes, journals and a rebuilt catalogue all agree, and have nothing more."""
    now = judge[0].ask("sweep" if sweep else "look")
    rebuilt = judge[1].ask("rebuild", *locations(victim))
    assert now["wrong"] == [], point
    versions = {"first": [[1, sha(b"first")]]}
    for path, contents in EXPECTED.items():
        versions[path] = [[n, sha(data)] for n, data in enumerate(contents, 1)]
    mine = now["datasets"][str(dataset)]
    assert mine["versions"] == versions, point
    assert mine["current"] == {path: each[-1] for path, each in versions.items()}, point
    assert rebuilt["wrong"] == [], point
    assert rebuilt["datasets"] == {
        number: each for number, each in now["datasets"].items() if each["files"]
    }, point
