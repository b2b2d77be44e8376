"""The hub as a site's worker asks it about the objects that it keeps in the archive: what several
threads ask at the same time goes in one request."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from lagan.kit.digests import Buffer
from lagan.kit.errors import Conflict, Locked, Unavailable
from lagan.kit.http import Answer, Http, Tls, pause, refusal
from lagan.worker.archive_wire import (
    MOST_PROVED,
    MOST_WORDS,
    ROOT,
    Announced,
    announcement,
    joined,
)

TIMEOUT = 15.0
"""Seconds for a connection, and between two bytes of an answer."""
PATIENCE = 300.0
"""Seconds for an answer that comes when the hub's disks have done their part."""
TRIES = 6
"""Times that something is said which does no harm when it is said twice: some seconds in all."""
T = TypeVar("T")
_ONCE = frozenset({"append", "begin"})


@dataclass(frozen=True, slots=True)
class Where:
    """Whose objects: a target of the archive, and the site that asks; `credentials` are asked for
    before every request."""

    hub_url: str
    target: str
    site: str
    credentials: Callable[[], str]
    tls: Tls | None = None


class _Word:
    """Something that a thread says: it waits until this is answered, or until it is to say what
    waits, its own word among it."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self.said = said
        self.answer: Future[Mapping[str, Any]] = Future()
        self._woken = threading.Event()

    def leads(self) -> bool:
        """Wait; whether the word is not answered yet, and is this thread's to say."""
        self._woken.wait()
        return not self.answer.done()

    def lead(self) -> None:
        self._woken.set()

    def settle(self, answer: Mapping[str, Any] | BaseException) -> None:
        if isinstance(answer, BaseException):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)
        self._woken.set()


