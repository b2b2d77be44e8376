"""Saved searches on the datasets page: kept, shared, changed and forgotten by their owner alone."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

from django.contrib.messages import get_messages
from django.test import Client

from lagan.hub.accounts.queries import find_user
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.datasets.search import queries
from lagan.hub.datasets.search.queries import SavedRow
from lagan.hub.tree import services as tree
from tests.browser.population import Population

Clients = Callable[[str], Client]
SOUGHT = "where=system.dataset.status+%3D+open&text=retina"


def actor_of(username: str) -> Actor:
    user = find_user(username=username)
    assert user is not None
    return Actor(user.entity_id, username, "session")


def kept(username: str) -> list[SavedRow]:
    return queries.saved(actor_of(username))


def said(answer: Any) -> str:
    """The last of what waits to be shown."""
    return str(list(get_messages(answer.wsgi_request))[-1])


def keep(client: Client, name: str, **more: str) -> Any:
    answer = client.post("/datasets/searches/", {"parameters": SOUGHT, "name": name, **more})
    assert answer.status_code == 302
    return answer


def test_a_search_is_kept_and_offered_as_a_link_that_finds_the_same(signed_in: Clients) -> None:
    alice = signed_in("alice")
    answer = keep(alice, "open retinas")
    assert said(answer) == "The search is saved."
    found = alice.get(answer["Location"])
    (mine,) = kept("alice")
    page = unescape(found.content.decode())
    assert f'href="/datasets/?{mine.parameters}">open retinas</a>' in page
    assert alice.get(f"/datasets/?{mine.parameters}").context["query"] == mine.query


def test_others_neither_see_nor_change_nor_forget_it(signed_in: Clients) -> None:
    keep(signed_in("alice"), "open retinas")
    (mine,) = kept("alice")
    bob = signed_in("bob")
    assert "open retinas" not in bob.get("/datasets/").content.decode()
    place = f"/datasets/searches/{mine.id}/"
    assert bob.post(place, {"name": "mine"}).status_code == 404
    assert bob.post(f"{place}forget/").status_code == 404
    assert kept("alice") == [mine]


def test_it_is_shared_with_a_group_and_run_from_there(
    people: Population, signed_in: Clients
) -> None:
    alice = signed_in("alice")
    tree.add_member(by=SYSTEM, member=actor_of("alice").entity or 0, group=people.role)
    keep(alice, "open retinas", group=str(people.role))
    shown = signed_in("dan").get("/datasets/").content.decode()
    assert "open retinas</a>" in shown
    (mine,) = kept("alice")
    assert f"/datasets/searches/{mine.id}/" not in shown, "who only reads it changes nothing"
    alice.post(f"/datasets/searches/{mine.id}/", {"name": "retinas", "group": ""})
    assert [each.name for each in kept("alice")] == ["retinas"]
    assert kept("dan") == []


def test_it_is_forgotten(signed_in: Clients) -> None:
    alice = signed_in("alice")
    keep(alice, "open retinas")
    (mine,) = kept("alice")
    forgotten = alice.post(f"/datasets/searches/{mine.id}/forget/")
    assert said(forgotten) == "The search is forgotten."
    assert kept("alice") == []
    assert alice.post(f"/datasets/searches/{mine.id}/forget/").status_code == 404


def test_what_cannot_be_kept_is_refused_in_words(people: Population, signed_in: Clients) -> None:
    alice = signed_in("alice")
    keep(alice, "once")
    for name, more in (("once", {}), (" ", {}), ("x" * 101, {}), ("s", {"group": "999999"})):
        sentence = said(keep(alice, name, **more))
        assert sentence.endswith(".")
        assert sentence != "The search is saved."
    assert [each.name for each in kept("alice")] == ["once"]


def test_only_a_form_that_was_sent_acts(signed_in: Clients) -> None:
    alice = signed_in("alice")
    assert alice.get("/datasets/searches/").status_code == 405
    nobody = Client().post("/datasets/searches/", {"name": "x"})
    assert (nobody.status_code, nobody["Location"].split("?")[0]) == (302, "/login/")
