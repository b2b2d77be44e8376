"""Refusals of the computers room."""

from __future__ import annotations

from lagan.kit.errors import BadInput, Conflict


class BadFacts(BadInput):
    """Facts of a computer that cannot be; `reasons` has every one, by its key."""

    code = "bad-computer-facts"

    def __init__(self, reasons: dict[str, str]) -> None:
        said = " ".join(f"{key}: {reason}" for key, reason in reasons.items())
        super().__init__(f"The computer's facts are not as they should be. {said}", reasons=reasons)
        self.reasons = reasons


class NotConnected(Conflict):
    """The hub was not told how to reach this computer, or nobody has confirmed its host key."""

    code = "computer-not-connected"
