"""Every backend and every wrapper keeps every promise of a volume."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from lagan.kit.errors import Conflict
from lagan.store import Throttle, Volume, open_volume
from lagan.store.conformance import CHECKS, Check, Outcome, run, try_out
from lagan.store.wrappers import FaultyVolume, RetryVolume, ThrottledVolume
from lagan.store.wrappers.through import Through

CHECK = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.title)


def expect_held(outcome: Outcome, volume: Volume) -> None:
    assert (outcome.state, outcome.reason) == ("held", "")
    assert not list(volume.list())
    assert not [stat for stat in volume.list(".lagan/") if "check" in stat.name]
    assert not list(volume.pending())


@CHECK
def test_a_folder_keeps_every_promise(check: Check, folder: Path) -> None:
    volume = open_volume(str(folder))
    expect_held(try_out(check, volume, location=str(folder)), volume)


@CHECK
def test_a_bucket_keeps_every_promise(check: Check, bucket: str) -> None:
    volume = open_volume(bucket)
    expect_held(try_out(check, volume, location=bucket), volume)


ALONE = pytest.mark.parametrize(
    "check", [check for check in CHECKS if check.alone], ids=lambda check: check.title
)


@ALONE
def test_memory_keeps_every_promise(check: Check) -> None:
    volume = open_volume(f"memory:{uuid4()}")
    expect_held(try_out(check, volume, location=None), volume)


WRAPPERS: dict[str, Callable[[Volume], Volume]] = {
    "through": Through,
    "retry": RetryVolume,
    "throttled": lambda inner: ThrottledVolume(inner, Throttle(1e12)),
    "faulty without faults": lambda inner: FaultyVolume(inner, ()),
    "all at once": lambda inner: RetryVolume(ThrottledVolume(Through(inner), Throttle(1e12))),
}


@ALONE
@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
def test_wrappers_keep_every_promise(
    check: Check, wrap: Callable[[Volume], Volume], folder: Path
) -> None:
    volume = wrap(open_volume(str(folder)))
    expect_held(try_out(check, volume, location=None), volume)


@pytest.mark.slow
def test_memory_stays_flat_for_a_gibibyte(folder: Path) -> None:
    flat = next(check for check in CHECKS if "memory" in check.title)
    volume = open_volume(str(folder))
    expect_held(try_out(flat, volume, location=str(folder), big=1 << 30), volume)


class Overwriting(Through):
    """Removes what is in the way."""

    def publish(self, arrivals):
        for _, name in arrivals:
            self.inner.delete(name)
        super().publish(arrivals)


class Forgetting(Through):
    """Loses the last byte of what is read."""

    def read(self, name, offset=0, length=None):
        whole = b"".join(map(bytes, self.inner.read(name, offset, length)))
        return iter([whole[:-1]])


class Scattering(Through):
    """Publishes what it can of a group."""

    def publish(self, arrivals):
        refused = None
        for each in arrivals:
            try:
                super().publish([each])
            except Conflict as error:
                refused = error
        if refused:
            raise refused


class Cutting(Through):
    """Writes a file of its own in two steps."""

    def replace(self, name, data):
        self.inner.replace(name, data[: len(data) // 2] + b"?")
        self.inner.replace(name, data)


class Mixing(Through):
    """Appends without its lock and drops a line feed."""

    def append(self, name, data):
        self.inner.append(name, data[: len(data) // 2] + b"\n")
        self.inner.append(name, data[len(data) // 2 :])


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (Overwriting, "overwritten"),
        (Forgetting, "bit for bit"),
        (Scattering, "overwritten"),
        (Cutting, "half-written"),
        (Mixing, "never mix"),
    ],
)
def test_a_volume_that_breaks_a_promise_is_found_out(
    bad: type[Through], word: str, folder: Path
) -> None:
    outcomes = list(run(bad(open_volume(str(folder)))))
    broken = [outcome.title for outcome in outcomes if outcome.state == "broken"]
    assert any(word in title for title in broken)
