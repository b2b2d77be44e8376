"""Wrappers add their rule and nothing else."""

from __future__ import annotations

import pytest

from lagan.kit.errors import NotFound, Unavailable
from lagan.store import Throttle, Volume
from lagan.store.errors import ReadOnly
from lagan.store.wrappers import (
    Fault,
    FaultyVolume,
    ReadOnlyVolume,
    RetryVolume,
    ThrottledVolume,
)
from tests.store.conftest import get, names, put


def test_a_read_only_volume_reads(volume: Volume) -> None:
    put(volume, "a/b", b"x")
    shut = ReadOnlyVolume(volume)
    assert get(shut, "a/b") == b"x"
    assert names(shut) == {"a/b"}
    assert shut.stat("a/b").size == 1


def test_a_read_only_volume_changes_nothing(volume: Volume) -> None:
    put(volume, "a", b"x")
    shut = ReadOnlyVolume(volume)
    incoming = volume.receive("k")
    for act in (
        lambda: shut.receive("key"),
        lambda: shut.resume("k", size=0),
        lambda: shut.publish([(incoming, "b")]),
        lambda: shut.delete("a"),
        lambda: shut.append(".lagan/x", b"x\n"),
        lambda: shut.replace(".lagan/x", b"x"),
    ):
        with pytest.raises(ReadOnly):
            act()
    assert names(volume) == {"a"}
    assert names(volume, ".lagan/") == {".lagan/incoming/k"}


CALLS = ["receive", "resume", "publish", "read", "stat", "delete", "append", "replace", "usage"]


def act(volume: Volume, inner: Volume, call: str) -> None:
    if call == "publish":
        put(volume, "new", b"x")
        return
    if call == "resume":
        inner.receive("up").close()
    calls = {
        "receive": lambda: volume.receive("r"),
        "resume": lambda: volume.resume("up", size=0),
        "read": lambda: get(volume, "a"),
        "stat": lambda: volume.stat("a"),
        "delete": lambda: volume.delete("a"),
        "append": lambda: volume.append(".lagan/x", b"x\n"),
        "replace": lambda: volume.replace(".lagan/x", b"x"),
        "usage": volume.usage,
    }
    calls[call]()


@pytest.mark.parametrize("call", CALLS)
def test_what_is_out_of_reach_for_a_moment_is_tried_again(volume: Volume, call: str) -> None:
    put(volume, "a", b"x")
    plan = [Fault(call, "unavailable", nth=number) for number in (1, 2)]
    faulty = FaultyVolume(volume, plan)
    waits: list[float] = []
    act(RetryVolume(faulty, sleep=waits.append), volume, call)
    assert len(waits) == len(faulty.hits) == 2
    assert 0.05 <= waits[0] <= 0.15 < 0.4
    assert 0.1 <= waits[1] <= 0.3


@pytest.mark.parametrize("call", CALLS)
def test_what_stays_out_of_reach_is_given_up(volume: Volume, call: str) -> None:
    put(volume, "a", b"x")
    plan = [Fault(call, "unavailable", nth=number) for number in range(1, 6)]
    waits: list[float] = []
    with pytest.raises(Unavailable):
        act(RetryVolume(FaultyVolume(volume, plan), sleep=waits.append), volume, call)
    assert len(waits) == 3


def test_a_refusal_that_stays_is_not_tried_again(volume: Volume) -> None:
    waits: list[float] = []
    with pytest.raises(NotFound):
        RetryVolume(volume, sleep=waits.append).stat("absent")
    assert waits == []


class Breaking(FaultyVolume):
    """Breaks off every read after its second piece."""

    def read(self, name, offset=0, length=None):
        pieces = self.inner.read(name, offset, length)
        for count, piece in enumerate(pieces):
            if count == 2:
                raise Unavailable("broken off")
            yield piece


def test_a_read_goes_on_where_it_broke_off(volume: Volume) -> None:
    data = b"".join(b"%07d\n" % number for number in range(900_000))
    put(volume, "a", data)
    waits: list[float] = []
    retry = RetryVolume(Breaking(volume, ()), sleep=waits.append)
    assert get(retry, "a") == data
    assert len(waits) == 3
    middle = b"".join(map(bytes, retry.read("a", 1_000_001, 4_000_000)))
    assert middle == data[1_000_001:5_000_001]


def test_a_throttled_volume_waits_for_its_bytes(volume: Volume) -> None:
    now, slept = [100.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    slow = ThrottledVolume(volume, Throttle(1 << 20, clock=lambda: now[0], sleep=sleep))
    put(slow, "a", bytes(3 << 20))
    assert sum(slept) == pytest.approx(3)
    assert len(get(slow, "a")) == 3 << 20
    assert sum(slept) == pytest.approx(6)
    assert slow.local_path("a") is None


def test_planned_faults_happen_once_and_where_they_were_planned(volume: Volume) -> None:
    put(volume, "a", b"0123456789")
    plan = [
        Fault("read", "flip", nth=1, at=3),
        Fault("read", "short", nth=2, at=4),
        Fault("read", "missing", nth=3),
        Fault("stat", "unavailable", name="b"),
    ]
    faulty = FaultyVolume(volume, plan)
    assert get(faulty, "a") == b"0122456789"
    assert b"".join(map(bytes, faulty.read("a", 2))) == b"23"
    with pytest.raises(NotFound):
        get(faulty, "a")
    assert get(faulty, "a") == b"0123456789"
    assert faulty.stat("a").size == 10
    assert faulty.hits == plan[:3]
