"""Who waits is woken by what was committed, coroutine or thread, and misses nothing in between."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.bell import Bell
from lagan.hub.jobs.services import TaskSpec, create_job, ensure_site
from tests.looping import run

pytestmark = pytest.mark.django_db(transaction=True)

LONG = 60.0  # seconds that nobody waits


@pytest.fixture
def bell() -> Iterator[Bell]:
    made = Bell()
    yield made
    made.hush()


def _commit() -> None:
    create_job(kind="k", title="t", by=SYSTEM, tasks=[TaskSpec("s", "lab")])
    connections.close_all()


def _settled(bell: Bell) -> int:
    """Its count once what happened before was heard: that is a ring as soon as it listens."""
    bell.heard()
    assert bell.wait(LONG, 0)
    while bell.wait(0.3, bell.heard()):
        pass
    return bell.heard()


def test_coroutines_and_threads_are_woken_by_a_commit_and_hold_no_thread(bell: Bell) -> None:
    ensure_site(name="lab")
    heard, before = _settled(bell), threading.active_count()

    async def many() -> list[bool]:
        loop = asyncio.get_running_loop()
        waiting = [asyncio.ensure_future(bell.rung(LONG, heard)) for _ in range(200)]
        await asyncio.sleep(0)
        assert threading.active_count() < before + 20
        with ThreadPoolExecutor(1) as other:
            await loop.run_in_executor(other, _commit)
        return await asyncio.gather(*waiting)

    with ThreadPoolExecutor(1) as other:
        thread = other.submit(bell.wait, LONG, heard)
        assert run(many()) == [True] * 200
        assert thread.result(LONG) is True


def test_what_happened_between_the_look_and_the_wait_is_not_missed(bell: Bell) -> None:
    ensure_site(name="lab")
    heard = _settled(bell)
    with ThreadPoolExecutor(1) as other:
        other.submit(_commit).result()
    assert bell.wait(LONG, heard) is True
    assert run(bell.rung(LONG, heard)) is True


def test_nothing_is_heard_of_what_was_taken_back(bell: Bell) -> None:
    ensure_site(name="lab")
    heard = _settled(bell)
    with transaction.atomic():
        create_job(kind="k", title="t", by=SYSTEM, tasks=[TaskSpec("s", "lab")])
        transaction.set_rollback(True)
    assert bell.wait(0.1, heard) is False
    assert run(bell.rung(0.1, heard)) is False


def test_own_commits_are_rung_without_the_database(bell: Bell) -> None:
    heard = _settled(bell)
    bell.ring()
    assert bell.wait(0, heard) is True


def test_the_listener_ends_when_nobody_waits_and_comes_back() -> None:
    ensure_site(name="lab")
    bell = Bell(linger=0.0)
    bell.wait(0.05)
    _gone()
    heard = bell.heard()
    with ThreadPoolExecutor(1) as other:
        other.submit(_commit).result()
    assert bell.wait(LONG, heard) is True
    bell.hush()
    _gone()


def _gone() -> None:
    for each in threading.enumerate():
        if each.name == "bell":
            each.join(LONG)
            assert not each.is_alive()
