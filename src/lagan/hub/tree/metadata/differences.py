"""What differs between two states of metadata, key by key; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """A key whose values are `before` in one state and `after` in the other; none: not there."""

    key: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def differences(
    before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]
) -> list[Difference]:
    """Every key whose values are not the same, by key."""
    found = (
        Difference(key, tuple(before.get(key) or ()), tuple(after.get(key) or ()))
        for key in sorted({*before, *after})
    )
    return [each for each in found if each.before != each.after]
