"""What a command is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.wire.body import Body
from lagan.hub.doors.node.wire.requests import Request
from lagan.hub.doors.node.wire.status import SUCCESS, Attributes, Node
from lagan.kit.errors import LaganError
from lagan.kit.ids import new_id

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a node."""

    node: ArchiveNode
    request: Request
    body: Body
    asker: tuple[str, int]
    user: str = ""
    """Who was authorised; empty when nobody was asked."""
    id: UUID = field(default_factory=new_id)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def by(self) -> Actor:
        """Who acts: the user who was authorised, else the node itself."""
        return Actor(None, self.user, "node") if self.user else self.node.by


@dataclass(frozen=True, slots=True)
class Done:
    """An answer that is a status document."""

    message: str = "Successfully handled request"
    children: Sequence[Node] = ()
    status: str = SUCCESS
    code: int = 200
    extra: Attributes = ()
    """Further attributes of the `Status` element."""
    after: Callable[[], None] | None = None
    """Called once the answer was sent."""
    headers: Sequence[tuple[str, str]] = ()
    """Further header lines."""


class Failed(LaganError):
    """A command says no: `sentence` is the Message of the status document, `code` its HTTP
    status."""

    code, status, exit = "command-failed", 400, 2
    headers: Sequence[tuple[str, str]] = ()
    """Further header lines."""

    def __init__(
        self, message: str, http: int = 400, children: Sequence[Node] = (), **facts: object
    ) -> None:
        super().__init__(message, **facts)
        self.http, self.children = http, children
