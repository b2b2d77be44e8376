"""What every command is: an act, and when and by whom it may be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lagan.hub.doors.node.config.shape import Permissions
from lagan.hub.doors.node.process.state import ANY_STATE, ANY_SUB_STATE
from lagan.hub.doors.node.wire.messages import ILL_REQ
from lagan.hub.doors.node.wire.reply import Call, Done, Failed
from lagan.hub.doors.node.wire.server import Answer


@dataclass(frozen=True, slots=True)
class Command:
    """`allows` is a field of `Permissions` that must be set, with what the refusal calls it.
    `busy`: the node says BUSY meanwhile."""

    act: Callable[[Call], Done | Answer]
    states: tuple[str, ...] = ANY_STATE
    sub_states: tuple[str, ...] = ANY_SUB_STATE
    busy: bool = False
    allows: str = ""

    def require_allowed(self, may: Permissions) -> None:
        """Failed when this node is not configured for such requests."""
        if self.allows and not getattr(may, self.allows):
            raise Failed(ILL_REQ.say(self.allows.capitalize()))
