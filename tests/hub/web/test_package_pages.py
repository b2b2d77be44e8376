"""Packages on their pages: whose they are to see, what a page says of each, what may be done."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from lagan.hub.accounts.queries import find_user
from lagan.hub.base.actors import Actor
from lagan.hub.evidence import certified
from lagan.hub.packages import queries
from lagan.hub.packages.models import Package
from lagan.hub.packages.rules import Status
from lagan.hub.web import live
from lagan.hub.web.packagewords import clause, stages
from lagan.hub.web.views import packages
from lagan.kit.errors import NotFound
from tests.browser.population import Population

Clients = Callable[[str], Client]
OF_ONE = ("", "edit/", "version/")


def test_owner_team_mate_and_stranger(people: Population, signed_in: Clients) -> None:
    """alice may change, bob only read, dan may not know of it."""
    place = f"/packages/{people.package}/"
    for part in OF_ONE:
        assert signed_in("alice").get(place + part).status_code == 200, part
        assert signed_in("bob").get(place + part).status_code == (403 if part else 200), part
        assert signed_in("dan").get(place + part).status_code == 404, part
        assert Client().get(place + part).status_code == 302, part
    for act in ("prepare/", "certificate/", "edit/"):
        assert signed_in("dan").post(place + act).status_code in (400, 404), act
        assert Client().post(place + act).status_code == 302, act
    assert signed_in("bob").post(f"{place}edit/", {"name": "Mine"}).status_code == 403
    assert Package.objects.get(pk=people.package).name != "Mine"


def test_a_list_shows_only_what_may_be_read(people: Population, signed_in: Clients) -> None:
    of_group = f"/packages/?group={people.preservation}"
    for who in ("alice", "bob"):
        shown = signed_in(who).get(of_group).content.decode()
        assert "Retina screening 2026" in shown
        assert "Not a valid bag" in shown
    assert signed_in("dan").get(of_group).status_code == 404
    everything = signed_in("dan").get("/packages/?group=all")
    assert everything.context["rows"] == []
    helped = signed_in("alice").get(f"/packages/?group={people.lab}").content
    assert b"lagan package make" in helped
    assert b"lagan package make" not in signed_in("alice").get(of_group).content


def test_who_may_only_read_is_not_offered_to_deposit(
    people: Population, signed_in: Clients
) -> None:
    of_group = f"/packages/?group={people.preservation}"
    assert b"/packages/deposit/" in signed_in("alice").get(of_group).content
    assert b"/packages/deposit/" not in signed_in("bob").get(of_group).content
    form = signed_in("bob").get(f"/packages/deposit/?group={people.preservation}")
    assert people.preservation not in [each.id for each in form.context["groups"]]


def test_the_group_is_remembered(people: Population, signed_in: Clients) -> None:
    alice = signed_in("alice")
    alice.get(f"/packages/?group={people.preservation}")
    for place in ("/packages/", "/packages/audits/", "/packages/deposit/"):
        assert alice.get(place)["Location"] == f"{place}?group={people.preservation}"
    alice.get("/packages/?group=all")
    assert alice.get("/packages/").status_code == 200
    alice.cookies["packages-group"] = "999999"
    assert alice.get("/packages/").status_code == 200


def test_metadata_is_searched_within_the_group(people: Population, signed_in: Clients) -> None:
    place = f"/packages/?group={people.preservation}&text="
    found = signed_in("alice").get(f"{place}NOVÁKOVÁ").context["rows"]
    assert [each.id for each, _path in found] == [people.package]
    nothing = signed_in("alice").get(f"{place}nothing+of+this")
    assert b"No package fits" in nothing.content


def test_pages_of_the_list_go_on(
    people: Population, signed_in: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "SIZE", 2)
    alice, seen, place = signed_in("alice"), [], f"/packages/?group={people.preservation}"
    while place:
        answer = alice.get(place)
        seen += [each.id for each, _path in answer.context["rows"]]
        place = answer.context["next_page"]
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 7


def test_a_refused_bag_says_why(people: Population, signed_in: Clients) -> None:
    shown = signed_in("alice").get(f"/packages/{people.package_refused}/").content.decode()
    assert "Why it was refused" in shown
    for told in ("data/a.txt", "file-missing", "RFC 8493, 3"):
        assert told in shown
    assert "/prepare/" not in shown
    assert "/version/" not in shown


def test_one_page_tells_all(people: Population, signed_in: Clients) -> None:
    shown = signed_in("alice").get(f"/packages/{people.package}/").content.decode()
    row = Package.objects.get(pk=people.package)
    for told in (
        "Kept", row.checksum, "Jana Nováková", "confocal microscopy", "Former metadata 1",
        "Jan Novák", f"/packages/{people.package_before}/", "north-1", "south-1",
        "Metadata changed", "Valid bag", f"/datasets/{people.package}/",
    ):  # fmt: skip
        assert told in shown, told
    older = signed_in("alice").get(f"/packages/{people.package_before}/").content.decode()
    assert "This is not the newest version." in older
    part = signed_in("alice").get(f"/packages/{people.package}/", headers={"HX-Request": "true"})
    assert b"<html" not in part.content


def test_no_question_a_row(
    people: Population, signed_in: Clients, django_assert_max_num_queries: Callable[..., object]
) -> None:
    alice = signed_in("alice")
    alice.get("/packages/?group=all")
    one = f"/packages/{people.package}/"
    for place in ("/packages/?group=all", one, "/packages/audits/?group=all"):
        with django_assert_max_num_queries(45):  # type: ignore[attr-defined]
            alice.get(place)


def test_a_download_is_prepared_once(people: Population, signed_in: Clients) -> None:
    place = f"/packages/{people.package}/"
    for _again in range(2):
        assert signed_in("bob").post(f"{place}prepare/").status_code == 302
        assert Package.objects.get(pk=people.package).status == Status.DOWNLOAD_PREPARING
    assert b"Being prepared" in signed_in("alice").get(place).content
    ready = f"/packages/{people.package_ready}/"
    signed_in("bob").post(f"{ready}prepare/")
    assert Package.objects.get(pk=people.package_ready).status == Status.DOWNLOAD_READY
    assert f"{ready}download/".encode() in signed_in("bob").get(ready).content
    refused = signed_in("alice").post(f"/packages/{people.package_refused}/prepare/", follow=True)
    assert b"There is nothing to download" in refused.content


def test_its_mark_changes_with_it_and_is_for_who_may_read(
    people: Population, signed_in: Clients
) -> None:
    alice, dan = _actor("alice"), _actor("dan")
    before = queries.mark(alice, people.package)
    assert queries.mark(alice, people.package) == before
    signed_in("alice").post(f"/packages/{people.package}/prepare/")
    assert queries.mark(alice, people.package) != before
    with pytest.raises(NotFound):
        queries.mark(dan, people.package)
    assert live.route("GET", f"/live/packages/{people.package}/") is not None
    assert live.route("POST", f"/live/packages/{people.package}/") is None


def test_a_certificate_is_offered_where_packages_have_one(
    people: Population, signed_in: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, alice = f"/packages/{people.package}/", signed_in("alice")
    monkeypatch.setattr(certified, "_tellers", {})
    assert b"/certificate/" not in alice.get(place).content
    monkeypatch.setattr(certified, "_tellers", {"package": certified.tell_dataset})
    assert f"{place}certificate/".encode() in alice.get(place).content
    made = alice.post(f"{place}certificate/", {"form": "json"})
    assert made.json()["certificate"]["about"]["id"] == people.package
    assert b"/certificate/" not in alice.get(f"/packages/{people.package_refused}/").content


def test_the_page_of_its_dataset_leads_to_it(people: Population, signed_in: Clients) -> None:
    link = f'href="/packages/{people.package}/"'.encode()
    assert link in signed_in("alice").get(f"/datasets/{people.package}/").content
    assert b"as a package" not in signed_in("alice").get(f"/datasets/{people.retina}/").content


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("RFC 2.1.3", "RFC 8493, 2.1.3"),
        ("RFC 1952 2.2", "RFC 1952 2.2"),
        ("0.97 2.1", "BagIt 0.97 2.1"),
        ("APPNOTE 4.3.1", "APPNOTE 4.3.1"),
        ("Lagan", "Lagan"),
        ("", ""),
    ],
)
def test_clauses_in_full(told: str, shown: str) -> None:
    assert clause(told) == shown


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.CHECKSUM_FAILED}))
def test_stages_go_on_and_end_where_it_failed(status: Status) -> None:
    told = [each.state for each in stages(status)]
    assert told == sorted(told, key=["done", "now", "failed", "ahead"].index)
    assert told.count("now") + told.count("failed") == (told[-1] != "done")
    assert ("failed" in told) == (status in (Status.UPLOAD_FAILED, Status.NOT_VALID_BAGIT))


def _actor(name: str) -> Actor:
    user = find_user(username=name)
    assert user is not None
    return Actor(user.entity_id, name, "session")
