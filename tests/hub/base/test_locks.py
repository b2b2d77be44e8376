"""One holder of a name in the whole cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection, connections

from lagan.hub.base import locks
from lagan.hub.base.locks import advisory

pytestmark = pytest.mark.usefixtures("transactional_db")


def elsewhere(act: Callable[[], bool]) -> bool:
    """What `act` gives in a thread of its own, with its own connection."""
    found: list[bool] = []

    def run() -> None:
        try:
            found.append(act())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


def taken(name: str) -> bool:
    with advisory(name) as held:
        return not held


def test_a_second_holder_is_told_so() -> None:
    with advisory("a") as held:
        assert held
        assert taken("a")
        assert elsewhere(lambda: taken("a"))
        assert not taken("b")
    assert not taken("a")


def test_another_process_is_kept_out_too() -> None:
    """What this process remembers is not what keeps others out: forget it."""
    with advisory("a") as held:
        assert held
        locks._held.discard("a")
        assert elsewhere(lambda: taken("a"))


def test_a_failure_lets_go() -> None:
    with pytest.raises(RuntimeError), advisory("a"):
        raise RuntimeError
    assert not taken("a")


def test_a_lost_connection_lets_go() -> None:
    with advisory("a") as held:
        assert held
        if connection.vendor == "postgresql":
            connection.close()
    assert not taken("a")


def test_on_sqlite_writers_wait_in_line() -> None:
    if connection.vendor == "postgresql":
        with locks.turn("a"):
            assert elsewhere(lambda: entered("a"))
        return
    inside, order = threading.Event(), []

    def second() -> None:
        inside.wait(60)
        with locks.turn("a"):
            order.append("second")
        connections.close_all()

    thread = threading.Thread(target=second)
    thread.start()
    with locks.turn("a"):
        inside.set()
        thread.join(0.2)
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]


def entered(name: str) -> bool:
    with locks.turn(name):
        return True


def test_a_connection_with_a_lock_in_it_is_not_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    monkeypatch.setattr(locks, "close_old_connections", lambda: given.append("back"))
    with locks.advisory("kept") as held:
        assert held
        locks.let_go()
        assert given == []
    locks.let_go()
    assert given == ["back"]
