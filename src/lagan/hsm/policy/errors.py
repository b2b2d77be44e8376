"""What is refused about policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lagan.kit.errors import BadInput


class UnsoundPolicy(BadInput):
    """A policy that could not be followed; `reasons` has all that is wrong, by field."""

    code = "unsound-policy"

    def __init__(self, reasons: Mapping[str, Sequence[str]]) -> None:
        self.reasons = {field: list(those) for field, those in reasons.items()}
        said = [f"{field}: {each}" for field, those in self.reasons.items() for each in those]
        super().__init__(" ".join(said), reasons=self.reasons)
