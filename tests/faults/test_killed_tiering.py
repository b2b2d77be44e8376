"""kill -9 at every call that writes, and every such call failing once, while a file's content moves
to a target, back, and to another site: it is never lost, never torn, and nothing is left over."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.chance import dice
from tests.faults.tiering_scene import Scene, Strike, all_strikes, expect_all, seen

ERRORS = ("ENOSPC", "EIO")
SAMPLE = 5
"""Points of each kind in `make test`: about half a second each."""


@pytest.fixture(scope="module")
def strikes(tmp_path_factory: pytest.TempPathFactory) -> list[Strike]:
    return all_strikes(tmp_path_factory.mktemp("undisturbed"))


def to_fail(strikes: list[Strike]) -> list[tuple[Strike, str]]:
    """What Linux's own filesystems may answer: these two never lack space."""
    return [
        (each, error)
        for each in strikes
        for error in ERRORS
        if not (error == "ENOSPC" and each.call in ("fchmod", "utimensat"))
    ]


@pytest.mark.fault
@pytest.mark.slow
def test_killed_at_some_calls(strikes: list[Strike], tmp_path: Path) -> None:
    """All of them are `make soak`."""
    for strike in dice("kill").sample(strikes, SAMPLE):
        kill_at(strike, tmp_path)


@pytest.mark.fault
@pytest.mark.slow
def test_failing_at_some_calls(strikes: list[Strike], tmp_path: Path) -> None:
    for strike, error in dice("fail").sample(to_fail(strikes), SAMPLE):
        fail_at(strike, error, tmp_path)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_killed_at_every_call(strikes: list[Strike], tmp_path: Path) -> None:
    expect_all({str(each): partial(kill_at, each, tmp_path) for each in strikes})


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_failing_at_every_call(strikes: list[Strike], tmp_path: Path) -> None:
    expect_all(
        {
            f"{each} {error}": partial(fail_at, each, error, tmp_path)
            for each, error in to_fail(strikes)
        }
    )


def kill_at(strike: Strike, tmp_path: Path) -> None:
    folder = tmp_path / f"killed-{strike}"
    scene = Scene(folder, strike.verb)
    done = scene.struck(folder / "calls", f"{strike.call}:signal=KILL:when={strike.nth}")
    assert done.returncode == -9, f"{strike}: {done}"
    scene.expect_nothing_lost()
    scene.expect_whole_in_the_end()


def fail_at(strike: Strike, error: str, tmp_path: Path) -> None:
    folder = tmp_path / f"failed-{strike}-{error}"
    scene = Scene(folder, strike.verb)
    done = scene.struck(folder / "calls", f"{strike.call}:error={error}:when={strike.nth}")
    assert any("(INJECTED)" in each for each in seen(folder / "calls")), str(strike)
    assert done.returncode in (0, 1), f"{strike} {error}: {done}"
    assert done.returncode == 0 or done.stderr.startswith("refused: "), done.stderr
    scene.expect_nothing_lost()
    assert not [each.name for each in scene.target.volume.pending()], f"{strike} {error}"
    scene.expect_whole_in_the_end()
