"""What was done to packages on a page, and the bell for what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from lagan.hub.base.actors import Actor
from lagan.hub.packages.models import Package
from lagan.hub.packages.queries import wrong_since
from lagan.hub.web.views import packages
from tests.browser.population import Population

Clients = Callable[[str], Client]
AUDITS = "/packages/audits/"


def test_they_are_those_of_the_group(people: Population, signed_in: Clients) -> None:
    of_group = f"{AUDITS}?group={people.preservation}"
    for who in ("alice", "bob"):
        shown = signed_in(who).get(of_group).content.decode()
        assert "Refused: not a valid bag" in shown
        assert f"/packages/{people.package_refused}/" in shown
    assert signed_in("dan").get(of_group).status_code == 404
    assert signed_in("dan").get(f"{AUDITS}?group=all").context["lines"] == []
    assert Client().get(AUDITS).status_code == 302


def test_they_are_filtered_by_kind(people: Population, signed_in: Clients) -> None:
    alice = signed_in("alice")

    def kinds(word: str) -> set[tuple[str, str]]:
        lines = alice.get(f"{AUDITS}?group=all&kind={word}").context["lines"]
        return {(each.event.event.kind, each.event.event.result) for each in lines}

    assert kinds("package.changed") == {("package.changed", "done")}
    wrong = kinds("attention")
    assert ("package.judged", "not-valid") in wrong
    assert ("package.checked", "failed") in wrong
    assert all(result != "done" for _kind, result in wrong)
    assert kinds("package.removed") == set()
    assert alice.get(f"{AUDITS}?group=all&kind=user.created").status_code == 400
    assert alice.get(f"{AUDITS}?group=all&after=x").status_code == 400


def test_its_pages_go_on(
    people: Population, signed_in: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "SIZE", 4)
    alice, seen, place = signed_in("alice"), [], f"{AUDITS}?group=all"
    while place:
        answer = alice.get(place)
        seen += [each.event.event.id for each in answer.context["lines"]]
        place = answer.context["next_page"]
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) > 20


def test_the_bell_rings_until_somebody_looked(people: Population, signed_in: Clients) -> None:
    alice, bell = signed_in("alice"), b'class="bell"'
    assert b"2 packages went wrong" in alice.get("/").content
    assert b"2 packages went wrong" in signed_in("bob").get("/").content
    assert bell not in signed_in("dan").get("/").content
    alice.get(f"{AUDITS}?group=all&kind=attention")
    assert bell not in alice.get("/").content
    assert b"No package went wrong" in alice.get("/packages/?group=all").content
    Package.objects.filter(pk=people.package_damaged).update(changed_at=timezone.now())
    assert b"1 package went wrong" in alice.get("/").content


def test_the_bell_is_each_visitors_own_and_forgets_the_old(
    people: Population, signed_in: Clients
) -> None:
    alice, bob = signed_in("alice"), signed_in("bob")
    alice.get(f"{AUDITS}?group=all")
    bob.cookies["packages-seen"] = alice.cookies["packages-seen"].value
    assert b"2 packages went wrong" in bob.get("/").content
    for garbled in ("", ":", "x", "1:2026-99-99", f"{people.package}:noon"):
        bob.cookies["packages-seen"] = garbled
        assert bob.get("/").status_code == 200
    Package.objects.update(changed_at=timezone.now() - timedelta(days=60))
    assert b'class="bell"' not in bob.get("/").content


def test_the_bell_costs_one_question_while_nothing_is_wrong(
    people: Population, signed_in: Clients, django_assert_num_queries: Callable[..., object]
) -> None:
    alice = Actor(Package.objects.get(pk=people.package).created_by_id, "alice", "session")
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        assert wrong_since(alice, timezone.now()) == 0
