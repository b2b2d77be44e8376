"""Records of files come to a target, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from lagan.hsm import telling
from lagan.hsm.record import Record
from lagan.hsm.target import Target
from lagan.hsm.together.asking import Known, Question, spread
from lagan.kit.errors import LaganError
from lagan.store.volume import ReplacesMany


@dataclass(frozen=True, slots=True)
class Tell(Question):
    """Have the target know the file of `record`; what it knew of that path, which is in `known`
    when it was looked at, it forgets. Its object is needed from now on; see `lagan.hsm.telling`."""

    target: Target
    record: Record
    known: Known | None = None
    rank = 40

    @classmethod
    def ask(cls, target: Target, needs: Sequence[Self]) -> Sequence[object]:
        """Write those that say anything new, then look that all objects are kept."""
        volume = target.volume
        asked = [(need, need._newest()) for need in needs]
        notes = [note for need, newest in asked for note in telling.notes(need.record, newest)]
        if len(notes) > 1 and isinstance(volume, ReplacesMany):
            try:
                volume.replace_many(notes)
            except LaganError:
                pass  # then each has its own reason
            else:
                return spread(volume, lambda one: one[0]._settle(one[1]), asked)
        return spread(volume, lambda one: one[0]._tell(one[1]), asked)

    def _newest(self) -> Record | None:
        if self.known is not None:
            return self.known.record
        return self.target.known(self.record.path)

    def _tell(self, newest: Record | None) -> None:
        for name, data in telling.notes(self.record, newest):
            self.target.volume.replace(name, data)
        self._settle(newest)

    def _settle(self, newest: Record | None) -> None:
        telling.settle(self.target.volume, self.record, newest)
