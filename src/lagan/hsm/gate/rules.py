"""Whether somebody's opening brings a file back: rules by program and user, and how much at once
and an hour. What is refused may be tried again."""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from lagan.hsm.gate.asking import Asker

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits of 0 are none. `deny` has names and paths of programs, `deny_users` numbers;
    `at_once` are recalls that run or wait, `per_hour` bytes, both for all and for each user."""

    deny: frozenset[str] = frozenset()
    deny_users: frozenset[int] = frozenset()
    refusal: int = errno.EAGAIN
    at_once: int = 0
    user_at_once: int = 0
    per_hour: int = 0
    user_per_hour: int = 0


@dataclass(slots=True)
class Usage:
    """What was asked for lately; `clock` in seconds."""

    clock: Callable[[], float] = monotonic
    _lately: deque[tuple[float, int | None, int]] = field(default_factory=deque)

    def add(self, user: int | None, size: int) -> None:
        """A recall of `size` bytes begins."""
        self._lately.append((self.clock(), user, size))

    def bytes(self, user: int | None = None) -> int:
        """In the last hour, by one user or by all."""
        while self._lately and self._lately[0][0] < self.clock() - HOUR:
            self._lately.popleft()
        return sum(size for _, who, size in self._lately if user is None or who == user)


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants a file of `size` bytes while `open` recalls run or wait, `open_of_user` of
    them theirs. With `joins` its recall is among them already."""

    asker: Asker
    size: int
    open: int = 0
    open_of_user: int = 0
    joins: bool = False


def refused(wish: Wish, rules: Rules, usage: Usage, *, frozen: bool) -> str | None:
    """Why not, in words; None when the file shall come."""
    asker = wish.asker
    if denied := sorted(asker.names & rules.deny):
        return f"The program {denied[0]} brings nothing back here."
    if asker.user in rules.deny_users:
        return f"The user {asker.user} brings nothing back here."
    if wish.joins:
        return None
    if frozen:
        return "Recalls are frozen."
    return _over(wish, rules, usage)


def _over(wish: Wish, rules: Rules, usage: Usage) -> str | None:
    """Which limit the wish would break. One file may always come, however large."""
    if rules.at_once and wish.open >= rules.at_once:
        return f"{wish.open} recalls are under way."
    if rules.user_at_once and wish.open_of_user >= rules.user_at_once:
        return f"{wish.open_of_user} recalls of this user are under way."
    spent = usage.bytes()
    if rules.per_hour and spent and spent + wish.size > rules.per_hour:
        return "The bytes of this hour are used up."
    spent = usage.bytes(wish.asker.user) if wish.asker.user is not None else 0
    if rules.user_per_hour and spent and spent + wish.size > rules.user_per_hour:
        return "This user's bytes of this hour are used up."
    return None
