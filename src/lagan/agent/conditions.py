"""Which named state an error stands for: pure decisions, so that every view and report agrees."""

from __future__ import annotations

from lagan.agent.rows import Condition, Kind
from lagan.client.lookup import State
from lagan.client.whole import Unreadable
from lagan.kit.errors import (
    BadPath,
    Conflict,
    DigestMismatch,
    Forbidden,
    LaganError,
    Locked,
    NoSpace,
    TooLarge,
    Unavailable,
)

_CLOSED = frozenset({"dataset-not-open", "not-open"})
_BY_KIND: tuple[tuple[type[LaganError], Condition], ...] = (
    (NoSpace, Condition.FULL),
    (TooLarge, Condition.TOO_LARGE),
    (DigestMismatch, Condition.DAMAGED),
    (Forbidden, Condition.FORBIDDEN),
    (Locked, Condition.HELD),
    (BadPath, Condition.NAME),
    (Unreadable, Condition.UNREADABLE),
)
_KNOWN = {
    State.ABSENT: Condition.MISSING,
    State.SAME: Condition.ARCHIVED,
    State.VERIFIED: Condition.VERIFIED,
    State.OTHER_TIME: Condition.COMPARING,
    State.OTHER_SIZE: Condition.MISSING,
    State.REFUSED_NAME: Condition.NAME,
    State.UNVERIFIED: Condition.UNVERIFIED,
}


def of_error(error: LaganError) -> Condition:
    """What became of a file that this error kept back."""
    for kind, condition in _BY_KIND:
        if isinstance(error, kind):
            return condition
    answered = error.facts.get("answered")
    if isinstance(error, Conflict) and error.facts.get("problem") is None and not answered:
        return Condition.OTHER
    if isinstance(error, Conflict) and error.facts.get("problem", error.code) in _CLOSED:
        return Condition.CLOSED
    if isinstance(error, Unavailable):
        return Condition.BUSY if answered else Condition.NO_ANSWER
    return Condition.BROKEN if _is_broken(answered) else Condition.REFUSED


def of_lookup(state: State) -> Condition:
    """What the hub's answer to a look-up stands for."""
    return _KNOWN[state]


def is_transient(error: LaganError) -> bool:
    """Whether the same again may succeed: nothing answered, the server failed, or the bytes were
    damaged on their way."""
    return (
        not error.permanent
        or isinstance(error, DigestMismatch)
        or _is_broken(error.facts.get("answered"))
    )


def detail(condition: Condition, error: LaganError) -> str:
    """What the error says beyond its condition's own words."""
    return "" if condition.sentence.rstrip(".") == error.sentence.rstrip(".") else error.sentence


def reason(condition: Condition, told: str) -> str:
    """A sentence for reports: what is the matter, and what was said about it."""
    plain = condition in (Condition.REFUSED, Condition.UNREADABLE) or not told
    return (told or condition.sentence) if plain else f"{condition.sentence}: {told}"


def is_final(condition: Condition) -> bool:
    """Whether nothing more becomes of a file in this run."""
    return condition.kind not in (Kind.WAITING, Kind.WORKING)


def _is_broken(answered: object) -> bool:
    return isinstance(answered, int) and answered >= 500 and answered != 507
