"""Sites over HTTP: documented fields, addresses, who sees and who changes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from lagan.hub.audit.models import Event
from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.keys import site_of
from lagan.hub.jobs.models import Job, Site, SiteWorker, Task
from lagan.hub.jobs.presence import note
from lagan.hub.jobs.services import cancel, ensure_site
from lagan.hub.tree.services import create_entity, ensure_root, set_grants
from lagan.kit.errors import NotSignedIn
from lagan.worker.ledger import WorkerFacts
from tests.hub.jobs.api.asking import Town

pytestmark = pytest.mark.django_db


def add(town: Town, **fields: Any) -> dict[str, Any]:
    made = town.admin.ask("POST", "sites/", fields)
    assert made.status_code == 201, made.content
    answer: dict[str, Any] = made.json()
    return answer


def test_a_site_is_added_listed_changed_and_removed(town: Town) -> None:
    made = add(town, name="london", addresses=["10.0.0.1", "10.0.0.1", "fd00::1"], colour="red")
    url = f"http://testserver/api/sites/{made['id']}/"
    assert (made["name"], made["url"]) == ("london", url)
    assert made["addresses"] == ["10.0.0.1", "fd00::1"]
    page = town.admin.get("sites/")
    assert [each["name"] for each in page["results"]] == ["lab", "london"]
    assert page["count"] == 2
    changed = town.admin.ask("PATCH", f"sites/{made['id']}/", {"addresses": [], "limit": 7})
    assert (changed.status_code, changed.json()) == (200, {**made, "addresses": [], "limit": 7})
    renamed = town.admin.ask("PATCH", f"sites/{made['id']}/", {"name": "paris"})
    assert renamed.json()["name"] == "paris"
    gone = town.admin.ask("DELETE", f"sites/{made['id']}/")
    assert (gone.status_code, gone.content) == (204, b"")
    assert town.admin.ask("GET", f"sites/{made['id']}/").status_code == 404
    kinds = Event.objects.filter(kind__startswith="site.").order_by("id")
    assert list(kinds.values_list("kind", flat=True)) == [
        "site.added", "site.changed", "site.changed", "site.removed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, "name"),
        ({"name": "lab"}, "name"),
        ({"name": "hub"}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": "../x"}, "name"),
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x", "limit": 0}, "limit"),
        ({"name": "x", "limit": "many"}, "limit"),
        ({"name": "x", "place": 10**30}, "place"),
        ({"name": "x", "place": 999999}, "place"),
        ({"name": "x", "addresses": ["a b"]}, "addresses"),
        ({"name": "x", "addresses": "10.0.0.1"}, "addresses"),
        ({"name": "x", "title": "a\x00b"}, "title"),
    ],
)
def test_what_is_wrong_is_told_by_field_and_nothing_is_made(
    town: Town, fields: dict[str, Any], wrong: str
) -> None:
    refused = town.admin.ask("POST", "sites/", fields)
    assert refused.status_code == 400
    assert all(isinstance(each, str) for each in refused.json()[wrong])
    assert Site.objects.count() == 1


def test_sites_are_an_administrators(town: Town, site: Site) -> None:
    for method, address in (("POST", "sites/"), ("PATCH", f"sites/{site.pk}/")):
        assert town.boss.ask(method, address, {"name": "x"}).status_code == 403
    assert town.boss.ask("DELETE", f"sites/{site.pk}/").status_code == 403
    assert town.stranger.ask("DELETE", f"sites/{site.pk}/").status_code == 403
    assert town.admin.ask("GET", "sites/", key=True).status_code == 200


def test_a_site_is_seen_where_one_may_browse_it(town: Town) -> None:
    root = ensure_root().root.id
    team = create_entity(by=SYSTEM, type="GROUP", name="team", parent=root)
    theirs = add(town, name="theirs", place=team.id)
    set_grants(by=SYSTEM, subject=town.owner.user.entity_id, object=team.id, grant=["TASK_READ"])
    assert [each["name"] for each in town.owner.get("sites/")["results"]] == ["theirs"]
    assert town.owner.get(f"sites/{theirs['id']}/")["place"] == team.id
    assert town.stranger.get("sites/")["results"] == []
    assert town.stranger.ask("GET", f"sites/{theirs['id']}/").status_code == 404
    assert [each["name"] for each in town.boss.get("sites/")["results"]] == ["lab", "theirs"]


def test_a_site_with_open_work_stays(town: Town, site: Site, their_job: Job) -> None:
    refused = town.admin.ask("DELETE", f"sites/{site.pk}/")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/site-in-use")
    assert town.admin.ask("PATCH", f"sites/{site.pk}/", {"name": "x"}).status_code == 409


def test_the_record_of_ended_work_outlives_its_site(town: Town, site: Site, their_job: Job) -> None:
    cancel(job=their_job.pk, by=town.owner.actor)
    assert town.admin.ask("DELETE", f"sites/{site.pk}/").status_code == 204
    assert {task.site_id for task in Task.objects.all()} == {"lab"}
    assert town.owner.get(f"tasks/?job={their_job.pk}")["count"] == 2
    assert town.owner.get(f"jobs/{their_job.pk}/")["state"] == "CANCELLED"


def test_a_site_is_online_while_a_worker_of_it_speaks(town: Town, site: Site) -> None:
    ensure_site(name="far")
    SiteWorker.objects.create(site=site, name="w", seen=timezone.now())
    shown = {each["name"]: each["online"] for each in town.boss.get("sites/")["results"]}
    assert shown == {"far": False, "lab": True}


def test_a_sites_keys_are_shown_once_and_end_when_they_are_revoked(town: Town, site: Site) -> None:
    here = f"sites/{site.pk}/keys/"
    made = town.admin.ask("POST", here, {"name": "rack 7"})
    assert made.status_code == 201
    text = made.json()["key"]
    (listed,) = town.admin.get(here)
    assert made.json() == {**listed, "key": text}
    assert site_of(text) == {"lab"}
    assert text not in str(listed)
    assert town.admin.ask("POST", here, {"name": ""}).json()["name"]
    for who, status in ((town.boss, 403), (town.stranger, 404)):
        assert who.ask("GET", here).status_code == status
        assert who.ask("POST", here, {"name": "x"}).status_code == status
        assert who.ask("DELETE", f"{here}{listed['id']}/").status_code == status
    other = ensure_site(name="far")
    assert town.admin.ask("DELETE", f"sites/{other.pk}/keys/{listed['id']}/").status_code == 404
    assert town.admin.ask("DELETE", f"{here}{listed['id']}/").status_code == 204
    assert town.admin.get(here) == []
    with pytest.raises(NotSignedIn):
        site_of(text)


def test_a_sites_workers_are_shown_to_who_sees_the_site(town: Town, site: Site) -> None:
    note(WorkerFacts("w1", ["lab"], host="rack", version="1.2", threads=10, running=3, load=0.5))
    SiteWorker.objects.create(site=site, name="w0", seen=timezone.now() - timedelta(hours=1))
    there, gone = town.boss.get(f"sites/{site.pk}/workers/")
    assert (gone["name"], gone["online"]) == ("w0", False)
    assert (there["name"], there["online"], there["running"]) == ("w1", True, 0)
    assert (there["host"], there["version"], there["load"]) == ("rack", "1.2", 0.5)
    assert town.stranger.ask("GET", f"sites/{site.pk}/workers/").status_code == 404