class ArchiveHub:
    """One target of the archive. Any thread may ask."""

    def __init__(self, where: Where) -> None:
        self.where = where
        self._http = self.connection(32)
        self._waiting: deque[_Word] = deque()
        self._lock, self._busy = threading.Lock(), False

    def connection(self, connections: int = 1) -> Http:
        """A pool of its own: with one connection all requests come to one process of the hub, which
        remembers what it knows of an upload."""
        return Http(
            self.where.hub_url.rstrip("/").removesuffix("/api"),
            authorization=self.where.credentials,
            timeout=TIMEOUT,
            retries=0,
            connections=connections,
            tls=self.where.tls,
        )

    def say(self, word: str, **given: Any) -> Mapping[str, Any]:
        """The answer to one word, or its refusal raised. Words of threads that wait meanwhile go
        together in the next request."""
        mine = _Word({"word": word, **given})
        with self._lock:
            self._waiting.append(mine)
            leads, self._busy = not self._busy, True
        if leads or mine.leads():
            self._say_waiting()
        return mine.answer.result()

    def say_all(self, words: Sequence[Mapping[str, Any]]) -> None:
        """Words that ask for nothing, in as few requests as they fit; the first refusal is
        raised."""
        some = [_Word(each) for each in words]
        for start in range(0, len(some), MOST_WORDS):
            self._answer(some[start : start + MOST_WORDS])
        for each in some:
            each.answer.result()

    def publish(self, items: Sequence[Announced], data: Sequence[Buffer], http: Http) -> None:
        """Have all of the objects under their names, or none. Said again when the answer is lost:
        the hub knows what was done already."""
        head = announcement(items)
        length = len(head) + sum(memoryview(each).nbytes for each in data)

        def once() -> None:
            body, headers = joined(head, data), {"Content-Type": "application/octet-stream"}
            answer = http.request(
                "POST", f"{ROOT}publish", query=self._about(), body=body, length=length,
                headers=headers, patience=PATIENCE,
            )  # fmt: skip
            answer.close()

        _until_heard(once)

    def send(self, key: str, writer: str, offset: int, data: bytes, http: Http) -> None:
        """The next bytes of an upload; after an interruption from where the hub stands."""
        sent = 0

        def once() -> None:
            nonlocal sent
            about = {**self._about(), "key": key, "writer": writer, "offset": offset + sent}
            try:
                headers = {"Content-Type": "application/octet-stream"}
                answer = http.request(
                    "PUT", f"{ROOT}bytes", query=about, body=data[sent:], headers=headers,
                    patience=PATIENCE,
                )  # fmt: skip
                answer.close()
            except Conflict as error:
                stands = error.facts.get("offset")
                if not isinstance(stands, int) or not 0 <= stands - offset <= len(data):
                    raise
                sent = stands - offset
                if sent < len(data):
                    raise Unavailable(error.sentence) from None

        _until_heard(once)

    def content(self, name: str, offset: int, length: int | None) -> Answer:
        """An object's bytes, as they come. NotFound."""
        about = {**self._about(), "name": name, "offset": offset}
        if length is not None:
            about["length"] = length
        return _until_heard(
            lambda: self._http.request("GET", f"{ROOT}content", query=about, patience=PATIENCE)
        )

    def names(self, prefix: str) -> Iterator[tuple[str, int, float]]:
        """Names, bytes and times of all objects whose names begin so."""
        after = ""
        while True:
            about = {**self._about(), "prefix": prefix, "after": after}
            page = _until_heard(
                lambda: self._http.request("GET", f"{ROOT}list", query=about).json()  # noqa: B023
            )["objects"]
            if not page:
                return
            yield from ((name, size, modified) for name, size, modified in page)
            after = page[-1][0]

    def prove(self, names: Sequence[str]) -> dict[str, str | None]:
        """The SHA-256 of each object as the hub has just read it; None for one that is not
        there."""
        found: dict[str, str | None] = {}
        for start in range(0, len(names), MOST_PROVED):
            some = list(names[start : start + MOST_PROVED])
            found.update(_until_heard(lambda: self._proved(some)))  # noqa: B023
        return found

    def _proved(self, names: Sequence[str]) -> dict[str, str | None]:
        answer = self._http.request(
            "POST", f"{ROOT}prove", query=self._about(), json={"names": names}, packed=True
        )
        with answer:
            told = dict(answer.lines())
        if told.keys() != set(names):
            raise Unavailable("The answer of the hub ended too early.")
        return told

    def _say_waiting(self) -> None:
        """Say what waits; whoever waits for the next request then leads that one."""
        with self._lock:
            count = min(len(self._waiting), MOST_WORDS)
            some = [self._waiting.popleft() for _ in range(count)]
        try:
            self._answer(some)
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._busy = following is not None
            if following is not None:
                following.lead()

    def _answer(self, some: Sequence[_Word]) -> None:
        words = [each.said for each in some]
        once = any(word["word"] in _ONCE for word in words)
        try:
            told = _until_heard(lambda: self._say(words), once=once)
        except BaseException as error:
            for each in some:
                each.settle(error)
            return
        for each, answer in zip(some, told, strict=True):
            if (document := answer.get("error")) is None:
                each.settle(answer)
            else:
                each.settle(refusal(int(document["status"]), document, "The hub"))

    def _say(self, words: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        given = {"words": words}
        answer = self._http.request(
            "POST", f"{ROOT}words", query=self._about(), json=given, packed=len(words) > 4,
            patience=PATIENCE,
        )  # fmt: skip
        told = answer.json()["answers"]
        if len(told) != len(words):
            raise Unavailable("The answer of the hub ended too early.")
        return list(told)

    def _about(self) -> dict[str, Any]:
        about = {"target": self.where.target}
        return {**about, "site": self.where.site} if self.where.site else about


def _until_heard(act: Callable[[], T], once: bool = False) -> T:
    """`act`, again while what it met may pass by itself."""
    tries = 1 if once else TRIES
    for attempt in range(tries):
        try:
            return act()
        except (Unavailable, Locked) as error:
            lost = error.facts.get("problem") == "another-writer"
            if lost or attempt == tries - 1:
                raise
            time.sleep(pause(attempt, error.facts.get("retry_after")))
    raise AssertionError("the loop ends by return or raise")
