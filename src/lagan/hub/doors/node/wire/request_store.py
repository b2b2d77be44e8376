"""What is known of requests by their ids: how far they are, when they ended and how.

`Server.RequestDbBackend` says where that is kept: `null` nowhere, `memory` in the process, `bsddb`
in a file beneath the root directory that survives the process. Source: reference/ngas-http.md
sections 3, 4.4 and 8.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from lagan.hub.doors.node.wire.moments import show_utc
from lagan.hub.doors.node.wire.status import FAILURE, SUCCESS, Attributes
from lagan.kit.errors import LaganError

if TYPE_CHECKING:
    from lagan.hub.doors.node.wire.reply import Call

MOST = 10_000
"""Requests that memory holds; the oldest are forgotten first."""
KEPT = timedelta(hours=24)
"""How long a request that has ended is known."""


@dataclass(frozen=True, slots=True)
class RequestState:
    """One request. Times are seconds since the epoch; counts are None where nothing is counted;
    `status` is empty until it ended."""

    id: str
    command: str
    began: float
    updated: float
    actual: int | None = None
    expected: int | None = None
    ended: float | None = None
    status: str = ""
    message: str = ""

    def attributes(self) -> Attributes:
        """What the `Status` element says of it."""
        return [
            ("RequestId", self.id),
            ("RequestTime", _shown(self.began)),
            ("CompletionPercent", self._percent()),
            ("ExpectedCount", _text(self.expected)),
            ("ActualCount", _text(self.actual)),
            ("EstTotalTime", _seconds(self._total())),
            ("RemainingTime", _seconds(self._remaining())),
            ("LastRequestStatUpdate", _shown(self.updated)),
            ("CompletionTime", None if self.ended is None else _shown(self.ended)),
        ]

    def _share(self) -> float | None:
        if self.expected and self.actual is not None:
            return min(self.actual / self.expected, 1.0)
        return None

    def _percent(self) -> str | None:
        """Zero percent is left out, as clients know it."""
        if self.status == SUCCESS and self.expected is None:
            return "100.00"
        share = self._share()
        return f"{100 * share:.2f}" if share else None

    def _total(self) -> float | None:
        share = self._share()
        return (self.updated - self.began) / share if share else None

    def _remaining(self) -> float | None:
        if self.ended is not None:
            return 0.0
        total = self._total()
        return None if total is None else max(total - (self.updated - self.began), 0.0)


class Shelf(Protocol):
    """Where states are kept."""

    def put(self, state: RequestState) -> None:
        """Keep it in place of what is there of its id."""

    def get(self, id: str) -> RequestState | None:
        """What is known of it."""

    def drop_before(self, moment: float) -> None:
        """Forget what ended before a moment (seconds since the epoch)."""

    def close(self) -> None:
        """Let go of it."""


class Requests:
    """The requests of a node; any thread may write."""

    def __init__(self, shelf: Shelf | None) -> None:
        self._shelf = shelf
        self._guard = threading.Lock()
        self._swept = datetime.now(UTC)

    @property
    def kept(self) -> bool:
        """Whether anything is kept at all."""
        return self._shelf is not None

    def begin(self, call: Call, expected: int | None = None) -> str:
        """Note that a request has begun; its id. `expected` is how many things it is about."""
        began = call.began.timestamp()
        state = RequestState(str(call.id), call.request.command, began, began, expected=expected)
        self._put(replace(state, actual=None if expected is None else 0))
        return state.id

    def progress(self, id: str | UUID, actual: int, expected: int | None = None) -> None:
        """So many are done; `expected` when it is known only now."""
        self._change(id, lambda old: _moved(old, actual, expected))

    def end(self, id: str | UUID, status: str = SUCCESS, message: str = "") -> None:
        """It ended. Only the first end counts."""
        now = datetime.now(UTC).timestamp()
        self._change(
            id,
            lambda old: (
                old
                if old.status
                else replace(old, updated=now, ended=now, status=status, message=message)
            ),
        )

    def find(self, id: str) -> RequestState | None:
        """What is known of a request; None when nothing is."""
        return self._shelf.get(id) if self._shelf is not None else None

    @contextmanager
    def following(self, call: Call) -> Iterator[None]:
        """Begin, and end as the block ends."""
        if not self.kept:
            yield
            return
        id = self.begin(call)
        try:
            yield
        except BaseException as error:
            said = error.sentence if isinstance(error, LaganError) else type(error).__name__
            self.end(id, FAILURE, said)
            raise
        self.end(id)

    def forget(self, before: datetime) -> None:
        """Drop what ended before a moment."""
        if self._shelf is not None:
            with self._guard:
                self._shelf.drop_before(before.timestamp())

    def close(self) -> None:
        """Let go of the file, if there is one."""
        if self._shelf is not None:
            self._shelf.close()

    def _put(self, state: RequestState) -> None:
        if self._shelf is None:
            return
        with self._guard:
            self._shelf.put(state)
            now = datetime.now(UTC)
            if now - self._swept > timedelta(hours=1):
                self._swept = now
                self._shelf.drop_before((now - KEPT).timestamp())

    def _change(self, id: str | UUID, change: _Change) -> None:
        if self._shelf is None:
            return
        with self._guard:
            old = self._shelf.get(str(id))
            if old is not None:
                self._shelf.put(change(old))


class _Change(Protocol):
    def __call__(self, old: RequestState, /) -> RequestState: ...


def _moved(old: RequestState, actual: int, expected: int | None) -> RequestState:
    now = datetime.now(UTC).timestamp()
    return replace(
        old, actual=actual, expected=old.expected if expected is None else expected, updated=now
    )


def open_requests(backend: str, file: Path) -> Requests:
    """The requests of a node by `RequestDbBackend`; `file` is used by `bsddb` alone."""
    if backend == "memory":
        return Requests(InMemory())
    if backend == "bsddb":
        return Requests(InFile(file))
    return Requests(None)


class InMemory:
    """As many as are recent, gone with the process."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[str, RequestState] = OrderedDict()

    def put(self, state: RequestState) -> None:
        """Keep it; the oldest goes."""
        self._known[state.id] = state
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def get(self, id: str) -> RequestState | None:
        """What is known of it."""
        return self._known.get(id)

    def drop_before(self, moment: float) -> None:
        """Forget what ended before."""
        old = [id for id, each in self._known.items() if (each.ended or moment) < moment]
        for id in old:
            del self._known[id]

    def close(self) -> None:
        """Nothing to let go of."""


