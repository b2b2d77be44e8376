"""What a node is doing: ONLINE or OFFLINE, BUSY or IDLE, and what may be asked of it then.

Source: reference/ngas-http.md section 4, "State required". Better than there: a request that fails
ends its being busy exactly once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from lagan.hub.doors.node.wire.messages import IMPROPER_STATE
from lagan.kit.errors import BadInput

ONLINE, OFFLINE = "ONLINE", "OFFLINE"
IDLE, BUSY = "IDLE", "BUSY"
ANY_STATE, ANY_SUB_STATE = (ONLINE, OFFLINE), (IDLE, BUSY)


class ImproperState(BadInput):
    """The command is not for this state."""

    code = "improper-state"


class State:
    """One a node; any thread may ask."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._online = False
        self._busy = 0
        self.active = 0
        """Requests being answered just now."""
        self.last_request = time.monotonic()

    @property
    def state(self) -> str:
        """ONLINE or OFFLINE."""
        return ONLINE if self._online else OFFLINE

    @property
    def sub_state(self) -> str:
        """BUSY while files come or go, else IDLE."""
        return BUSY if self._busy else IDLE

    def set_online(self, online: bool) -> None:
        """What it is from now on."""
        self._online = online

    def require(self, command: str, states: Collection[str], sub_states: Collection[str]) -> None:
        """ImproperState, in the words that clients know, unless the command is for now."""
        state, sub_state = self.state, self.sub_state
        if state not in states or sub_state not in sub_states:
            raise ImproperState(
                IMPROPER_STATE.say(command, state, sub_state, list(states), list(sub_states))
            )

    @contextmanager
    def busy(self) -> Iterator[None]:
        """BUSY until the end of the block."""
        with self._guard:
            self._busy += 1
        try:
            yield
        finally:
            with self._guard:
                self._busy -= 1

    @contextmanager
    def serving(self) -> Iterator[None]:
        """One more request is being answered."""
        with self._guard:
            self.active += 1
        try:
            yield
        finally:
            with self._guard:
                self.active -= 1
                self.last_request = time.monotonic()
