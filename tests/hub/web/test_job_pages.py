"""Jobs as their owner, a team-mate and a stranger see them: lists, one job, its paths, its acts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from lagan.hub.accounts.queries import find_user
from lagan.hub.base.actors import SYSTEM
from lagan.hub.tree import services as tree
from tests.browser.population import Population

Clients = Callable[[str], Client]
PART = {"HX-Request": "true"}
ACTS = ("cancel", "pause", "resume", "retry", "resubmit", "delete")


def _team_mate(client: Clients) -> Client:
    """Bob, who may see every job and change none."""
    bob = find_user(username="bob")
    assert bob is not None
    root = tree.ground().root.id
    tree.set_grants(by=SYSTEM, subject=bob.entity_id, object=root, grant={"TASK_READ"})
    return client("bob")


def _shown(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def _listed(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'id="job-(\d+)"', page)]


def test_filters_are_chips_that_come_off_one_by_one(people: Population, signed_in: Clients) -> None:
    page = _shown(signed_in("alice"), "/jobs/?type=migrate&state=FAILURE&site=london&period=7d")
    assert _listed(page) == [people.moved]
    assert 'href="/jobs/?period=7d&amp;type=migrate&amp;site=london"' in page
    assert page.count('class="chip"') == 4
    assert "No job fits these filters" in _shown(signed_in("alice"), "/jobs/?state=CANCELLED")


@pytest.mark.parametrize("column", ["job", "owner", "type", "site", "created", "state"])
def test_every_column_sorts_both_ways(signed_in: Clients, column: str) -> None:
    alice = signed_in("alice")
    up = _listed(_shown(alice, f"/jobs/?sort={column}"))
    down = _listed(_shown(alice, f"/jobs/?sort=-{column}"))
    assert len(up) >= 4
    assert sorted(up) == sorted(down)
    if column in ("job", "created"):
        assert up == down[::-1] == sorted(up)


@pytest.mark.parametrize(
    "query", ["size=7", "page=0", "page=x", "sort=colour", "period=ever", "since=noon", "state=ODD"]
)
def test_what_no_list_has_is_refused_in_words(signed_in: Clients, query: str) -> None:
    assert signed_in("alice").get(f"/jobs/?{query}").status_code == 400


def test_a_page_behind_the_last_is_not_there(signed_in: Clients) -> None:
    assert signed_in("alice").get("/jobs/?page=9").status_code == 404


def test_the_owner_page_lists_the_same_with_the_same_filters(
    people: Population, signed_in: Clients
) -> None:
    page = _shown(signed_in("alice"), "/people/alice/?type=migrate")
    assert _listed(page) == [people.moved]
    assert "Update profile" in page
    part = signed_in("alice").get("/people/alice/", headers=PART).content.decode()
    assert part.startswith('<div id="jobs"')
    assert people.moved in _listed(part)


def test_only_the_live_part_is_sent_to_who_asks_for_it(
    people: Population, signed_in: Clients
) -> None:
    alice = signed_in("alice")
    for path in ("/jobs/", f"/jobs/{people.moved}/", "/browse/recent/"):
        part = alice.get(path, headers=PART).content.decode()
        assert "<html" not in part
        assert re.search(r'data-live="/live/jobs/[\d/]*" data-mark="[0-9a-f]{16}"', part), path
        assert "every 2s" not in part


def test_the_paths_of_a_job_are_told_with_their_reasons_and_names_of_any_bytes(
    people: Population, signed_in: Clients
) -> None:
    alice = signed_in("alice")
    every = _shown(alice, f"/jobs/{people.moved}/items/?category=")
    assert "/mmfs1/data/line\\nbreak" in every
    assert "latin-\\xff.txt" in every
    failed = alice.get(f"/jobs/{people.moved}/items/?category=failed", headers=PART)
    assert failed["X-Part"] == "dialog"
    page = failed.content.decode()
    assert "The target refused it." in page
    assert "failed.target" in page
    assert "line\\nbreak" not in page
    assert alice.get(f"/jobs/{people.moved}/items/?category=odd").status_code == 400


def test_a_task_tells_its_paths_and_belongs_to_its_job(
    people: Population, signed_in: Clients
) -> None:
    alice = signed_in("alice")
    page = _shown(alice, f"/jobs/{people.moved}/tasks/{people.moved_task}/")
    assert "hsm.migrate" in page
    assert "The target refused it." in page
    other = f"/jobs/{people.failed}/tasks/{people.moved_task}/"
    assert alice.get(other).status_code == 404


def test_a_stranger_finds_nothing_and_does_nothing(people: Population, signed_in: Clients) -> None:
    bob = signed_in("bob")
    here = f"/jobs/{people.moved}/"
    for path in (here, f"{here}items/?category=", f"{here}tasks/{people.moved_task}/"):
        assert bob.get(path).status_code == 404, path
    for verb in ACTS:
        assert bob.post(f"{here}{verb}/").status_code == 404, verb
    assert people.moved not in _listed(_shown(bob, "/jobs/"))


def test_a_team_mate_sees_but_has_no_buttons_and_is_told_so(
    people: Population, signed_in: Clients
) -> None:
    mate = _team_mate(signed_in)
    page = _shown(mate, f"/jobs/{people.moved}/")
    assert "Overall statistics" in page
    assert not any(f"/{verb}/" in page for verb in ACTS)
    for verb in ("resubmit", "delete", "retry"):
        after = mate.post(f"/jobs/{people.moved}/{verb}/", follow=True).content.decode()
        assert "may be changed by who started it" in after, verb
    assert _shown(mate, f"/jobs/{people.moved}/")


def test_a_job_is_resubmitted_once_however_often_the_button_is_pressed(
    people: Population, signed_in: Clients
) -> None:
    alice = signed_in("alice")
    first = alice.post(f"/jobs/{people.moved}/resubmit/")["Location"]
    again = alice.post(f"/jobs/{people.moved}/resubmit/")["Location"]
    assert first == again != f"/jobs/{people.moved}/"
    page = _shown(alice, first)
    assert f'<a href="/jobs/{people.moved}/">{people.moved}</a>' in page
    assert f"{first}resubmit/" not in page, "not while it is open"


def test_a_job_is_paused_goes_on_is_cancelled_and_deleted(
    people: Population, signed_in: Clients
) -> None:
    alice = signed_in("alice")
    here = f"/jobs/{people.running}/"
    assert "Nothing more of the job is begun." in _after(alice, here, "pause")
    assert "Paused" in _shown(alice, here)
    assert "The job goes on." in _after(alice, here, "resume")
    assert "has not ended" in _after(alice, here, "delete")
    assert "The job is being cancelled." in _after(alice, here, "cancel")
    assert "The job is deleted." in _after(alice, here, "delete")
    assert alice.get(here).status_code == 404


def test_there_are_no_other_acts(people: Population, signed_in: Clients) -> None:
    assert signed_in("alice").post(f"/jobs/{people.moved}/explode/").status_code == 404
    assert signed_in("alice").get(f"/jobs/{people.moved}/delete/").status_code == 405


def test_tasks_are_sorted_by_what_is_asked(people: Population, signed_in: Clients) -> None:
    alice = signed_in("alice")
    for name in ("task", "-step", "site", "-state", "items", "-failed", "worker", "attempts"):
        assert f'id="task-{people.moved_task}"' in _shown(
            alice, f"/jobs/{people.moved}/?sort={name}"
        )
    assert alice.get(f"/jobs/{people.moved}/?sort=colour").status_code == 400


def _after(client: Client, job: str, verb: str) -> str:
    return client.post(f"{job}{verb}/", follow=True).content.decode()
