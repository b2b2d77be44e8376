"""The page of one file shows it to those who may read it, and lets those who may change it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client

from lagan.hub.access import previews
from lagan.hub.accounts.queries import find_user
from lagan.hub.base.actors import SYSTEM
from lagan.hub.datasets import services
from lagan.hub.tree import services as tree
from lagan.hub.web import drawn
from tests.browser.population import Population

Clients = Callable[[str], Client]
PLANE = "raw/retina_z001.ome.tif"


def page_of(people: Population, path: str = PLANE) -> str:
    return f"/datasets/{people.retina}/file/?path={quote(path)}"


@pytest.fixture
def mate(people: Population, signed_in: Clients) -> Client:
    """Bob, who may read alice's dataset and nothing more."""
    bob = find_user(username="bob")
    assert bob is not None
    tree.set_grants(
        by=SYSTEM,
        subject=bob.entity_id,
        object=people.retina,
        grant=frozenset({"DATASET_READ"}),
        deny=frozenset(),
    )
    return signed_in("bob")


def test_facts_copies_and_neighbours(people: Population, signed_in: Clients) -> None:
    answer = signed_in("alice").get(page_of(people) + "&show=1")
    shown = answer.content.decode()
    for words in ("image/tiff", "20,000 B", "1 of 2 good", "north-1", "south-1"):
        assert words in shown, words
    assert answer.context["before"].endswith("retina_z000.ome.tif")
    assert answer.context["after"].endswith("retina_z002.ome.tif")
    assert "it is damaged" in shown  # twenty thousand equal bytes are no TIFF
    assert 'data-key="ArrowRight"' in shown


def test_a_name_in_a_folder_leads_to_its_page_and_downloads_in_one_click(
    people: Population, signed_in: Clients
) -> None:
    shown = signed_in("alice").get(f"/datasets/{people.retina}/?folder=raw").content.decode()
    assert f'href="/datasets/{people.retina}/file/?path=raw%2Fretina_z001.ome.tif"' in shown
    assert f'href="/api/datasets/{people.retina}/content/{PLANE}" download' in shown
    assert f'src="/api/datasets/{people.retina}/preview/{PLANE}?view=thumb"' in shown


@pytest.mark.parametrize("part", ["file/", "file/preview/", "removed/"])
def test_a_stranger_finds_nothing(people: Population, signed_in: Clients, part: str) -> None:
    path = f"/datasets/{people.retina}/{part}?path={quote(PLANE)}"
    assert signed_in("bob").get(path).status_code == 404
    assert signed_in("alice").get(path).status_code == 200


def test_a_reader_sees_and_changes_nothing(people: Population, mate: Client) -> None:
    shown = mate.get(page_of(people)).content.decode()
    assert "Remove this file" not in shown
    for act, more in (("remove", {}), ("restore", {"version": "1"})):
        given = {"path": PLANE, **more}
        answer = mate.post(f"/datasets/{people.retina}/file/{act}/", given, follow=True)
        assert "DATASET_CHANGE" in answer.content.decode()
    assert mate.get(page_of(people)).context["removed"] is False


def test_the_owner_removes_and_restores(people: Population, signed_in: Clients) -> None:
    alice = signed_in("alice")
    # What a journal must be told of needs rows that know whose they are: one sent as ingest does.
    removed = alice.post(
        f"/datasets/{people.retina}/file/remove/", {"path": PLANE}, follow=True
    ).content.decode()
    assert "was removed. Its versions are kept" in removed
    assert "This file was removed from the dataset" in removed
    listed = alice.get(f"/datasets/{people.retina}/removed/").content.decode()
    assert PLANE in listed
    assert (
        f"/datasets/{people.retina}/removed/"
        in alice.get(f"/datasets/{people.retina}/").content.decode()
    )
    given = {"path": PLANE, "version": "1"}
    back = alice.post(f"/datasets/{people.retina}/file/restore/", given, follow=True)
    shown = back.content.decode()
    assert "Version 1 is the newest again, as version 2." in shown
    assert "restored from version 1" in shown
    old = alice.get(page_of(people) + "&version=1").content.decode()
    assert "This is version 1, not the current one." in old
    assert "?version=1" in old


def test_a_closed_dataset_offers_no_change(people: Population, signed_in: Clients) -> None:
    services.close_dataset(by=SYSTEM, dataset=people.retina)
    shown = signed_in("alice").get(page_of(people)).content.decode()
    assert "Remove this file" not in shown


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404),
        ("path=nowhere", 404),
        ("path=%00", 400),
        (f"path={PLANE}&version=7", 404),
        (f"path={PLANE}&version=x", 400),
        (f"path={PLANE}&page=0", 400),
        (f"path={PLANE}&page=99999", 200),
    ],
)
def test_odd_addresses_are_refused_in_words(
    people: Population, signed_in: Clients, query: str, status: int
) -> None:
    answer = signed_in("alice").get(f"/datasets/{people.retina}/file/?{query}")
    assert answer.status_code == status


def test_a_folder_is_filtered_and_jumped_into(people: Population, signed_in: Clients) -> None:
    alice = signed_in("alice")
    place = f"/datasets/{people.retina}/?folder=raw"
    shown = alice.get(place + "&text=Z002").context["lines"]
    assert [each.name for each in shown] == ["retina_z002.ome.tif"]
    shown = alice.get(place + "&start=retina_z002").context["lines"]
    assert [each.name for each in shown] == ["retina_z002.ome.tif", "retina_z003.ome.tif"]
    assert "No name fits" in alice.get(place + "&text=nothing").content.decode()


def test_every_note_that_a_preview_can_have_has_a_sentence() -> None:
    import re

    said = set()
    for source in Path(str(previews.__file__)).parent.rglob("*.py"):
        words = source.read_text()
        said |= set(
            re.findall(r'(?:NotDrawn|\.note|_fail|_without)\(\s*(?:line, )?"([a-z-]+)"', words)
        )
    assert len(said) > 12
    assert said <= set(drawn._SENTENCES)


def test_sentences_with_per_cent_signs_are_whole() -> None:
    assert "0.5 %" in drawn.sentence("stretched", {})
    assert drawn.sentence("first-rows", {"rows": 200}) == "The first 200 rows are shown."
    assert drawn.sentence("first-rows", {}) == "The first %(rows)s rows are shown."
    assert "no preview" in drawn.sentence("never heard of", {})
