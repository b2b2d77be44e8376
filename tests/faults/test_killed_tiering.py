"""kill -9 at every call that writes, and every such call failing once, while a file's content moves
to a target, back, and to another site: it is never lost, never torn, and nothing is left over."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.chance import dice
from tests.faults.tiering_scene import (
    Scene,
    Strike,
    all_strikes,
    expect_all,
    seen,
    some_strikes,
)
from tests.services.disks import KINDS, mounted

ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EINTR")
SAMPLE = 5
"""Points of each kind in `make test`: about half a second each."""


@pytest.fixture
def by_lot() -> Iterator[Path]:
    """A filesystem that is drawn."""
    kind = dice("kind").choice(KINDS)
    with mounted(kind) as disk:
        yield disk.folder


@pytest.fixture(params=KINDS)
def each_kind(request: pytest.FixtureRequest) -> Iterator[Path]:
    with mounted(request.param) as disk:
        yield disk.folder


def to_fail(strikes: list[Strike]) -> list[tuple[Strike, str]]:
    """What Linux's own filesystems may answer: those two never lack space."""
    return [
        (each, error)
        for each in strikes
        for error in ERRORS
        if not (error in ("ENOSPC", "EDQUOT") and each.call in ("fchmod", "utimensat"))
    ]


@pytest.mark.fault
@pytest.mark.slow
def test_killed_at_some_calls(by_lot: Path) -> None:
    """All of them are `make soak`."""
    for strike in some_strikes(by_lot, SAMPLE, dice("kill")):
        kill_at(strike, by_lot)


@pytest.mark.fault
@pytest.mark.slow
def test_failing_at_some_calls(by_lot: Path) -> None:
    lot = dice("fail")
    for strike in some_strikes(by_lot, SAMPLE, lot):
        fail_at(*lot.choice(to_fail([strike])), by_lot)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_killed_at_every_call(each_kind: Path) -> None:
    strikes = all_strikes(each_kind)
    expect_all({str(each): partial(kill_at, each, each_kind) for each in strikes})


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_failing_at_every_call(each_kind: Path) -> None:
    strikes = all_strikes(each_kind)
    expect_all(
        {
            f"{each} {error}": partial(fail_at, each, error, each_kind)
            for each, error in to_fail(strikes)
        }
    )


def kill_at(strike: Strike, place: Path) -> None:
    folder = place / f"killed-{strike}"
    scene = Scene(folder, strike.verb)
    done = scene.struck(folder / "calls", f"{strike.call}:signal=KILL:when={strike.nth}")
    assert done.returncode == -9, f"{strike}: {done}"
    scene.expect_nothing_lost()
    scene.expect_whole_in_the_end()
    shutil.rmtree(folder)


def fail_at(strike: Strike, error: str, place: Path) -> None:
    folder = place / f"failed-{strike}-{error}"
    scene = Scene(folder, strike.verb)
    done = scene.struck(folder / "calls", f"{strike.call}:error={error}:when={strike.nth}")
    assert any("(INJECTED)" in each for each in seen(folder / "calls")), str(strike)
    assert done.returncode in (0, 1), f"{strike} {error}: {done}"
    assert done.returncode == 0 or done.stderr.startswith("refused: "), done.stderr
    scene.expect_nothing_lost()
    assert not [each.name for each in scene.target.volume.pending()], f"{strike} {error}"
    scene.expect_whole_in_the_end()
    shutil.rmtree(folder)
