"""A stream says what changed, to whoever may know it, and holds nothing while nothing does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, MutableMapping
from typing import Any

import pytest

from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.base.raw import Exchange
from lagan.hub.jobs import bell, marks
from lagan.hub.jobs.marks import Mark
from lagan.hub.web import live
from lagan.kit.errors import NotFound, Unavailable
from tests.looping import run


class Page:
    """A browser at the other end: what it was sent, and its going away."""

    def __init__(self) -> None:
        self.sent: list[MutableMapping[str, Any]] = []
        self.left = asyncio.Event()
        self.heard = asyncio.Event()
        scope = {"method": "GET", "path": "/live/jobs/", "headers": [], "query_string": b""}
        self.exchange = Exchange(scope, self._receive, self._send)

    async def _receive(self) -> MutableMapping[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self.sent.append(message)
        self.heard.set()

    async def events(self, count: int) -> list[str]:
        """The first `count` events, as soon as they are there."""
        while len(found := self._events()) < count:
            self.heard.clear()
            await self.heard.wait()
        return found

    def _events(self) -> list[str]:
        text = b"".join(each.get("body", b"") for each in self.sent).decode()
        return [each for each in text.split("\n\n") if each.startswith("event: ")]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No database: who asks is known, and the bell rings at once."""

    async def rung(_timeout: float) -> bool:
        await asyncio.sleep(0)
        return True

    async def in_thread(act: Callable[..., Any], *args: Any) -> Any:
        return act(*args)

    monkeypatch.setattr(live, "asker", lambda _exchange: SYSTEM)
    monkeypatch.setattr(live, "in_thread", in_thread)
    monkeypatch.setattr(bell, "rung", rung)
    monkeypatch.setattr(live, "SETTLE", 0.001)


def _run(scene: Coroutine[Any, Any, None]) -> None:
    run(asyncio.wait_for(scene, 60))


def test_a_page_hears_first_what_is_and_then_each_change_once() -> None:
    state = [1]

    def mark(_actor: Actor) -> Mark:
        return (state[0],)

    async def scene() -> None:
        page = Page()
        stream = asyncio.ensure_future(live.stream(page.exchange, mark))
        assert await page.events(1) == [f"event: here\ndata: {marks.digest((1,))}"]
        state[0] = 2
        found = await page.events(2)
        assert found[1] == f"event: changed\ndata: {marks.digest((2,))}"
        page.left.set()
        await stream
        assert len(await page.events(2)) == 2
        start = page.sent[0]
        assert start["status"] == 200
        assert (b"content-type", b"text/event-stream; charset=utf-8") in start["headers"]

    _run(scene())
    assert live._streams == set()


def test_a_stream_ends_by_itself_so_that_the_session_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "LIFE", 0.01)

    async def scene() -> None:
        page = Page()
        await live.stream(page.exchange, lambda _actor: ("still",))
        assert page.sent[-1]["more_body"] is False

    _run(scene())


def test_what_one_may_not_see_is_refused_before_anything_is_sent() -> None:
    def hidden(_actor: Actor) -> Mark:
        raise NotFound("There is no job 7.")

    async def scene() -> None:
        page = Page()
        with pytest.raises(NotFound):
            await live.stream(page.exchange, hidden)
        assert page.sent == []

    _run(scene())


def test_too_many_watchers_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST", 0)

    async def scene() -> None:
        with pytest.raises(Unavailable):
            await live.stream(Page().exchange, lambda _actor: ())

    _run(scene())


def test_only_its_own_addresses_are_taken() -> None:
    assert live.route("GET", "/live/jobs/") is not None
    assert live.route("GET", "/live/jobs/7/") is not None
    assert live.route("GET", "/live/sites/") is not None
    assert live.route("POST", "/live/jobs/") is None
    assert live.route("GET", "/live/jobs/x/") is None
    assert live.route("GET", "/live/") is None
