"""Moves of a group go side by side: each need is met for all at once, and no move's trouble is
another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import pytest

from lagan.hsm.errors import Busy
from lagan.hsm.together.group import Gather, Move, Need, alone, by_hands, together
from lagan.kit.errors import Unavailable


@dataclass(frozen=True)
class Asked(Need):
    """Answered by what it is; what is an error is raised where it was asked."""

    what: object
    rank = 1
    met: ClassVar[list[int]] = []

    @classmethod
    def meet(cls, needs: Sequence[Self]) -> Sequence[object]:
        cls.met.append(len(needs))
        return [need.what for need in needs]


class Late(Asked):
    """A need of a later step."""

    rank = 2
    met: ClassVar[list[int]] = []


@pytest.fixture(autouse=True)
def nothing_was_met() -> None:
    Asked.met.clear()
    Late.met.clear()


def ask(*needs: Need) -> Move[list[object]]:
    answers = []
    for need in needs:
        answers.append((yield need))
    return answers


def test_what_all_need_is_had_once() -> None:
    ends = together([ask(Asked(at), Late(at)) for at in range(5)])
    assert ends == [[at, at] for at in range(5)]
    assert (Asked.met, Late.met) == ([5], [5])


def test_a_later_need_waits_until_nobody_has_an_earlier_one() -> None:
    together([ask(Late(1)), ask(Asked(1), Asked(2), Late(3)), ask(Gather(), Late(1))])
    assert (Asked.met, Late.met) == ([1, 1], [2, 1])


def test_one_moves_trouble_is_not_anothers() -> None:
    def refuses() -> Move[list[object]]:
        raise Busy("Open.")
        yield

    ends = together([ask(Asked(Unavailable("Away."))), refuses(), ask(Asked(3), Late(OSError(5)))])
    assert [type(end) for end in ends] == [Unavailable, Busy, OSError]
    assert together([ask(Asked(1)), ask(Asked(Busy("x")), Late(2))])[0] == [1]


def test_a_move_may_go_on_after_an_error() -> None:
    def patient() -> Move[str]:
        try:
            yield Asked(Busy("x"))
        except Busy:
            return "went on"
        return "was not told"

    assert together([patient(), ask(Asked(1))])[0] == "went on"


class Silent(Need):
    """Cannot be met for anybody."""

    rank = 1

    @classmethod
    def meet(cls, needs: Sequence[Self]) -> Sequence[object]:
        raise Unavailable("Nobody answers.")


def test_what_cannot_be_had_at_all_is_everybodys_error() -> None:
    ends = together([ask(Silent()), ask(Silent())])
    assert all(isinstance(end, Unavailable) for end in ends)


@pytest.mark.parametrize("end", [KeyboardInterrupt(), ValueError("a fault of ours")])
def test_what_is_no_refusal_ends_all_and_each_undoes_what_it_began(end: BaseException) -> None:
    undone = []

    def careful(name: str) -> Move[None]:
        try:
            yield Late(name)
        except BaseException:
            undone.append(name)
            raise

    def faulty() -> Move[None]:
        yield Asked(1)
        raise end

    with pytest.raises(type(end)):
        together([careful("a"), faulty(), careful("b")])
    assert undone == ["a", "b"]


def test_alone_its_error_is_raised() -> None:
    assert alone(ask(Asked(7))) == [7]
    with pytest.raises(Busy):
        alone(ask(Asked(Busy("x"))))


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9, 100])
def test_many_hands_answer_in_order(count: int) -> None:
    def double(number: int) -> int:
        if number == 5:
            raise Busy("five")
        return number * 2

    ends = by_hands(double, list(range(count)))
    assert [end for end in ends if not isinstance(end, Busy)] == [
        number * 2 for number in range(count) if number != 5
    ]
    assert len(ends) == count
