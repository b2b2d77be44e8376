"""What is kept about a person: every room says what it keeps, and how it forgets.

Rooms above register theirs at start-up, so that an export and an anonymising are whole without this
room knowing them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of thing that is kept about a person.

    `collect(entity)` gives its rows, in words of JSON, for the USER entity; never a secret.
    `forget(entity)` removes what says who the person was, inside the transaction that anonymises;
    None where nothing of it is removed, and `stays` then says why. `order` sorts them in an export.
    """

    name: str
    title: str
    collect: Callable[[int], Iterable[Row]]
    forget: Callable[[int], None] | None = None
    stays: str = ""
    order: int = 100

    @property
    def goes(self) -> bool:
        """Whether it is removed; a template that asked for `forget` would call it."""
        return self.forget is not None


_parts: dict[str, Part] = {}


def register_personal(part: Part) -> None:
    """Add a part at start-up. ValueError when another one has its name."""
    if _parts.setdefault(part.name, part) != part:
        raise ValueError(f"There are two parts of personal data named {part.name}.")


def parts() -> list[Part]:
    """All of them, in their order."""
    return sorted(_parts.values(), key=lambda part: (part.order, part.name))