_COLUMNS = tuple(each.name for each in fields(RequestState))


class InFile:
    """A file of its own. It is no part of what is promised, so it is not flushed."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._guard = threading.Lock()
        with self._guard:
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=OFF")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS request (id TEXT PRIMARY KEY, command TEXT, "
                "began REAL, updated REAL, actual INTEGER, expected INTEGER, ended REAL, "
                "status TEXT, message TEXT)"
            )
            # What ran when the process ended, did not end well.
            self._database.execute(
                "UPDATE request SET status = ?, ended = updated, message = ? WHERE ended IS NULL",
                (FAILURE, "The node ended before the request did."),
            )

    def put(self, state: RequestState) -> None:
        """Write it."""
        marks = ", ".join("?" * len(_COLUMNS))
        with self._guard:
            self._database.execute(
                f"INSERT OR REPLACE INTO request ({', '.join(_COLUMNS)}) VALUES ({marks})",  # noqa: S608 - names of columns
                astuple(state),
            )

    def get(self, id: str) -> RequestState | None:
        """Read it."""
        with self._guard:
            row = self._database.execute(
                f"SELECT {', '.join(_COLUMNS)} FROM request WHERE id = ?",  # noqa: S608 - names of columns
                (id,),
            ).fetchone()
        return None if row is None else RequestState(*row)

    def drop_before(self, moment: float) -> None:
        """Forget what ended before."""
        with self._guard:
            self._database.execute("DELETE FROM request WHERE ended < ?", (moment,))

    def close(self) -> None:
        """Let go of the file."""
        with contextlib.suppress(sqlite3.Error):
            self._database.close()


def _shown(moment: float) -> str:
    return show_utc(datetime.fromtimestamp(moment, UTC))


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _seconds(span: float | None) -> str | None:
    return None if span is None else f"{span:.3f}"
