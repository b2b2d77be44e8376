"""The record on a page: what the visitor sees, filters, downloads; a certificate from the page of a
dataset."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from lagan.hub.evidence.verifying import verify_certificate
from lagan.hub.web.views import record
from tests.browser.population import Population

Clients = Callable[[str], Client]


def test_it_shows_what_was_done_and_asks_for_less(people: Population, signed_in: Clients) -> None:
    alice = signed_in("alice")
    id = people.retina
    page = alice.get(f"/audit/?subject={id}")
    assert page.status_code == 200
    assert b"dataset.created" in page.content
    assert f"/api/audit/export/?subject={id}".encode() in page.content
    less = alice.get(f"/audit/?subject={id}&kind=dataset.closed").content
    assert b'<th scope="row">dataset.created' not in less
    assert b"No events" in alice.get("/audit/?who=nobody+at+all").content
    assert alice.get("/audit/?since=noon").status_code == 400
    assert Client().get("/audit/").status_code == 302


def test_its_pages_go_on(
    people: Population, signed_in: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "SIZE", 2)
    first = signed_in("alice").get("/audit/").context
    second = signed_in("alice").get(first["next_page"]).context
    last = first["lines"][-1].row.id
    assert all(each.row.id < last for each in second["lines"])
    assert second["first_page"] == "/audit/"


def test_a_certificate_is_downloaded_by_who_may_read(
    people: Population, signed_in: Clients
) -> None:
    place = f"/datasets/{people.retina}/certificate/"
    for form in ("pdf", "json"):
        answer = signed_in("alice").post(place, {"form": form})
        assert answer.status_code == 200
        assert verify_certificate(answer.content).certificate["asked_by"] == "alice"
    assert Client().post(place).status_code == 302
