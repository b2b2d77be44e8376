"""Schedules over HTTP: made, listed, changed, run, removed, by whoever owns them."""

from __future__ import annotations

from typing import Any

import pytest

from lagan.hub.jobs.models import Job, Schedule
from lagan.hub.jobs.workflows.services import ensure_defaults
from tests.hub.jobs.api.asking import Town

pytestmark = pytest.mark.django_db
NIGHTLY: dict[str, Any] = {
    "title": "Nightly",
    "every": "30 2 * * *",
    "workflow": "migrate",
    "site": "lab",
    "paths": ["/data/caf\udce9"],
    "filters": {"older_than": 30},
}


@pytest.fixture(autouse=True)
def _workflows(db: None) -> None:
    ensure_defaults()


def _add(town: Town, **changes: Any) -> dict[str, Any]:
    made = town.admin.ask("POST", "schedules/", {**NIGHTLY, **changes})
    assert made.status_code == 201, made.content
    answer: dict[str, Any] = made.json()
    return answer


def test_a_schedule_is_made_listed_changed_and_removed(town: Town) -> None:
    made = _add(town, colour="red")
    assert made["paths"] == NIGHTLY["paths"]
    assert (made["discovery"], made["fields"], made["owner"]) == ("recursive", {}, "admin")
    assert town.admin.get("schedules/") == {"results": [made], "next": None}
    place = f"schedules/{made['id']}/"
    changed = town.admin.ask("PATCH", place, {"enabled": False, "title": "Seldom"})
    assert (changed.status_code, changed.json()) == (
        200,
        {**made, "enabled": False, "title": "Seldom"},
    )
    assert town.admin.get(place) == changed.json()
    gone = town.admin.ask("DELETE", place)
    assert (gone.status_code, gone.content) == (204, b"")
    assert not Schedule.objects.exclude(run={}).exists()


def test_it_is_run_at_once(town: Town) -> None:
    made = _add(town)
    answer = town.admin.ask("POST", f"schedules/{made['id']}/run/", {})
    assert answer.status_code == 201
    assert Job.objects.get().pk == answer.json()["job"]
    again = town.admin.ask("POST", f"schedules/{made['id']}/run/", {})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/still-running")


def test_what_is_wrong_is_told_by_field(town: Town) -> None:
    refused = town.admin.ask("POST", "schedules/", {"every": "often", "enabled": 1})
    assert refused.status_code == 400
    assert {"title", "every", "enabled"} <= refused.json().keys()
    refused = town.admin.ask("POST", "schedules/", {**NIGHTLY, "workflow": None})
    assert refused.json()["workflow"] == ["There is no workflow called None."]
    assert not Job.objects.exists()


def test_others_find_none(town: Town) -> None:
    made = _add(town)
    place = f"schedules/{made['id']}/"
    assert town.stranger.get("schedules/")["results"] == []
    for method, where in (
        ("GET", place),
        ("PATCH", place),
        ("DELETE", place),
        ("POST", f"{place}run/"),
    ):
        assert town.stranger.ask(method, where, {}).status_code == 404
    assert Schedule.objects.filter(pk=made["id"]).exists()
