"""Policies on pages: read back in a sentence, made and changed by administrators, read by who may
browse the site, absent for others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from lagan.hsm.policy.definition import check
from lagan.hub.base.actors import SYSTEM
from lagan.hub.policies import queries
from lagan.hub.web import policywords
from lagan.hub.web.charts import bars
from tests.browser.population import Population

Clients = Callable[[str], Client]
HERE = "/administration/policies/"
GIVEN = {
    "title": "Room", "site": "bergen", "high": "80", "low": "70", "unread_for": "90 d",
    "min_size": "64 KiB", "exclude": "*.tmp\nscratch", "enabled": "on", "target": "archive",
}  # fmt: skip


def _followed(client: Client, path: str, given: Mapping[str, object] | None = None) -> str:
    return client.post(path, given or {}, follow=True).content.decode()


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (
            {"paths": ["/data"], "high": 80, "low": 70, "unread_for": "90 d", "min_size": 0,
             "target": "archive"},
            "When /data is over 80 % full, files not read for 90 days go to archive, the longest"
            " unread first, until it is 70 % full.",
        ),
        (
            {"order": "largest", "owners": ["ann", "ben"], "unwritten_for": "12 h"},
            "From the site lab, files not written for 12 h and owned by ann,"
            " ben go to the target that the site's rules choose, the largest first.",
        ),
        (
            {"action": "premigrate", "include": ["a", "b", "c", "d", "e"], "min_size": 1000},
            "From the site lab, files of 1000 B or more and called a, b, c and 2 more are"
            " copied to the target that the site's rules choose and stay, the longest"
            " unread first.",
        ),
    ],
)  # fmt: skip
def test_a_policy_is_read_back(policy: dict[str, Any], said: str) -> None:
    with translation.override("en"):
        assert policywords.sentence(check(policy), "lab") == said


@pytest.mark.parametrize("text", ["64 KiB", "1 MiB", "1000 B", "3 TiB", "5 GiB"])
def test_sizes_come_back_as_they_were_written(text: str) -> None:
    assert policywords.exact_size(check({"min_size": text}).min_size) == text


@pytest.mark.parametrize("text", ["90 d", "12 h", "5 m", "61 s", ""])
def test_spans_come_back_as_they_were_written(text: str) -> None:
    assert policywords.short_span(check({"unread_for": text}).unread_for) == text


def test_bars_are_as_long_as_their_bytes_and_none_vanishes() -> None:
    drawn = bars([("a", 1, 1000), ("b", 1, 500), ("c", 1, 1), ("d", 0, 0)])
    assert [each.width for each in drawn] == [100, 50, 0.8, 0]
    assert bars([]) == []


def test_an_administrator_makes_changes_runs_and_removes_one(
    people: Population, signed_in: Clients
) -> None:
    ada = signed_in("ada")
    page = _followed(ada, f"{HERE}new/", GIVEN)
    assert "files not read for 90 days go to archive" in page
    row = queries.visible(SYSTEM).get(title="Room")
    assert row.definition["exclude"] == ["*.tmp", "scratch"]
    place = f"{HERE}{row.pk}/"
    form = ada.get(f"{place}edit/").content.decode()
    for value in ("90 d", "64 KiB", "archive", "80", "70"):
        assert f'value="{value}"' in form
    assert "until it is 60 % full" in _followed(ada, f"{place}edit/", {**GIVEN, "low": "60"})
    assert "The policy is off." in _followed(ada, f"{place}disable/")
    assert "The policy is on." in _followed(ada, f"{place}enable/")
    assert "has begun" in _followed(ada, f"{place}run/")
    assert "still goes on" in _followed(ada, f"{place}run/")
    assert "looks what it would do" in _followed(ada, f"{place}dry-run/")
    assert "The policy is removed." in _followed(ada, f"{place}remove/")
    assert not queries.visible(SYSTEM).filter(title="Room").exists()


def test_reading_back_keeps_nothing(people: Population, signed_in: Clients) -> None:
    ada = signed_in("ada")
    page = ada.post(f"{HERE}new/", {**GIVEN, "read": "1"})
    assert page.status_code == 200
    assert "not read for 90 days" in page.content.decode()
    assert not queries.visible(SYSTEM).filter(title="Room").exists()


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    people: Population, signed_in: Clients
) -> None:
    answer = signed_in("ada").post(f"{HERE}new/", {**GIVEN, "low": "95", "min_size": "64 KiB"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "<b>low:</b>" in page
    assert re.search(r'name="low" value="95"', page)


def test_the_page_shows_how_full_it_is_and_what_a_look_told(
    people: Population, signed_in: Clients
) -> None:
    page = signed_in("alice").get(f"{HERE}{people.policy}/").content.decode()
    assert "/data is 86.0 % full" in page
    assert "kept from 70 to 80 %" in page
    assert "noatime" in page
    assert "/data/run 0/raw" in page
    assert "Pinned" in page
    assert "/dry-run/" not in page
    run = signed_in("alice").get(f"{HERE}{people.policy}/runs/{people.policy_run}/")
    assert "What it would have done" in run.content.decode()


def test_three_people(people: Population, signed_in: Clients) -> None:
    place = f"{HERE}{people.policy}/"
    table = [
        ("GET", HERE, 200, 200, 200),
        ("GET", place, 200, 200, 404),
        ("GET", f"{place}runs/{people.policy_run}/", 200, 200, 404),
        ("GET", f"{place}edit/", 200, 403, 403),
        ("GET", f"{HERE}new/", 200, 403, 403),
        ("POST", f"{place}edit/", 400, 403, 403),
        ("POST", f"{place}run/", 302, 302, 404),
        ("POST", f"{place}remove/", 302, 302, 404),
        ("POST", f"{place}nonsense/", 404, 404, 404),
    ]
    for who, place_of in (("dan", 4), ("alice", 3)):
        for row in table:
            client = signed_in(who)
            answer = client.get(row[1]) if row[0] == "GET" else client.post(row[1], {})
            assert answer.status_code == row[place_of], (who, row)
    assert queries.policy(SYSTEM, people.policy).title == "Keep room on /data"
    assert "Keep room" not in signed_in("dan").get(HERE).content.decode()
    assert "No filesystem is kept" in signed_in("dan").get(HERE).content.decode()
    for row in table:
        client = signed_in("ada")
        answer = client.get(row[1]) if row[0] == "GET" else client.post(row[1], {})
        assert answer.status_code == row[2], row
