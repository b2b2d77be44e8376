"""A package's metadata is changed as a form of pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from lagan.hub.packages.models import Package
from lagan.hub.web import pairs
from lagan.kit.errors import BadInput
from tests.browser.population import Population

Clients = Callable[[str], Client]


def test_pairs_are_saved_and_what_was_stays_known(people: Population, signed_in: Clients) -> None:
    alice, place = signed_in("alice"), f"/packages/{people.package}/"
    form = alice.get(f"{place}edit/")
    sent: dict[str, Any] = {"name": "Retina, second look"}
    for number, each in enumerate(form.context["pairs"], 1):
        sent |= {f"key-{number}": each.key, f"value-{number}": each.value}
    last = len(form.context["pairs"])
    sent |= {f"key-{last}": "Funder", f"value-{last}": "A grant"}
    assert alice.post(f"{place}edit/", sent)["Location"] == place
    row = Package.objects.get(pk=people.package)
    assert row.name == "Retina, second look"
    # What is no text stays what it is.
    assert row.user_metadata == {
        "Author": "Jana Nováková", "Subject": ["retina", "confocal microscopy"], "Plates": 12,
        "Funder": "A grant",
    }  # fmt: skip
    assert row.previous_metadata["1"]["Author"] == "Jan Novák"
    assert set(row.previous_metadata) >= {"1", "2"}


def test_a_refusal_keeps_what_was_typed(people: Population, signed_in: Clients) -> None:
    alice, place = signed_in("alice"), f"/packages/{people.package}/edit/"
    typed = {
        "name": "New",
        "key-1": "Author",
        "value-1": "One",
        "key-2": "Author",
        "value-2": "Two",
    }
    answer = alice.post(place, typed)
    assert answer.status_code == 400
    shown = answer.content.decode()
    assert "The key Author stands twice." in shown
    assert "One" in shown
    assert "Two" in shown
    assert Package.objects.get(pk=people.package).name != "New"
    assert alice.post(place, {"name": " "}).status_code == 400


def test_metadata_that_is_one_text_stays_one(people: Population, signed_in: Clients) -> None:
    Package.objects.filter(pk=people.package).update(user_metadata="all of it")
    alice, place = signed_in("alice"), f"/packages/{people.package}/"
    assert b'name="metadata-text"' in alice.get(f"{place}edit/").content
    alice.post(f"{place}edit/", {"name": "Retina", "metadata-text": "all\r\nof it"})
    assert Package.objects.get(pk=people.package).user_metadata == "all\nof it"
    assert b"of it" in alice.get(place).content


def test_what_is_no_text_is_kept_unless_its_text_changes() -> None:
    before = {"n": 12, "list": ["a", "b"], "text": "12"}
    sent = {f"{part}-{n}": text for n, each in enumerate(pairs.filled(before), 1)
            for part, text in (("key", each.key), ("value", each.value))}  # fmt: skip
    assert pairs.read(sent.get, before) == before
    assert pairs.read({**sent, "value-1": "13"}.get, before) == {**before, "n": "13"}
    assert pairs.read({**sent, "value-2": " "}.get, before) == {"n": 12, "text": "12"}


def test_lists_are_shown_a_value_a_line() -> None:
    told = pairs.shown({"a": ["x", 1], "b": {"c": None}, "d": []})
    assert [(each.key, each.value) for each in told] == [
        ("a", "x"), ("a", "1"), ("b", '{"c": null}'), ("d", "[]"),
    ]  # fmt: skip
    assert [each.value for each in pairs.shown("words")] == ["words"]
    assert pairs.shown({}) == []


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"value-1": "x"}, "no key"),
        ({"key-1": "a", "value-1": "x", "key-3": "a", "value-3": "y"}, "twice"),
        ({"key-1": "a", "value-1": "x" * (64 << 10)}, "at most"),
        ({"metadata-text": "x" * (64 << 10)}, "at most"),
    ],
)
def test_what_is_refused(sent: dict[str, str], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        pairs.read(sent.get)
