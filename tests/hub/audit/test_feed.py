"""Reactions see every event of their kinds, in order, until they have dealt with it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import pytest
from django.db import connection, connections, transaction

from lagan.hub.audit import feed
from lagan.hub.audit.feed import Reaction, register, run_reactions
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.rules import EventRow
from lagan.hub.audit.services import record, seal
from lagan.hub.base.actors import SYSTEM
from tests.hub.audit.sealing import seal_all

pytestmark = pytest.mark.usefixtures("transactional_db")


class Witness:
    """Remembers what it was given; fails as often as it is told to."""

    def __init__(self, name: str, kinds: set[str], failures: int = 0) -> None:
        self.seen: list[int] = []
        self.failures = failures
        register(Reaction(name, frozenset(kinds), self.act))

    def act(self, events: Sequence[EventRow]) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not now")
        self.seen += [event.data["n"] for event in events]


@pytest.fixture(autouse=True)
def _no_other_reactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "_reactions", {})


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.ERROR, "lagan.audit"):
        yield caplog


def store(*numbers: int, kind: Kind = Kind.FILES_STORED) -> None:
    for number in numbers:
        record(kind=kind, by=SYSTEM, data={"n": number})


def test_events_come_in_order_and_once_when_all_goes_well() -> None:
    witness = Witness("w", {Kind.FILES_STORED})
    store(1, 2)
    store(99, kind=Kind.JOB_CREATED)
    store(3)
    seal_all()
    assert run_reactions(limit=2) == 2
    assert run_reactions(limit=2) == 1
    assert run_reactions() == 0
    assert witness.seen == [1, 2, 3]


def test_what_is_not_sealed_is_not_seen() -> None:
    witness = Witness("w", {Kind.FILES_STORED})
    store(1)
    assert run_reactions() == 0
    seal_all()
    run_reactions()
    assert witness.seen == [1]


def test_a_failing_reaction_is_tried_again_and_stops_no_other(
    quiet: pytest.LogCaptureFixture,
) -> None:
    failing = Witness("a", {Kind.FILES_STORED}, failures=1)
    steady = Witness("b", {Kind.FILES_STORED})
    store(1, 2)
    seal_all()
    assert run_reactions() == 2
    assert (failing.seen, steady.seen) == ([], [1, 2])
    assert "reaction a failed" in quiet.text
    store(3)
    seal_all()
    run_reactions()
    assert (failing.seen, steady.seen) == ([1, 2, 3], [1, 2, 3])


def test_two_reactions_of_one_name_are_refused() -> None:
    Witness("w", {Kind.FILES_STORED})
    with pytest.raises(ValueError, match="named w"):
        Witness("w", {Kind.FILES_STORED})


def test_an_open_transaction_holds_back_what_is_younger() -> None:
    """On PostgreSQL a cause that is still uncommitted must not be sealed after its effects."""
    if connection.vendor == "sqlite":
        # Writers come one by one here: no event is ever older than one that is to be seen.
        with transaction.atomic():
            store(1)
        assert seal_all() == 1
        return
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
        store(1)
        assert seal() == 0
        other.rollback()
        assert seal_all() == 1
    finally:
        other.close()
