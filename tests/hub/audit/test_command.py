"""`lagan audit`: what it prints, and the exit status of a broken record."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from django.db import connection

from lagan.cli.audit import audit
from lagan.hub.audit import guard, queries
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.models import Event
from lagan.hub.audit.services import record
from lagan.hub.base.actors import SYSTEM
from lagan.kit.errors import Conflict
from tests.hub.audit.sealing import seal_all

pytestmark = pytest.mark.usefixtures("transactional_db")


def run(*words: str) -> tuple[list[str], BaseException | None]:
    result = CliRunner().invoke(audit, words)
    return result.output.splitlines(), result.exception


def some_events() -> None:
    for number in range(3):
        record(kind=Kind.JOB_CREATED, by=SYSTEM, data={"n": number})
    seal_all()


def test_a_whole_record_is_confirmed() -> None:
    some_events()
    (line, anchors), error = run("verify")
    assert line.startswith("The record is whole: 3 events")
    assert anchors == "0 anchors on no volume were compared with it."
    assert error is None
    (line,), _ = run("verify", "--json")
    told = json.loads(line)
    assert told.pop("anchors")["disagreement"] is None
    assert told == {
        "whole": True,
        "events": 3,
        "head": queries.head()[1],
        "break": None,
    }


def test_a_broken_record_is_a_refusal() -> None:
    some_events()
    with guard.lifted(connection):
        event = Event.objects.get(sequence=2)
        Event.objects.filter(id=event.id).update(actor="eve")
    (line,), error = run("verify", "--json")
    assert json.loads(line)["break"] == {"harm": "altered", "sequence": 2, "event": event.id}
    assert isinstance(error, Conflict)
    assert "event 2 was altered" in str(error)


def test_the_export_ends_with_the_head_that_vouches_for_it() -> None:
    some_events()
    lines, _ = run("export", "--json")
    about, *events, end = map(json.loads, lines)
    assert (about["whole"], about["after"]) == (True, 0)
    assert [each["data"]["n"] for each in events] == [0, 1, 2]
    assert (end["head"], end["hash"]) == (3, events[-1]["hash"])
    text, _ = run("export")
    assert [line.split()[3] for line in text[:-1]] == ["job.created"] * 3
