"""How a worker and the hub put the ledger's words into JSON: the same module on both sides.

Names that are no UTF-8 are surrogate-escaped text, and stay so: JSON has them as `\\udcXX`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lagan.kit.errors import BadInput
from lagan.worker.ledger import Asked, Claimed, ItemFailure, Outcome, Progress, WorkerFacts

ROOT = "/api/work/"
SCHEME = "Site-Key"
MOST_COUNT, MOST_BYTES = (1 << 31) - 1, (1 << 63) - 1
"""What the hub's columns hold."""
MOST_TASKS = 100
"""Tasks that one claim brings."""
LONGEST_NAME = 200
LONGEST_REASON = 10_000
"""Characters of a name (a site, a worker, a verb) and of an error."""


class Fields:
    """A JSON object that somebody sent; every reader refuses by name what does not fit."""

    def __init__(self, value: object) -> None:
        if not isinstance(value, dict):
            raise BadInput("A JSON object is expected.")
        self._given: dict[str, Any] = value

    def whole(self) -> dict[str, Any]:
        """All of it, unread."""
        return self._given

    def has(self, name: str) -> bool:
        """Whether something was given under this name."""
        return self._given.get(name) is not None

    def text(self, name: str, most: int = LONGEST_NAME, default: str | None = None) -> str:
        """A text of at most `most` characters; with a `default` it may be missing."""
        value = self._given.get(name, default)
        if not isinstance(value, str) or len(value) > most:
            raise _odd(name, f"a text of at most {most} characters")
        return value

    def number(self, name: str, most: int = MOST_COUNT, default: int | None = None) -> int:
        """A whole number from 0 to `most`."""
        value = self._given.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            raise _odd(name, f"a whole number from 0 to {most}")
        return value

    def seconds(self, name: str, most: float, default: float) -> float:
        """A number from 0 to `most`; what is more counts as `most`."""
        value = self._given.get(name, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not value >= 0:
            raise _odd(name, "a number of seconds")
        return min(float(value), most)

    def flag(self, name: str) -> bool:
        """True or False; False when it is missing."""
        value = self._given.get(name, False)
        if not isinstance(value, bool):
            raise _odd(name, "true or false")
        return value

    def texts(self, name: str) -> list[str]:
        """A list of texts; empty when it is missing."""
        value = self._given.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise _odd(name, "a list of texts")
        return value

    def mapping(self, name: str) -> dict[str, Any]:
        """A JSON object; empty when it is missing."""
        value = self._given.get(name, {})
        if not isinstance(value, dict):
            raise _odd(name, "an object")
        return value

    def list(self, name: str) -> Sequence[Any]:
        """A list of anything; empty when it is missing."""
        value = self._given.get(name, [])
        if not isinstance(value, list):
            raise _odd(name, "a list")
        return value


def as_bytes(value: Any) -> bytes:
    """JSON as it is sent: ASCII, so that any name survives."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def claimed_out(claimed: Claimed) -> dict[str, Any]:
    """A task for the worker that holds it."""
    return {**asdict(claimed), "args": dict(claimed.args), "items": list(claimed.items)}


def claimed_in(document: Mapping[str, Any]) -> Claimed:
    """What `claimed_out` told."""
    given = Fields(document)
    return Claimed(
        id=given.number("id", MOST_BYTES),
        job=given.number("job", MOST_BYTES),
        step=given.text("step"),
        site=given.text("site"),
        attempt=given.number("attempt"),
        args=given.mapping("args"),
        items=given.texts("items"),
    )


def asked_out(asked: Asked) -> dict[str, Any]:
    """A question for the worker that is to answer it."""
    return {"id": asked.id, "site": asked.site, "verb": asked.verb, "args": dict(asked.args)}


def asked_in(document: Mapping[str, Any]) -> Asked:
    """What `asked_out` told."""
    given = Fields(document)
    return Asked(
        given.number("id", MOST_BYTES), given.text("site"), given.text("verb"),
        given.mapping("args"),
    )  # fmt: skip


def outcome_out(outcome: Outcome) -> dict[str, Any]:
    """What became of a task; failures as lists, since there may be as many as items."""
    failures = [[each.item, each.category, each.reason] for each in outcome.failures]
    walks = [list(walk) for walk in outcome.walks]
    return {
        "done": outcome.done,
        "skipped": outcome.skipped,
        "failed": outcome.failed,
        "failures": failures,
        "result": dict(outcome.result),
        "bytes": outcome.bytes,
        "cancelled": outcome.cancelled,
        "walks": walks,
    }


def outcome_in(given: Fields) -> Outcome:
    """What `outcome_out` told. BadInput names what does not fit."""
    return Outcome(
        done=given.number("done", default=0),
        skipped=given.number("skipped", default=0),
        failed=given.number("failed", default=0),
        failures=[_failure(each) for each in given.list("failures")],
        result=given.mapping("result"),
        bytes=given.number("bytes", MOST_BYTES, 0),
        cancelled=given.flag("cancelled"),
        walks=tuple(_texts(each) for each in given.list("walks")),
    )


def progress_in(given: Fields) -> Progress:
    """How far an attempt is."""
    return Progress(given.number("done", default=0), given.number("bytes", MOST_BYTES, 0))


def facts_out(facts: WorkerFacts) -> dict[str, Any]:
    """What a worker tells of itself."""
    return {**asdict(facts), "sites": list(facts.sites), "roots": list(facts.roots)}


def facts_in(given: Fields, sites: Sequence[str]) -> WorkerFacts:
    """What `facts_out` told, of a worker that serves `sites`."""
    return WorkerFacts(
        name=given.text("name"),
        sites=sites,
        host=given.text("host", default=""),
        version=given.text("version", default=""),
        transport=given.text("transport", default=""),
        threads=given.number("threads", 100_000, 0),
        running=given.number("running", 100_000, 0),
        load=given.seconds("load", 100_000.0, 0.0),
        roots=given.texts("roots")[:100],
        filesystems=[_filesystem(Fields(each)) for each in given.list("filesystems")[:100]],
    )


def _filesystem(given: Fields) -> dict[str, Any]:
    return {
        "path": given.text("path", LONGEST_REASON),
        "used": given.number("used", MOST_BYTES),
        "free": given.number("free", MOST_BYTES),
        "percent": given.seconds("percent", 100.0, 0.0),
        "keeps_read_times": given.flag("keeps_read_times"),
    }


def _failure(value: object) -> ItemFailure:
    words = _texts(value)
    if len(words) != 3:
        raise _odd("failures", "a list of [item, category, reason]")
    return ItemFailure(*words)


def _texts(value: object) -> list[str]:
    return Fields({"list": value}).texts("list")


def _odd(name: str, expected: str) -> BadInput:
    return BadInput(f"{name} must be {expected}.", field=name)
