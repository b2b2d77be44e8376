"""What is refused about workflows, every reason at once and by the field that it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lagan.kit.errors import BadInput

Reasons = Mapping[str, Sequence[str]]
"""Sentences by the field of the request that they are about."""

_SHOWN = 5


class _Unsound(BadInput):
    def __init__(self, reasons: Reasons) -> None:
        said = [f"{field}: {each}" for field, those in reasons.items() for each in those]
        more = f" And {len(said) - _SHOWN} more." if len(said) > _SHOWN else ""
        self.reasons = {field: list(those) for field, those in reasons.items()}
        super().__init__(" ".join(said[:_SHOWN]) + more, reasons=self.reasons)


class UnsoundWorkflow(_Unsound):
    """A workflow that could not be run; `reasons` has all of what is wrong with it."""

    code = "unsound-workflow"


class UnsoundRun(_Unsound):
    """A workflow was asked for with paths, fields or a site that it cannot take; `reasons` has
    all of them."""

    code = "unsound-run"


class UnsoundSchedule(_Unsound):
    """A schedule whose time or whose run cannot be; `reasons` has all of what is wrong."""

    code = "unsound-schedule"


class UnsoundStatusType(_Unsound):
    """A file status type that no page could show."""

    code = "unsound-file-status-type"
