"""Refusals of the tree."""

from __future__ import annotations

from collections.abc import Sequence

from lagan.hub.tree.templates.compliance import Reason
from lagan.kit.errors import BadInput


class NotCompliant(BadInput):
    """Metadata that is not what the effective template asks; `reasons` has all of them."""

    code = "not-compliant"

    def __init__(self, reasons: Sequence[Reason]) -> None:
        said = "; ".join(f"{each.key}: {each.reason}" for each in reasons[:5])
        more = f" And {len(reasons) - 5} more." if len(reasons) > 5 else ""
        super().__init__(
            f"The metadata is not as it should be. {said}{more}",
            reasons=[each.as_dict() for each in reasons],
        )
        self.reasons = list(reasons)
