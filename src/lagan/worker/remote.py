"""The ledger of a worker that has nothing but the hub's address and a key of its site: patient
while the hub is away, and heard once when it says something twice."""

from __future__ import annotations

import gzip
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import Any

from lagan.kit.errors import BadInput, LaganError, NotFound, TooLarge
from lagan.kit.http import Http, Tls, pause
from lagan.worker import wire
from lagan.worker.ledger import (
    BEATS_PER_LEASE,
    LEASE,
    Asked,
    Claimed,
    LeaseLost,
    Outcome,
    Progress,
    SiteFull,
    WorkerFacts,
)

log = logging.getLogger(__name__)

TIMEOUT = 10.0
"""Seconds for a connection, and for an answer that is not waited for on purpose."""
BEAT_TIMEOUT = 4.0
"""The same for a beat, which a step waits for; a quarter of a shorter lease."""
LONGEST_WAIT = 25.0
"""Seconds that the hub may keep a question for work open; shorter than what proxies allow (60)."""
LONGEST_PAUSE = 5.0
"""Seconds between two tries to tell what must be told."""
TOKEN_PATIENCE = 90.0
"""Seconds that a step waits for a token while the hub is away."""
AWAY = 5.0
"""Seconds after a beat that did not arrive in which no other one is tried, a quarter of a shorter
lease: a step must not stand still because the hub does."""
FAULTS = 5
"""Faults of the hub's own (500) that one word outlives."""
_GZIP_FROM = 1 << 10  # bytes; less is not worth the work


