"""What a benchmark gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Result:
    """One measurement. `ratio` is how many times as good as the peer we are, so that `goal` is its
    least value; `ours` and `peer` are figures with their units, for people."""

    ratio: float
    ours: str
    peer: str
    goal: float
    notes: str = ""
    figures: dict[str, float] = field(default_factory=dict)
    what: str = ""
    """Which of several comparisons of one benchmark this is."""
    cost: float = 0.0
    """What ours took (seconds or bytes), to be compared between the two sizes; 0 if that says
    nothing."""

    @property
    def reached(self) -> bool:
        return self.ratio >= self.goal


def interleaved(rounds: int, *contenders: Callable[[], float]) -> list[float]:
    """The median of each contender's figure, all of them once a round, so that a busy minute of the
    machine meets all alike."""
    taken: list[list[float]] = [[] for _ in contenders]
    for _ in range(rounds):
        for figures, contender in zip(taken, contenders, strict=True):
            figures.append(contender())
    return [median(figures) for figures in taken]
