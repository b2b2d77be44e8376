"""A group of moves goes through its steps side by side: what several of them wait for is had for
all at once, and no move's trouble is another's.

A move is written as if it were alone: a generator that yields what it needs, goes on with the
answer (or with the error, raised where it waits) and returns its outcome.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any, ClassVar, Self, TypeVar

from lagan.kit.errors import LaganError

T = TypeVar("T")
U = TypeVar("U")
HANDS = 8
"""Threads in which what a group needs is had."""
_hands = ThreadPoolExecutor(HANDS, "hand")


class Need(ABC):
    """What a move waits for. Needs of a lower `rank` are met first: those of a higher one wait
    until nobody in the group asks for the lower."""

    rank: ClassVar[int]

    @classmethod
    @abstractmethod
    def meet(cls, needs: Sequence[Self]) -> Sequence[object]:
        """An answer for each: what its move goes on with, or the error that it meets."""


Move = Generator[Need, Any, T]


class Gather(Need):
    """Until all of the group are here."""

    rank = 50

    @classmethod
    def meet(cls, needs: Sequence[Self]) -> Sequence[object]:
        """There is nothing to do."""
        return [None] * len(needs)


def together(moves: Sequence[Move[T]]) -> list[T | LaganError | OSError]:
    """How each move ended. What is raised but a LaganError or an OSError ends all of them, cleanly,
    and is raised."""
    group = _Group(moves)
    try:
        group.run()
    except BaseException as error:
        group.end(error)
        raise
    return [group.ends[at] for at in range(len(moves))]


def alone(move: Move[T]) -> T:
    """The outcome of a move that is a group of its own, or what it raises."""
    (end,) = together([move])
    if isinstance(end, LaganError | OSError):
        raise end
    return end


class _Group:
    """The moves, what those that are begun wait for, and how the others ended."""

    def __init__(self, moves: Sequence[Move[Any]]) -> None:
        self._moves = moves
        self._waiting: dict[int, Need] = {}
        self.ends: dict[int, Any] = {}

    def run(self) -> None:
        for at in range(len(self._moves)):
            self._go_on(at, None)
        while self._waiting:
            kind = type(min(self._waiting.values(), key=lambda need: need.rank))
            places = [at for at, need in self._waiting.items() if type(need) is kind]
            answers = _met(kind, [self._waiting.pop(at) for at in places])
            for at, answer in zip(places, answers, strict=True):
                self._go_on(at, answer)

    def _go_on(self, at: int, answer: object) -> None:
        move = self._moves[at]
        try:
            if isinstance(answer, Exception):
                self._waiting[at] = move.throw(answer)
            else:
                self._waiting[at] = move.send(answer)
        except StopIteration as end:
            self.ends[at] = end.value
        except (LaganError, OSError) as error:
            self.ends[at] = error

    def end(self, error: BaseException) -> None:
        """Every move that has not ended meets the error, and undoes what it has begun."""
        for at, move in enumerate(self._moves):
            if at not in self.ends:
                with suppress(BaseException):
                    move.throw(error)
                with suppress(BaseException):
                    move.close()


def _met(kind: type[Need], needs: Sequence[Need]) -> Sequence[object]:
    try:
        return kind.meet(needs)
    except (LaganError, OSError) as error:
        return [error] * len(needs)


def attempt(act: Callable[[T], U], one: T) -> U | LaganError | OSError:
    """What `act` gives, or why it could not."""
    try:
        return act(one)
    except (LaganError, OSError) as error:
        return error


def by_hands(act: Callable[[T], U], many: Sequence[T]) -> list[U | LaganError | OSError]:
    """As `attempt` of each, side by side: for what is waiting, not computing."""
    if len(many) < 2:
        return [attempt(act, one) for one in many]
    shares = [many[hand::HANDS] for hand in range(min(HANDS, len(many)))]
    begun = [_hands.submit(one_by_one, act, share) for share in shares]
    wait(begun)
    done = [each.result() for each in begun]
    return [done[at % len(shares)][at // len(shares)] for at in range(len(many))]


def one_by_one(act: Callable[[T], U], many: Iterable[T]) -> list[U | LaganError | OSError]:
    """As `attempt` of each, in this thread: for what hardly waits."""
    return [attempt(act, one) for one in many]