class RemoteLedger:
    """`lagan.worker.ledger.Ledger` over the hub's HTTP. Threads share one; a forked child connects
    anew. `stop`, when set, ends all patience."""

    def __init__(
        self,
        hub_url: str,
        site_key: str,
        *,
        tls: Tls | None = None,
        lease: float = LEASE,
        stop: Event | None = None,
    ) -> None:
        self._base = hub_url.rstrip("/").removesuffix("/api")
        self._key, self._tls, self._lease = site_key, tls, lease
        self._stop = stop or Event()
        self._breath = min(BEAT_TIMEOUT, lease / BEATS_PER_LEASE)
        self._pid = os.getpid()
        self._http, self._beats = self._connect(TIMEOUT), self._connect(self._breath)
        self._away_until = 0.0
        self._numbers: dict[tuple[int, int], int] = {}
        self._hungry = Event()

    def claim(self, sites: Sequence[str], worker: str, count: int = 1) -> list[Claimed]:
        """See the protocol. Unavailable while the hub cannot be reached."""
        count = min(count, wire.MOST_TASKS)
        body = {"sites": list(sites), "worker": worker, "count": count, "lease": self._lease}
        self._hungry.set()  # whatever comes of it: a hub that is away is asked until it is back
        claimed = [wire.claimed_in(each) for each in self._ask("claim", body)["tasks"]]
        if len(claimed) == count:
            self._hungry.clear()
        return claimed

    def claim_hint(
        self, task_id: int, attempt: int, redelivered: bool, worker: str
    ) -> Claimed | None:
        """See the protocol. Waits for a hub that is away: the broker keeps the hint meanwhile."""
        body = {"id": task_id, "attempt": attempt, "redelivered": redelivered, "worker": worker}
        told = self._insist("hint", {**body, "lease": self._lease})
        return wire.claimed_in(told["task"]) if told["task"] else None

    def beat(self, claimed: Claimed, progress: Progress) -> bool:
        """See the protocol. One that does not arrive is no failure: the next may."""
        if time.monotonic() < self._away_until:
            return False
        body = {"done": progress.done, "bytes": progress.bytes, "lease": self._lease}
        try:
            about = {"id": claimed.id, "attempt": claimed.attempt, **body}
            return bool(self._ask("beat", about, quick=True)["cancel"])
        except NotFound as error:
            raise LeaseLost(error.sentence, task=claimed.id) from None
        except LeaseLost:
            raise
        except LaganError as error:
            self._away_until = time.monotonic() + min(AWAY, self._lease / BEATS_PER_LEASE)
            log.warning("task %s: a beat did not arrive: %s", claimed.id, error.sentence)
            return False

    def finish(self, claimed: Claimed, outcome: Outcome) -> None:
        """See the protocol; said until it is heard. An outcome that the hub does not take fails the
        task for good, with the reason."""
        try:
            self._insist_about(claimed, "finish", wire.outcome_out(outcome))
        except (BadInput, TooLarge) as refusal:
            self.fail(claimed, f"The hub did not take the outcome: {refusal.sentence}", True)

    def fail(self, claimed: Claimed, error: str, permanent: bool) -> None:
        """See the protocol; said until it is heard."""
        body = {"error": error[: wire.LONGEST_REASON], "permanent": permanent}
        self._insist_about(claimed, "fail", body)

    def release(self, claimed: Claimed) -> None:
        """See the protocol; said until it is heard, or for a moment by a worker that stops."""
        self._insist_about(claimed, "release", {})

    def found(self, claimed: Claimed, items: Sequence[str], size: int) -> None:
        """See the protocol; said until it is heard, with a number so that it is kept once."""
        key = (claimed.id, claimed.attempt)
        number = self._numbers[key] = self._numbers.get(key, 0) + 1
        body = {"items": list(items), "size": size, "number": number}
        self._insist_about(claimed, "found", body)

    def token(self, claimed: Claimed) -> str:
        """See the protocol. Unavailable when the hub stays away for long."""
        deadline = time.monotonic() + TOKEN_PATIENCE
        ask: Callable[[], Any] = lambda: self._about(claimed, "token", {})  # noqa: E731
        return str(self._until(deadline, ask)["token"])

    def present(self, facts: WorkerFacts) -> None:
        """See the protocol. Unavailable while the hub cannot be reached."""
        self._ask("present", wire.facts_out(facts))

    def ask(self, sites: Sequence[str], wait: float) -> list[Asked]:
        """See the protocol. Unavailable while the hub cannot be reached."""
        wait = min(wait, LONGEST_WAIT)
        told = self._ask("ask", {"sites": list(sites), "wait": wait}, patience=wait + TIMEOUT)
        return [wire.asked_in(each) for each in told["questions"]]

    def answer(
        self, asked: Asked, answer: Mapping[str, Any] | None, error: LaganError | None
    ) -> None:
        """See the protocol; tried for as long as somebody may wait."""
        refusal = {"code": error.code, "sentence": error.sentence} if error else None
        told = {"id": asked.id, "answer": None if error else dict(answer or {}), "error": refusal}
        self._until(time.monotonic() + TIMEOUT, lambda: self._ask("answer", told))

    def leave(self) -> None:
        """See the protocol; connections are the process's, not the thread's."""

    def wait_for_work(self, sites: Sequence[str], timeout: float) -> bool:
        """Whether something is due at `sites` within `timeout` seconds; asked only after a claim
        that brought less than it might have, so that a busy worker does not ask for ever."""
        if not self._hungry.wait(timeout):
            return False
        wait = min(timeout, LONGEST_WAIT)
        told = self._ask(
            "claim", {"sites": list(sites), "worker": "", "count": 0, "wait": wait},
            patience=wait + TIMEOUT,
        )  # fmt: skip
        if told["due"]:
            self._hungry.clear()
        return bool(told["due"])

    def _insist_about(self, claimed: Claimed, verb: str, body: Mapping[str, Any]) -> None:
        """Tell the end, or a part, of a task until it is heard."""
        try:
            self._until(float("inf"), lambda: self._about(claimed, verb, body))
        finally:
            if verb != "found":
                self._numbers.pop((claimed.id, claimed.attempt), None)

    def _insist(self, verb: str, body: Mapping[str, Any]) -> Any:
        return self._until(float("inf"), lambda: self._ask(verb, body))

    def _until(self, deadline: float, act: Callable[[], Any]) -> Any:
        """`act` until it is heard. What it refused is raised when that will not pass, when the
        deadline has passed, or a moment after the worker was told to stop."""
        attempt = 0
        while True:
            try:
                return act()
            except LaganError as error:
                stopping = self._stop.is_set() and attempt > 2
                if stopping or not _may_pass(error, attempt) or time.monotonic() > deadline:
                    raise
                log.warning("trying again: %s", error.sentence)
                wait = min(LONGEST_PAUSE, pause(min(attempt, 9), error.facts.get("retry_after")))
                self._stop.wait(wait) if not self._stop.is_set() else time.sleep(min(wait, 1.0))
                attempt += 1

    def _about(self, claimed: Claimed, verb: str, body: Mapping[str, Any]) -> Any:
        """A call that is fenced by the attempt. A task that is not there any more is lost too."""
        try:
            return self._ask(verb, {"id": claimed.id, "attempt": claimed.attempt, **body})
        except NotFound as error:
            raise LeaseLost(error.sentence, task=claimed.id) from None

    def _ask(
        self,
        verb: str,
        body: Mapping[str, Any],
        patience: float | None = None,
        quick: bool = False,
    ) -> Any:
        data = wire.as_bytes(body)
        headers = {"Content-Type": "application/json"}
        if len(data) >= _GZIP_FROM:
            data, headers["Content-Encoding"] = gzip.compress(data, 1), "gzip"
        try:
            answer = self._connection(quick).request(
                "POST", f"{wire.ROOT}{verb}", body=data, headers=headers, patience=patience
            )
            return answer.json()
        except LaganError as error:
            raise _as_said(error) from None

    def _connection(self, quick: bool = False) -> Http:
        if self._pid != os.getpid():  # a socket that a parent opened is the parent's
            self._pid = os.getpid()
            self._http, self._beats = self._connect(TIMEOUT), self._connect(self._breath)
        return self._beats if quick else self._http

    def _connect(self, timeout: float) -> Http:
        return Http(
            self._base,
            authorization=lambda: f"{wire.SCHEME} {self._key}",
            timeout=timeout,
            retries=0,
            connections=32,
            tls=self._tls,
        )


class RemoteWaker:
    """`lagan.worker.embedded.Waker`: the hub says when something is due at the sites."""

    def __init__(self, ledger: RemoteLedger, sites: Sequence[str]) -> None:
        self._ledger, self._sites = ledger, sites

    def wait(self, timeout: float) -> bool:
        """See the protocol."""
        return self._ledger.wait_for_work(self._sites, timeout)


def _may_pass(error: LaganError, attempt: int) -> bool:
    """Whether the same words may be heard later: a hub that is away or short of something comes
    back, a fault of its own may be gone at a second look."""
    if error.status == LaganError.status:
        return attempt < FAULTS
    return not error.permanent and not isinstance(error, SiteFull)


def _as_said(error: LaganError) -> LaganError:
    """The engine's own refusals by their names; they are no part of the shared ones."""
    kind = {LeaseLost.code: LeaseLost, SiteFull.code: SiteFull}.get(error.facts.get("problem", ""))
    return kind(error.sentence) if kind else error
