"""Events are added, sealed once and never changed; the database itself sees to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import Error, connection, transaction

from lagan.hub.audit import queries
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.models import Event
from lagan.hub.audit.services import record, seal
from lagan.hub.base.actors import SYSTEM, Actor
from tests.hub.audit.sealing import seal_all
from tests.services.hub import until

ADA = Actor(7, "ada", "jwt")


def note(number: int = 0) -> int:
    return record(kind=Kind.VOLUME_ADDED, by=ADA, subject=number, data={"n": number})


@pytest.mark.usefixtures("db")
def test_an_event_says_who_did_what_to_what() -> None:
    found = Event.objects.get(id=note(5))
    assert (found.kind, found.actor, found.actor_entity) == ("volume.added", "ada", 7)
    assert (found.subject, found.data, found.result) == (5, '{"n":5}', "done")
    assert found.sequence is None


@pytest.mark.usefixtures("db")
def test_an_act_that_fails_leaves_no_event() -> None:
    with transaction.atomic():
        note()
        transaction.set_rollback(True)
    assert not Event.objects.exists()


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("value", ["nul\x00", "\udcff broken", "ž", 1e300, None, ["x"], 2**80])
def test_any_value_is_kept_exactly(value: object) -> None:
    event = Event.objects.get(id=record(kind=Kind.FILES_STORED, by=SYSTEM, data={"v": value}))
    assert queries.as_row(event).data == {"v": value}


@pytest.mark.usefixtures("db")
def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="made.up"):
        record(kind="made.up", by=SYSTEM)  # type: ignore[arg-type]


@pytest.mark.usefixtures("transactional_db")
def test_sealing_numbers_without_gaps_in_order_of_ids() -> None:
    ids = [note(number) for number in range(5)]
    first = until(lambda: seal(limit=3))
    assert first <= 3
    assert first + seal_all() == len(ids)
    assert seal() == 0
    rows = Event.objects.order_by("sequence").values_list("sequence", "id")
    assert list(rows) == list(enumerate(ids, start=1))
    assert queries.verify() is None
    assert [row.data["n"] for row in queries.sealed_after(2, [Kind.VOLUME_ADDED], 2)] == [2, 3]


STATEMENTS = {
    "change an actor": "UPDATE audit_event SET actor = 'eve' WHERE id = %s",
    "change a sealed sequence": "UPDATE audit_event SET sequence = 99 WHERE id = %s",
    "remove": "DELETE FROM audit_event WHERE id = %s",
}


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_the_database_refuses_to(statement: str) -> None:
    event = note()
    seal_all()
    with pytest.raises(Error, match="audit events are never"), connection.cursor() as cursor:
        cursor.execute(statement, [event])
    assert queries.verify() is None


@pytest.mark.usefixtures("db")
def test_the_database_refuses_to_change_what_is_not_sealed_yet() -> None:
    event = note()
    with pytest.raises(Error, match="never changed"), transaction.atomic():
        Event.objects.filter(id=event).update(data="{}")
    with pytest.raises(Error, match="never removed"), transaction.atomic():
        Event.objects.filter(id=event).delete()
    assert Event.objects.get(id=event).data == '{"n":0}'


@pytest.mark.usefixtures("db")
def test_the_database_refuses_events_that_come_sealed() -> None:
    event: Any = Event.objects.get(id=note())
    event.id, event.sequence = None, 1
    with pytest.raises(Error, match="sealed later"), transaction.atomic():
        event.save(force_insert=True)
