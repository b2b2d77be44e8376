"""A command about many things says how many there are and how many are done, to who waits and to
who asks later."""

from __future__ import annotations

from datetime import UTC, datetime

from lagan.hub.doors.node.models import StoredFile
from lagan.hub.doors.node.wire.reply import Call
from lagan.hub.doors.node.wire.request_store import RequestState
from lagan.hub.doors.node.wire.status import FAILURE, SUCCESS, Attributes

TOLD = 100
"""Files that failed which an answer names; the log has all."""


class Tally:
    """The count of one request. `failed` has why, with the row of each where there is one."""

    def __init__(self, call: Call, expected: int) -> None:
        self._requests = call.node.requests
        self._state = RequestState(
            str(call.id), call.request.command, call.began.timestamp(), call.began.timestamp()
        )
        self.expected, self.done, self.failures = expected, 0, 0
        self.reasons: list[str] = []
        self.rows: list[StoredFile] = []
        self._requests.begin(call, expected)

    def add(self) -> None:
        """One more is done."""
        self.done += 1
        self._requests.progress(self._state.id, self.done)

    def miss(self, reason: str, row: StoredFile | None = None) -> None:
        """One was not done."""
        self.failures += 1
        if len(self.reasons) < TOLD:
            self.reasons.append(reason)
            self.rows += [] if row is None else [row]

    def end(self, message: str = "") -> None:
        """All are done or failed."""
        status = FAILURE if self.failures or message else SUCCESS
        self._requests.end(self._state.id, status, message or "; ".join(self.reasons[:3]))
        now = datetime.now(UTC).timestamp()
        self._state = RequestState(
            self._state.id, self._state.command, self._state.began, now, ended=now, status=status
        )

    def attributes(self) -> Attributes:
        """What the answer's `Status` says."""
        state = self._state
        now = datetime.now(UTC).timestamp()
        return RequestState(
            state.id, state.command, state.began, now, self.done, self.expected, state.ended
        ).attributes()
