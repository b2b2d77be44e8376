"""The landing page, a share link's page, the share tab and the quotas' pages, for the three, for
nobody and for whoever has a link."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from lagan.hub.base.actors import SYSTEM
from lagan.hub.datasets import quotas, services
from lagan.hub.datasets.models import ShareLink
from lagan.hub.tree import services as tree


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def landing(stage) -> str:
    values = {".Title": ["</script><script>alert(1)"], ".Publisher": ["NTNU"], ".Note": ["<b>"]}
    tree.set_metadata(by=SYSTEM, entity=stage.dataset, values=values)
    services.close_dataset(by=stage.owner, dataset=stage.dataset)
    return f"/d/{stage.dataset}/"


def test_unpublished_it_is_for_its_readers_alone(stage, landing, client_of):
    assert client_of(stage.owner).get(landing).status_code == 200
    assert client_of(stage.mate).get(landing).status_code == 200
    assert client_of(stage.stranger).get(landing).status_code == 404
    for path in (landing, "/d/999999/", "/d/999999999999999999999/"):
        answer = Client().get(path)
        assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={path}")
        told = Client().get(path, headers={"Accept": "application/ld+json"})
        assert told.status_code == 401


def test_published_it_is_for_everybody_as_far_as_it_was_said(stage, landing, client_of):
    services.publish(by=stage.owner, dataset=stage.dataset, files=False)
    for client in (Client(), client_of(stage.stranger)):
        page = client.get(landing)
        assert page.status_code == 200
        assert "/zip" not in page.content.decode()
        assert "read me.txt" not in page.content.decode()
    services.publish(by=stage.owner, dataset=stage.dataset, files=True)
    page = Client().get(landing).content.decode()
    assert f"/api/datasets/{stage.dataset}/zip" in page
    assert "read me.txt" in page


def test_nothing_in_the_metadata_becomes_markup(stage, landing, client_of):
    page = client_of(stage.owner).get(landing).content.decode()
    assert "<script>alert" not in page
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert json.loads(block)["name"] == "</script><script>alert(1)"
    assert '<meta name="DC.title" content="&lt;/script&gt;' in page


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/ld+json", "application/ld+json"),
        ("application/vnd.datacite.datacite+json", "application/vnd.datacite.datacite+json"),
        (
            "application/vnd.datacite.datacite+xml, */*;q=0",
            "application/vnd.datacite.datacite+xml",
        ),
        ("application/x-bibtex", "application/x-bibtex"),
        ("text/x-bibliography", "text/x-bibliography"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("image/png", "text/html"),
        ("", "text/html"),
    ],
)
def test_it_comes_in_the_form_that_was_asked_for(stage, landing, accept, kind):
    services.publish(by=stage.owner, dataset=stage.dataset, files=True)
    answer = Client().get(landing, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer["Content-Type"].split(";")[0] == kind
    assert "Accept" in answer["Vary"]


def test_signposts_lead_to_the_metadata_and_the_data(stage, landing):
    tree.set_metadata(
        by=SYSTEM, entity=stage.dataset, values={".License": ["https://x/\r\nSet-Cookie:a=b"]}
    )
    services.publish(by=stage.owner, dataset=stage.dataset, files=True)
    link = Client().get(landing)["Link"]
    assert 'rel="cite-as"' in link
    assert link.count('rel="describedby"') == 6
    assert 'rel="item"; type="application/zip"' in link
    assert "\r" not in link


def test_what_datacite_demands_is_a_refusal_in_its_own_form(stage, client_of):
    asked = {"Accept": "application/vnd.datacite.datacite+json"}
    answer = client_of(stage.owner).get(f"/d/{stage.dataset}/", headers=asked)
    assert answer.status_code == 409
    assert [each["property"] for each in answer.json()["missing"]] == [
        "publisher",
        "publicationYear",
    ]


def test_a_removed_dataset_leaves_its_page(stage, landing):
    services.publish(by=stage.owner, dataset=stage.dataset, files=True)
    services.remove_dataset(by=SYSTEM, dataset=stage.dataset)
    page = Client().get(landing)
    assert page.status_code == 200
    assert "The data was removed." in page.content.decode()
    assert "/zip" not in page.content.decode()


def link(stage, **given) -> str:
    _, token = services.create_link(by=stage.owner, dataset=stage.dataset, **given)
    return f"/s/{token}/"


def test_a_links_page_shows_the_files_to_nobody_in_particular(stage):
    place = link(stage, folder="raw")
    answer = Client().get(place)
    page = answer.content.decode()
    assert "one.dcm" in page
    assert "read me" not in page
    assert "crystals" not in page
    assert "olga" not in page.lower()
    assert place.split("/")[2] not in page
    assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "private, no-store"
    assert "two.fits" in Client().get(f"{place}?folder=deep").content.decode()


@pytest.mark.parametrize("folder", ["..", "../raw", "%2e%2e", "deep/../..", "nowhere", "raw"])
def test_no_folder_of_the_address_leads_out(stage, folder):
    answer = Client().get(link(stage, folder="raw"), {"folder": folder})
    assert answer.status_code == 404
    assert "read me" not in answer.content.decode()


def test_every_link_that_does_not_work_is_answered_alike(stage):
    expired, revoked = link(stage), link(stage)
    ShareLink.objects.order_by("id").first()
    first, second = ShareLink.objects.order_by("id")
    services.revoke_link(by=stage.owner, dataset=stage.dataset, link=second.pk)
    ShareLink.objects.filter(pk=first.pk).update(expires_at=first.created_at)
    answers = [Client().get(each) for each in (expired, revoked, "/s/" + "x" * 43 + "/")]
    assert {each.status_code for each in answers} == {404}
    assert len({each.content for each in answers}) == 1
    assert {Client().post(each).status_code for each in (expired, revoked, "/s/x/")} == {404}


def test_a_password_is_given_once(stage):
    place, other = (
        link(stage, password="four small words"),
        link(stage, password="four small words"),
    )
    client = Client()
    assert "Password" in client.get(place).content.decode()
    assert client.post(place, {"password": "wrong"}).status_code == 401
    assert client.post(place, {"password": "four small words"}).status_code == 302
    assert client.cookies["lagan-share"]["path"] == place
    assert client.cookies["lagan-share"]["httponly"]
    assert "read me.txt" in client.get(place).content.decode()
    assert "read me.txt" not in client.get(other).content.decode()
    for _ in range(11):
        answer = client.post(place, {"password": "wrong"})
    assert answer.status_code == 429


def test_the_share_tab_makes_shows_once_and_revokes(stage, client_of):
    owner = client_of(stage.owner)
    tab = f"/datasets/{stage.dataset}/share/"
    made = owner.post(f"{tab}links/", {"note": "reviewers", "days": "3"}).content.decode()
    (address,) = set(re.findall(r"http://testserver(/s/[\w-]{43}/)", made))
    assert Client().get(address).status_code == 200
    page = owner.get(tab).content.decode()
    assert "reviewers" in page
    assert address not in page
    (row,) = ShareLink.objects.all()
    owner.post(f"{tab}links/{row.pk}/revoke/")
    assert Client().get(address).status_code == 404
    wrong = owner.post(f"{tab}links/", {"days": "100000", "note": "kept"})
    assert wrong.status_code == 400
    assert "kept" in wrong.content.decode()
    assert owner.post(f"{tab}links/", {"days": "x"}).status_code == 400


def test_who_may_not_share_is_not_shown_how(stage, client_of):
    tab = f"/datasets/{stage.dataset}/share/"
    page = client_of(stage.mate).get(tab).content.decode()
    assert "Make a link" not in page
    assert client_of(stage.mate).post(f"{tab}links/", {}).status_code == 403
    assert client_of(stage.stranger).get(tab).status_code == 404
    assert client_of(stage.stranger).post(f"{tab}links/", {}).status_code == 404
    assert not ShareLink.objects.exists()


def test_publishing_on_the_page(stage, landing, client_of):
    owner = client_of(stage.owner)
    page = owner.post(f"/datasets/{stage.dataset}/publish/", {"files": "with"}, follow=True)
    assert "Published" in page.content.decode()
    assert Client().get(landing).status_code == 200
    mate = client_of(stage.mate)
    refused = mate.post(f"/datasets/{stage.dataset}/unpublish/", follow=True).content.decode()
    assert "DATASET_PUBLISH" in refused
    owner.post(f"/datasets/{stage.dataset}/unpublish/")
    assert Client().get(landing).status_code == 302


def test_quotas_are_seen_by_those_who_see_the_group(stage, client_of):
    quotas.set_quota(by=SYSTEM, group=stage.group, bytes=65, files=None)
    tree.set_grants(by=SYSTEM, subject=stage.mate.entity, object=stage.group, grant={"GROUP_READ"})
    mate = client_of(stage.mate)
    assert "IFY" in mate.get("/quotas/").content.decode()
    page = mate.get(f"/quotas/{stage.group}/").content.decode()
    assert "60 B of 65 B used" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "Set the quota" not in page
    stranger = client_of(stage.stranger)
    assert "No quotas" in stranger.get("/quotas/").content.decode()
    assert stranger.get(f"/quotas/{stage.group}/").status_code == 404
    assert mate.post(f"/quotas/{stage.group}/set/", {"bytes": "1 TB"}).status_code in (403, 404)
    banner = mate.get(f"/datasets/{stage.dataset}/").content.decode()
    assert "more than 90 % of its quota" in banner


def test_whoever_governs_sets_a_quota_on_the_page(stage, client_of):
    tree.set_grants(
        by=SYSTEM, subject=stage.owner.entity, object=stage.faculty,
        grant={"GROUP_READ", "GROUP_CHANGE"},
    )  # fmt: skip
    owner, place = client_of(stage.owner), f"/quotas/{stage.group}/"
    owner.post(f"{place}set/", {"bytes": "1.5 TB", "files": "", "levels": "70, 95"})
    row = quotas.quota(stage.owner, stage.group)
    assert (row.bytes, row.files, list(row.levels)) == (1_500_000_000_000, None, [70, 95])
    assert 'value="1500 GB"' in owner.get(place).content.decode()
    wrong = owner.post(f"{place}set/", {"bytes": "much"})
    assert wrong.status_code == 400
    assert 'value="much"' in wrong.content.decode()
    owner.post(f"{place}clear/")
    assert quotas.of_groups([stage.group]) == {}


def test_quotas_over_the_api(stage, client_of):
    quotas.set_quota(by=SYSTEM, group=stage.group, bytes=65, files=None)
    tree.set_grants(
        by=SYSTEM, subject=stage.owner.entity, object=stage.faculty,
        grant={"GROUP_READ", "GROUP_CHANGE"},
    )  # fmt: skip
    owner, place = client_of(stage.owner), f"/api/quotas/{stage.group}/"
    assert owner.get(place).json()["level"] == 90
    body = {"bytes": 1000, "files": 10, "levels": [50]}
    assert owner.put(place, body, "application/json").json()["bytes"] == 1000
    assert owner.put(place, {}, "application/json").status_code == 400
    (listed,) = owner.get("/api/quotas/").json()["results"]
    assert listed["path"].endswith("/NV/IFY")
    assert owner.post(f"{place}recount/").json() == {"bytes": 0, "files": 0}
    assert [each["name"] for each in owner.get(f"{place}parts/").json()] == ["crystals"]
    assert [each["group"] for each in owner.get(f"{place}above/").json()] == [stage.group]
    assert client_of(stage.stranger).get(place).status_code == 404
    assert Client().get(place).status_code == 401
    assert owner.delete(place).status_code == 204
    assert owner.get(place).status_code == 404
