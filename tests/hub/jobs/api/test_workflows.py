"""Workflows and file status types over HTTP: the definitions of the workflow hub's documentation,
taken as they are printed."""

from __future__ import annotations

from typing import Any

import pytest

from lagan.hub.jobs.workflows.services import ensure_defaults
from tests.hub.jobs.api.asking import Town

pytestmark = pytest.mark.django_db

STEPS = [
    {"name": "dynamo.tasks.migrate"},
    {"name": "dynamo.tasks.recall", "site": "&target_site"},
]
FIELDS = [
    {"name": "target_site", "label": "Site to migrate to", "type": "enum[site]"},
    {"name": "delete", "label": "Delete from source", "type": "bool"},
]
WORKFLOW = {
    "name": "send_to",
    "label": "Send to a site",
    "icon": '<i class="fa fa-rocket"></i>',
    "steps": STEPS,
    "fields": FIELDS,
}


@pytest.fixture(autouse=True)
def _defaults(town: Town) -> None:
    ensure_defaults()


def test_a_workflow_is_made_listed_changed_and_removed(town: Town) -> None:
    made = town.admin.ask("POST", "workflows/", {**WORKFLOW, "colour": "red"})
    assert made.status_code == 201, made.content
    shown = made.json()
    assert shown == {"id": shown["id"], **WORKFLOW}
    here = f"workflows/{shown['id']}/"
    assert town.owner.get(here) == shown
    listed = town.owner.get("workflows/")
    names = [each["name"] for each in listed["results"]]
    assert names == ["migrate", "premigrate", "recall", "send", "delete", "send_to"]
    assert listed["count"] == 6
    changed = town.admin.ask("PATCH", here, {"label": "Elsewhere", "id": 9, "icon": None})
    assert changed.json() == {**shown, "label": "Elsewhere"}
    gone = town.admin.ask("DELETE", here)
    assert (gone.status_code, gone.content) == (204, b"")
    assert town.owner.ask("GET", here).status_code == 404


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"name": "with spaces"}, "name"),
        ({"name": None}, "name"),
        ({"name": "migrate"}, "name"),
        ({"label": 5}, "label"),
        ({"steps": None}, "steps"),
        ({"steps": "migrate"}, "steps"),
        ({"steps": [{"name": "dynamo.tasks.unknown"}]}, "steps"),
        ({"steps": [{"name": "dynamo.tasks.recall", "site": "&other"}]}, "steps"),
        ({"fields": [{"name": "x", "label": "X", "type": "enum[planet]"}]}, "fields"),
    ],
)
def test_what_is_wrong_is_told_by_field(town: Town, changes: dict[str, Any], wrong: str) -> None:
    before = town.admin.get("workflows/")["count"]
    refused = town.admin.ask("POST", "workflows/", {**WORKFLOW, **changes})
    assert refused.status_code == 400
    assert refused.json()[wrong]
    assert town.admin.get("workflows/")["count"] == before


def test_a_lone_surrogate_and_what_is_no_json_are_refused(town: Town) -> None:
    for body in ({**WORKFLOW, "label": "\udcff"}, [WORKFLOW], "x"):
        assert town.admin.ask("POST", "workflows/", body).status_code == 400


def test_workflows_are_an_administrators(town: Town) -> None:
    recall = town.owner.get("workflows/")["results"][2]["id"]
    assert town.boss.ask("POST", "workflows/", WORKFLOW).status_code == 403
    assert town.boss.ask("PATCH", f"workflows/{recall}/", {"label": "x"}).status_code == 403
    assert town.boss.ask("DELETE", f"workflows/{recall}/").status_code == 403
    assert town.boss.ask("POST", "workflows/restore/recall/").status_code == 403
    assert town.admin.ask("DELETE", f"workflows/{recall}/", key=True).status_code == 204
    assert town.admin.ask("POST", "workflows/restore/recall/").json()["id"] == recall
    assert town.admin.ask("POST", "workflows/restore/other/").status_code == 404


def test_status_types_are_listed_shown_and_changed(town: Town) -> None:
    page = town.owner.get("filestatustypes/")
    assert page["count"] == len(page["results"])
    first = page["results"][0]
    assert set(first) == {"background_color", "key", "label", "text_color", "url"}
    here = f"filestatustypes/{first['key']}/"
    assert first["url"] == f"http://testserver/api/{here}"
    assert town.owner.get(here) == first
    new = {"label": "Here", "background_color": "#000", "text_color": "#ffffff"}
    changed = town.admin.ask("PATCH", here, {**new, "key": "other"})
    assert (changed.status_code, changed.json()) == (200, {**first, **new})
    refused = town.admin.ask("PATCH", here, {"label": "", "text_color": "red"})
    assert refused.status_code == 400
    assert {"label", "text_color"} <= set(refused.json())
    assert town.owner.ask("PATCH", here, new).status_code == 403
    assert town.admin.ask("PATCH", "filestatustypes/none/", new).status_code == 404
