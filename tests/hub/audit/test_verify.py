"""Tampering behind the database's back is found and named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from lagan.hub.audit import guard, queries
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.models import Event
from lagan.hub.audit.rules import BEGINNING, Break, Harm, digest
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from tests.hub.audit.sealing import seal_all

SIZE = 6


@pytest.fixture
def unguarded(transactional_db: None) -> Iterator[None]:
    """Six sealed events, and no triggers while the test tampers."""
    for number in range(SIZE):
        record(kind=Kind.FILES_STORED, by=Actor(7, "ada", "jwt"), data={"n": number})
    assert seal_all() == SIZE
    assert queries.verify() is None
    with guard.lifted(connection):
        yield


def run(statement: str, *values: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))


def at(sequence: int) -> Event:
    return Event.objects.get(sequence=sequence)


@pytest.mark.parametrize("sequence", [1, 3, SIZE])
@pytest.mark.parametrize(
    "change",
    [
        "actor = 'eve'",
        "data = '{}'",
        "subject = 1",
        "result = 'refused'",
        "kind = 'file.healed'",
        "hash = 'x'",
        "actor_entity = NULL",
        "at = '2020-01-01 00:00:00+00:00'",
    ],
)
@pytest.mark.usefixtures("unguarded")
def test_an_altered_event_is_named(sequence: int, change: str) -> None:
    event = at(sequence).id
    run(f"UPDATE audit_event SET {change} WHERE id = %s", event)
    assert queries.verify() == Break(Harm.ALTERED, sequence, event)


@pytest.mark.parametrize("sequence", range(1, SIZE + 1))
@pytest.mark.usefixtures("unguarded")
def test_a_removed_event_is_missed(sequence: int) -> None:
    run("DELETE FROM audit_event WHERE sequence = %s", sequence)
    assert queries.verify() == Break(Harm.REMOVED, sequence, None)


@pytest.mark.usefixtures("unguarded")
def test_all_events_removed_are_missed() -> None:
    run("DELETE FROM audit_event")
    assert queries.verify() == Break(Harm.REMOVED, 1, None)


@pytest.mark.usefixtures("unguarded")
def test_a_removed_event_is_missed_when_the_rest_moves_up() -> None:
    run("DELETE FROM audit_event WHERE sequence = 3")
    for sequence in range(4, SIZE + 1):
        run("UPDATE audit_event SET sequence = %s WHERE sequence = %s", sequence - 1, sequence)
    assert queries.verify() == Break(Harm.REMOVED, 3, None)


@pytest.mark.parametrize("sequence", [1, 3, SIZE])
@pytest.mark.parametrize("forged", [True, False], ids=["with a right seal", "with a wrong seal"])
@pytest.mark.usefixtures("unguarded")
def test_an_inserted_event_is_named(sequence: int, forged: bool) -> None:
    for place in range(SIZE, sequence - 1, -1):
        run("UPDATE audit_event SET sequence = %s WHERE sequence = %s", place + 1, place)
    event = insert(sequence, forged)
    assert queries.verify() == Break(Harm.INSERTED, sequence, event)


@pytest.mark.usefixtures("unguarded")
def test_an_event_put_at_the_end_is_named() -> None:
    event = insert(SIZE + 1, forged=True)
    assert queries.verify() == Break(Harm.INSERTED, SIZE + 1, event)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (3, 4), (2, 5), (1, SIZE)])
@pytest.mark.usefixtures("unguarded")
def test_two_events_that_changed_places_are_named_at_the_first(one: int, other: int) -> None:
    moved = at(other).id
    for place, now in ((one, 99), (other, one), (99, other)):
        run("UPDATE audit_event SET sequence = %s WHERE sequence = %s", now, place)
    assert queries.verify() == Break(Harm.INSERTED, one, moved)


@pytest.mark.parametrize("last", range(SIZE))
@pytest.mark.usefixtures("unguarded")
def test_a_tail_cut_off_is_missed(last: int) -> None:
    run("DELETE FROM audit_event WHERE sequence > %s", last)
    assert queries.verify() == Break(Harm.REMOVED, last + 1, None)


@pytest.mark.usefixtures("transactional_db")
def test_a_record_that_grows_while_it_is_read_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    harm, grown = queries._harm, [0]

    def note() -> None:
        record(kind=Kind.FILES_STORED, by=Actor(7, "ada", "jwt"), data={"n": 1})
        seal_all()

    def slow(*given: Any) -> Break | None:
        if len(grown) <= SIZE:
            grown.append(1)
            note()
        return harm(*given)

    note()
    monkeypatch.setattr(queries, "_harm", slow)
    assert queries.verify() is None
    assert queries.head()[0] > SIZE


@pytest.mark.usefixtures("unguarded")
def test_a_removed_head_is_missed() -> None:
    run("DELETE FROM audit_head")
    assert queries.verify() == Break(Harm.REMOVED, SIZE + 1, None)


def insert(sequence: int, forged: bool) -> int:
    """A new event at that place, whose seal follows on what stands before it."""
    previous = at(sequence - 1).hash if sequence > 1 else BEGINNING
    event = at(sequence - 1 or 2)
    event.pk, event.actor, event.sequence, event.previous_hash = None, "eve", sequence, previous
    event.hash = None
    event.save(force_insert=True)
    seal_text = digest(previous or "", queries.as_row(event)) if forged else "0" * 64
    Event.objects.filter(id=event.id).update(hash=seal_text)
    return event.id
