"""The browser's pages: who sees which sites, and what is picked is run after a confirmation."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import Client

from lagan.hub.accounts.queries import find_user
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.jobs import queries
from lagan.hub.jobs.browsing import read
from lagan.hub.tree import services as tree
from lagan.hub.web import browsing
from lagan.kit.errors import BadInput
from lagan.worker.place import Place, serving
from lagan.worker.site.folders import folder
from tests.browser.population import Population

Clients = Callable[[str], Client]
PART = {"HX-Request": "true"}
PICKED = ["folder:/mmfs1/data/new%0Aline", "file:/mmfs1/data/%FF.txt"]


def _asked(workflow: str, picked: list[str], **more: str) -> dict[str, str]:
    return {"site": "london", "workflow": workflow, "paths": json.dumps(picked), **more}


def _newest(username: str) -> queries.JobRow:
    user = find_user(username=username)
    assert user is not None
    return queries.visible(Actor(user.entity_id, username, "session")).items[0]


def test_sites_are_shown_to_those_who_may_browse_them(
    people: Population, signed_in: Clients
) -> None:
    alice = signed_in("alice").get("/browse/").content.decode()
    assert 'data-site="london"' in alice
    assert "Offline" in alice
    assert 'value="migrate"' in alice
    bob = signed_in("bob").get("/browse/").content.decode()
    assert "london" not in bob
    assert "No site to browse" in bob


def test_a_site_without_a_worker_says_so_in_its_place(
    people: Population, signed_in: Clients
) -> None:
    page = signed_in("alice").get("/browse/?site=london").content.decode()
    assert "No worker of the site london is there." in page
    assert signed_in("bob").get("/browse/?site=london").status_code == 404


def test_the_confirmation_says_on_what_and_asks_for_the_fields(
    people: Population, signed_in: Clients
) -> None:
    answer = signed_in("alice").post("/browse/confirm/", _asked("send", PICKED), headers=PART)
    assert answer["X-Part"] == "dialog"
    page = answer.content.decode()
    assert "/mmfs1/data/new\\nline" in page
    assert "/mmfs1/data/\\xff.txt" in page
    assert 'name="field:target_site"' in page
    assert 'type="checkbox" name="field:hydrate"' in page
    whole = signed_in("alice").post("/browse/confirm/", _asked("send", PICKED)).content.decode()
    assert "<html" in whole, "the same without a script"


def test_boxes_are_as_good_as_a_script(people: Population, signed_in: Clients) -> None:
    given = {"site": "london", "workflow": "migrate", "pick": PICKED}
    page = signed_in("alice").post("/browse/confirm/", given).content.decode()
    assert "new\\nline" in page


def test_what_was_confirmed_runs_on_exactly_these_bytes(
    people: Population, signed_in: Clients
) -> None:
    asked = _asked("migrate", PICKED, discovery="recursive", **{"filter:include": "*.tif\n*.czi"})
    answer = signed_in("alice").post("/browse/run/", asked, headers=PART)
    assert answer["X-Done"] == "1"
    job = _newest("alice")
    assert (job.kind, job.site, job.discovery) == ("migrate", "london", "recursive")
    found = queries.tasks(Actor(job.created_by, "alice", "session"), job.id).items
    assert len(found) == 1
    outcomes = signed_in("alice").get(f"/jobs/{job.id}/tasks/{found[0].id}/").content.decode()
    assert "/mmfs1/data/new\\nline" in outcomes
    assert "/mmfs1/data/\\xff.txt" in outcomes


def test_thousands_of_files_are_one_post(people: Population, signed_in: Clients) -> None:
    many = [f"file:/mmfs1/data/plane-{number:05}.tif" for number in range(5000)]
    answer = signed_in("alice").post("/browse/run/", _asked("migrate", many), headers=PART)
    assert answer["X-Done"] == "1"
    assert _newest("alice").total == 5000


def test_reasons_stand_in_the_confirmation_and_nothing_runs(
    people: Population, signed_in: Clients
) -> None:
    before = _newest("alice").id
    lacking = signed_in("alice").post("/browse/run/", _asked("send", PICKED), headers=PART)
    assert (lacking.status_code, lacking["X-Part"]) == (400, "dialog")
    assert "target_site" in lacking.content.decode()
    odd = _asked("migrate", PICKED, **{"discovery": "recursive", "filter:min_size": "huge"})
    assert "min_size" in signed_in("alice").post("/browse/run/", odd).content.decode()
    assert _newest("alice").id == before


def test_nobody_runs_anything_where_they_may_not(people: Population, signed_in: Clients) -> None:
    asked = _asked("migrate", PICKED)
    assert signed_in("bob").post("/browse/run/", asked).status_code == 404
    assert signed_in("bob").post("/browse/confirm/", asked).status_code == 404
    bob = find_user(username="bob")
    assert bob is not None
    tree.set_grants(by=SYSTEM, subject=bob.entity_id, object=people.lab, grant={"TASK_READ"})
    refused = signed_in("bob").post("/browse/run/", asked)
    assert refused.status_code == 403
    assert "TASK_CREATE" in refused.content.decode()


@pytest.mark.parametrize("paths", ["{", '{"a": 1}', "[1]", '["/no/kind"]', '["file:"]', '["x:/a"]'])
def test_what_no_page_of_ours_posts_is_refused(
    people: Population, signed_in: Clients, paths: str
) -> None:
    given = {"site": "london", "workflow": "migrate", "paths": paths}
    assert signed_in("alice").post("/browse/confirm/", given).status_code == 400


def test_an_unknown_workflow_is_not_found(people: Population, signed_in: Clients) -> None:
    assert signed_in("alice").post("/browse/confirm/", _asked("dance", PICKED)).status_code == 404


def test_colours_of_file_states_are_a_style_sheet(people: Population, signed_in: Clients) -> None:
    answer = signed_in("alice").get("/file-states.css")
    assert answer["Content-Type"].startswith("text/css")
    assert (
        ".file-state-migrated { background: #1e3a8a; color: #ffffff; }" in answer.content.decode()
    )


def test_rows_carry_every_name_of_a_folder_exactly(tmp_path: Path, db: None) -> None:
    names = [b"plain.txt", b"new\nline", b"\xff\xfe", b"<b>&amp;'\"", b"100%41", "ž".encode()]
    for name in names:
        (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    (tmp_path / "sub").mkdir()
    with serving(Place((tmp_path,))):
        found = read("here", folder({"path": str(tmp_path), "details": True}))
    lines = browsing.lines("here", found.entries)
    assert {os.fsencode(path) for path in browsing.picked(each.pick for each in lines).files} == {
        os.fsencode(tmp_path) + b"/" + name for name in names
    }
    shown = render_to_string(
        "web/parts/browse_rows.html",
        {"lines": lines, "site": "here", "labels": {"unmanaged": "Online"}},
    )
    assert '<span class="file-state file-state-unmanaged">Online</span>' in shown
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
    shown.encode()


def test_picks_are_read_once_each() -> None:
    found = browsing.picked(["folder:/a", "folder:/a", "file:/b%20c"])
    assert (found.folders, found.files) == (["/a"], ["/b c"])
    with pytest.raises(BadInput):
        browsing.picked(["folder"])
