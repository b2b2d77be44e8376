"""Records of files come to a target, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from lagan.hsm.naming import record_name
from lagan.hsm.record import Record, pack
from lagan.hsm.target import Target
from lagan.hsm.together.asking import Known, Question
from lagan.hsm.together.group import by_hands
from lagan.kit.errors import LaganError
from lagan.store.volume import ReplacesMany


@dataclass(frozen=True, slots=True)
class Tell(Question):
    """Have the target know the file of `record`; what it knew of that path, which is in `known`
    when it was looked at, it forgets."""

    target: Target
    record: Record
    known: Known | None = None
    rank = 40

    @classmethod
    def ask(cls, target: Target, needs: Sequence[Self]) -> Sequence[object]:
        """Write those that say anything new."""
        volume = target.volume
        new = [need for need in needs if need._is_new()]
        if len(new) > 1 and isinstance(volume, ReplacesMany):
            try:
                volume.replace_many(
                    [(record_name(each.record.path), pack(each.record)) for each in new]
                )
            except LaganError:
                pass  # then each has its own reason
            else:
                return [None] * len(needs)
        told = dict(zip(map(id, new), by_hands(cls._tell, new), strict=True))
        return [told.get(id(need)) for need in needs]

    def _is_new(self) -> bool:
        known = self.known.record if self.known is not None else self.target.known(self.record.path)
        return known != self.record

    def _tell(self) -> None:
        self.target.volume.replace(record_name(self.record.path), pack(self.record))
