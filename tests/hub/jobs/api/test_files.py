"""Running workflows on paths, and looking into a site's folders, over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.services import ensure_site
from lagan.hub.jobs.workflows.services import ensure_defaults
from lagan.worker.place import Place, serving
from tests.hub.jobs.api.asking import Town
from tests.hub.jobs.test_browsing import answering

RECALL = {"paths": ["/mmfs1/data/sample_data.tgz"], "site": "lab", "workflow": "recall"}


@pytest.fixture(autouse=True)
def _defaults(town: Town) -> None:
    ensure_defaults()


def run(town: Town, **changes: Any) -> Any:
    return town.admin.ask("POST", "file/workflow/", {**RECALL, **changes}, key=True)


@pytest.mark.django_db
def test_a_workflow_is_run_as_documented(town: Town) -> None:
    started = run(town, discovery=None, unknown="x")
    assert started.status_code == 201, started.content
    answer = started.json()
    assert answer == {**RECALL, "discovery": None, "fields": {}, "job": answer["job"]}
    shown = town.admin.get(f"jobs/{answer['job']}/")
    assert (shown["jobtype"], shown["site"], shown["owner"]) == ("recall", "lab", "admin")
    assert (shown["discovery"], shown["paths"]) == (None, RECALL["paths"])
    assert shown["numfiles"] == 1


@pytest.mark.django_db
def test_recursive_is_the_discovery_that_is_not_named(town: Town) -> None:
    assert run(town).json()["discovery"] == "recursive"
    assert run(town, discovery="snapdiff").json()["discovery"] == "snapdiff"


@pytest.mark.django_db
def test_more_is_given_to_an_existing_job(town: Town) -> None:
    first = run(town, discovery=None).json()["job"]
    again = run(town, discovery=None, job=first, paths=["/mmfs1/other"])
    assert (again.status_code, again.json()["job"]) == (201, first)
    assert town.admin.get(f"jobs/{first}/")["numfiles"] == 2
    for odd in (first + 1, "x", True, 2**80):
        refused = run(town, job=odd)
        assert (refused.status_code, len(refused.json()["job"])) == (400, 1), odd
    other = run(town, workflow="migrate", job=first)
    assert other.status_code == 400
    assert other.json()["job"]


@pytest.mark.django_db
def test_grouped_runs_share_a_job(town: Town) -> None:
    first = run(town, discovery=None, grouped=True).json()["job"]
    again = run(town, discovery=None, grouped=True, paths=["/mmfs1/other"]).json()["job"]
    assert first == again


@pytest.mark.django_db
def test_fields_are_filled_in(town: Town) -> None:
    ensure_site(name="london")
    fields = {"target_site": "london", "hydrate": True}
    sent = run(town, workflow="send", fields=fields)
    assert (sent.status_code, sent.json()["fields"]) == (201, fields)
    preview = town.admin.ask(
        "POST", "file/workflow/preview/", {**RECALL, "workflow": "send", "fields": fields}
    )
    stages = preview.json()["stages"]
    assert [(each["step"], each["site"]) for each in stages] == [
        ("hsm.send", "lab"),
        ("hsm.receive", "london"),
    ]
    assert stages[1]["args"]["hydrate"] is True


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"workflow": "unknown"}, "workflow"),
        ({"workflow": None}, "workflow"),
        ({"workflow": 7}, "workflow"),
        ({"site": "nowhere"}, "site"),
        ({"site": None}, "site"),
        ({"site": ["lab"]}, "site"),
        ({"paths": []}, "paths"),
        ({"paths": "/data"}, "paths"),
        ({"paths": ["data"]}, "paths"),
        ({"paths": ["/a/../b"]}, "paths"),
        ({"paths": [None]}, "paths"),
        ({"discovery": "magic"}, "discovery"),
        ({"discovery": ["recursive"]}, "discovery"),
        ({"fields": {"colour": "red"}}, "fields"),
        ({"fields": [1]}, "fields"),
        ({"workflow": "send"}, "fields"),
        ({"workflow": "send", "fields": {"target_site": "nowhere"}}, "fields"),
        ({"filters": "x"}, "filters"),
    ],
)
def test_what_is_wrong_is_told_by_field_and_nothing_is_run(
    town: Town, changes: dict[str, Any], wrong: str
) -> None:
    refused = run(town, **changes)
    assert refused.status_code == 400, refused.content
    assert all(isinstance(each, str) for each in refused.json()[wrong])
    assert not Job.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("body", [[], "x", 7, None])
def test_a_body_that_is_no_object_is_refused(town: Town, body: Any) -> None:
    assert town.admin.ask("POST", "file/workflow/", body).status_code == 400
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_any_bytes_of_a_path_go_in_and_come_out(town: Town) -> None:
    paths = ["/data/\udcff\n\u00e9", "/data/ "]
    started = run(town, discovery=None, paths=paths)
    assert started.json()["paths"] == paths
    assert town.admin.get(f"jobs/{started.json()['job']}/")["paths"] == paths


@pytest.mark.django_db
def test_who_may_only_look_runs_nothing(town: Town) -> None:
    assert town.boss.ask("POST", "file/workflow/", RECALL).status_code == 403
    refused = town.stranger.ask("POST", "file/workflow/", RECALL)
    assert (refused.status_code, len(refused.json()["site"])) == (400, 1)
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_the_routes_answer(town: Town) -> None:
    assert town.owner.get("file/test/") == {"status": "ok", "user": "owner"}


@pytest.mark.django_db(transaction=True)
def test_a_folder_is_told_by_the_site(town: Town, ledger: DatabaseLedger, tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir/\udcff\nx").write_bytes(b"123")
    (tmp_path / "dir/.hidden").touch()
    with serving(Place(roots=(tmp_path,))), answering(ledger):
        top = town.boss.get("file/?site=lab")
        assert [each["path"] for each in top["children"]] == [str(tmp_path)]
        told = town.boss.get(f"file/?site=lab&details=true&path={tmp_path}/dir")
        assert (told["site"], told["path"], told["next"]) == ("lab", f"{tmp_path}/dir", None)
        (file,) = told["children"]
        assert (file["name"], file["type"], file["size"]) == ("\udcff\nx", "file", 3)
        shown = town.boss.get(f"file/?site=lab&hidden=true&path={tmp_path}/dir")
        assert len(shown["children"]) == 2
        odd = town.boss.ask("GET", f"file/?site=lab&path={tmp_path}/dir/%FF%0Ax")
        assert (odd.status_code, "not a folder" in odd.json()["detail"]) == (400, True)
        assert town.boss.ask("GET", "file/?site=lab&path=/etc").status_code == 400


@pytest.mark.django_db
def test_a_folder_that_cannot_be_told_is_refused(town: Town) -> None:
    assert town.boss.ask("GET", "file/?site=lab&path=/data").status_code == 503
    assert town.boss.ask("GET", "file/?site=nowhere&path=/data").status_code == 404
    assert town.stranger.ask("GET", "file/?site=lab&path=/data").status_code == 404
    assert town.boss.ask("GET", "file/").json()["site"] == ["Field required"]
    assert town.boss.ask("GET", "file/?site=lab&size=0").json()["size"]
