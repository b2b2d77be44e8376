"""What every service is: when it is wanted, and a loop that ends when it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lagan.hub.doors.node.config.shape import NodeConfig

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode


@dataclass(frozen=True, slots=True)
class Service:
    """`run` returns soon after the event is set. When it raises it is begun again after `pause`
    seconds."""

    name: str
    run: Callable[[ArchiveNode, threading.Event], None]
    wanted: Callable[[NodeConfig], bool] = lambda _config: True
    pause: float = 5.0
