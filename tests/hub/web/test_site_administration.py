"""Administration of sites, workflows, schedules and file states: an administrator's, to be read by
others as far as it is theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest
from django.test import Client

from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs import keys, sites
from lagan.hub.jobs.workflows import queries as workflows
from tests.browser.population import Population

Clients = Callable[[str], Client]
SITES = "/administration/sites/"
FLOWS = "/administration/workflows/"
STATES = "/administration/file-states/"
PLANS = "/administration/schedules/"


def _followed(client: Client, path: str, given: Mapping[str, object] | None = None) -> str:
    return client.post(path, given or {}, follow=True).content.decode()


def test_an_administrator_adds_changes_and_deletes_a_site(
    people: Population, signed_in: Clients
) -> None:
    ada = signed_in("ada")
    assert "The site is added." in _followed(ada, f"{SITES}add/", {"name": "oslo"})
    site = sites.visible(SYSTEM).get(name="oslo")
    given = {"name": "oslo", "title": "Oslo", "limit": "9", "addresses": "192.0.2.1\n192.0.2.2"}
    assert "The site is changed." in _followed(ada, f"{SITES}{site.pk}/", {**given, "place": ""})
    site.refresh_from_db()
    assert (site.limit, site.addresses) == (9, ["192.0.2.1", "192.0.2.2"])
    asked = ada.post(f"{SITES}remove/", {"site": [site.pk]}).content.decode()
    assert "Delete these sites?" in asked
    assert sites.visible(SYSTEM).filter(name="oslo").exists(), "not before it is confirmed"
    gone = _followed(ada, f"{SITES}remove/", {"site": [site.pk], "confirmed": "1"})
    assert "1 site is deleted." in gone
    assert not sites.visible(SYSTEM).filter(name="oslo").exists()


@pytest.mark.parametrize(("field", "value"), [("name", "a b"), ("limit", "0"), ("limit", "many")])
def test_an_odd_value_is_refused_beside_its_field_and_kept(
    people: Population, signed_in: Clients, field: str, value: str
) -> None:
    given = {"name": "london", "title": "", "limit": "4", "addresses": "", field: value}
    answer = signed_in("ada").post(f"{SITES}{people.site}/", given)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert re.search(rf'name="{field}"[^>]*value="{value}"[^>]*aria-invalid="true"', page)


def test_a_key_is_shown_once_and_revoked(people: Population, signed_in: Clients) -> None:
    ada, here = signed_in("ada"), f"{SITES}{people.site}/"
    made = ada.post(f"{here}keys/", {"name": "worker 2"}).content.decode()
    secret = re.search(r"lgs_[a-z0-9]{12}_[\w-]{43}", made)
    assert secret is not None
    assert keys.site_of(secret[0]) == {"london"}
    assert secret[0] not in ada.get(here).content.decode()
    newest = keys.site_keys("london")[0].pk
    assert "The key is revoked." in _followed(ada, f"{here}keys/{newest}/revoke/")
    assert [each.name for each in keys.site_keys("london")] == ["worker 1"]
    assert ada.post(f"{here}keys/99999/revoke/").status_code == 404


def test_workers_are_told_with_version_load_and_folders(
    people: Population, signed_in: Clients
) -> None:
    page = signed_in("alice").get(f"{SITES}{people.site}/").content.decode()
    for told in ("w1", "l-node-1", "0.5", "0.25", "/mmfs1/data", "Offline"):
        assert told in page
    assert "Site keys" not in page


def test_others_read_what_is_theirs_and_change_nothing(
    people: Population, signed_in: Clients
) -> None:
    alice, bob = signed_in("alice"), signed_in("bob")
    assert "london" in alice.get(SITES).content.decode()
    assert "london" not in bob.get(SITES).content.decode()
    assert bob.get(f"{SITES}{people.site}/").status_code == 404
    refused = {
        f"{SITES}add/": {"name": "x"},
        f"{SITES}remove/": {"site": people.site},
        f"{SITES}{people.site}/": {"name": "x", "limit": "1"},
        f"{SITES}{people.site}/keys/": {"name": "x"},
        f"{FLOWS}new/": {"name": "x"},
        f"{FLOWS}{people.workflow}/": {"name": "x"},
        f"{FLOWS}{people.workflow}/remove/": {},
        f"{FLOWS}restore/": {"name": "send"},
        f"{STATES}migrated/": {"label": "x"},
    }
    for path, given in refused.items():
        assert alice.post(path, given).status_code == 403, path
    assert 'href="/administration/workflows/new/"' not in alice.get(FLOWS).content.decode()


def test_a_workflow_is_written_with_every_reason_against_it(
    people: Population, signed_in: Clients
) -> None:
    ada = signed_in("ada")
    given = {"name": "two words", "label": "Mine", "steps": '[{"name": "dance"}]', "fields": "{"}
    answer = ada.post(f"{FLOWS}new/", given)
    assert answer.status_code == 400
    assert "This is no JSON" in answer.content.decode()
    page = ada.post(f"{FLOWS}new/", {**given, "fields": "[]"}).content.decode()
    assert "spaces" in page
    assert "dance" in page
    good = {**given, "name": "mine", "steps": '[{"name": "hsm.recall"}]', "fields": "[]"}
    assert "Mine can be run now." in _followed(ada, f"{FLOWS}new/", good)
    row = workflows.named("mine")
    assert row is not None
    assert "The workflow is removed." in _followed(ada, f"{FLOWS}{row.pk}/remove/")
    assert workflows.named("mine") is None


def test_a_workflow_of_lagan_is_changed_and_restored(
    people: Population, signed_in: Clients
) -> None:
    ada, here = signed_in("ada"), f"{FLOWS}{people.workflow}/"
    given = {"name": "send", "label": "Send away", "steps": '[{"name": "hsm.migrate"}]'}
    assert "The workflow is changed." in _followed(ada, here, {**given, "fields": "[]"})
    _followed(ada, f"{FLOWS}{people.workflow}/remove/")
    assert "removed here" in ada.get(FLOWS).content.decode()
    assert "as Lagan brought it" in _followed(ada, f"{FLOWS}restore/", {"name": "send"})
    assert workflows.workflow(people.workflow).label == "Send"


def test_a_label_that_is_hard_to_read_is_warned_about(
    people: Population, signed_in: Clients
) -> None:
    ada = signed_in("ada")
    given = {"label": "Gone", "background_color": "#ffffff", "text_color": "#eeeeee"}
    page = _followed(ada, f"{STATES}migrated/", given)
    assert "hard to read on this background" in page
    assert "Gone" in page
    odd = {**given, "text_color": "red; background: url(//evil.example)"}
    assert ada.post(f"{STATES}migrated/", odd).status_code == 400
    assert "evil" not in ada.get("/file-states.css").content.decode()
    assert ada.get(f"{STATES}odd/").status_code == 404


def test_a_schedule_is_made_switched_run_and_removed(
    people: Population, signed_in: Clients
) -> None:
    alice = signed_in("alice")
    given = {
        "workflow": "send", "title": "Weekly", "every": "0 3 * * 0", "site": "london",
        "paths": "/mmfs1/data/a\n/mmfs1/data/%FF", "discovery": "recursive",
        "field:target_site": "london", "filter:older_than": "30 d",
    }  # fmt: skip
    refused = alice.post(f"{PLANS}new/", {**given, "every": "at noon"})
    assert refused.status_code == 400
    assert "It runs by itself from now on." in _followed(alice, f"{PLANS}new/", given)
    page = alice.get(PLANS).content.decode()
    assert "Weekly" in page
    id = max(int(found) for found in re.findall(rf"{PLANS}(\d+)/", page))
    kept = alice.get(f"{PLANS}{id}/").content.decode()
    assert "/mmfs1/data/%FF" in kept
    assert 'value="30 d"' in kept
    assert "The schedule is off." in _followed(alice, f"{PLANS}{id}/disable/")
    assert "The schedule is on." in _followed(alice, f"{PLANS}{id}/enable/")
    assert "has begun." in _followed(alice, f"{PLANS}{id}/run/")
    assert "still goes on" in _followed(alice, f"{PLANS}{id}/run/")
    assert signed_in("bob").post(f"{PLANS}{id}/remove/").status_code == 404
    assert "The schedule is removed." in _followed(alice, f"{PLANS}{id}/remove/")
    assert alice.post(f"{PLANS}{id}/explode/").status_code == 404


def test_a_404_keeps_the_address_and_offers_ways_on(signed_in: Clients) -> None:
    answer = signed_in("alice").get("/jobs-of/quartz-scan/")
    assert answer.status_code == 404
    page = answer.content.decode()
    assert "/jobs-of/quartz-scan/" in page
    assert 'href="/browse/"' in page
    assert 'value="quartz scan"' in page
    stranger = Client().get("/nowhere/%FF/<b>/").content.decode()
    assert "Log in" in stranger
    assert "<b>" not in stranger
