"""Policies over HTTP: by three people, with the refusals that everything here has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.hub.policies.conftest import Scene

pytestmark = pytest.mark.django_db
ROOM: dict[str, Any] = {
    "site": "lab",
    "title": "Keep room",
    "high": 80,
    "low": 70,
    "unread_for": "90 d",
    "exclude": ["*.tmp"],
}


def made(scene: Scene, **changes: Any) -> dict[str, Any]:
    answer = scene.admin.ask("POST", "policies/", {**ROOM, **changes})
    assert answer.status_code == 201, answer.content
    told: dict[str, Any] = answer.json()
    return told


def test_a_policy_is_made_listed_changed_and_removed(scene: Scene) -> None:
    scene.fill(85)
    policy = made(scene, colour="red")
    assert policy["unread_for"] == 90 * 86400
    assert (policy["owner"], policy["min_size"], policy["last_run"]) == ("admin", 65536, None)
    assert policy["filesystems"][0]["percent"] == 85
    assert scene.admin.get("policies/") == {"results": [policy], "next": None}
    place = f"policies/{policy['id']}/"
    changed = scene.admin.ask("PATCH", place, {**policy, "low": 60, "title": "Less"})
    assert changed.json() == {**policy, "low": 60.0, "title": "Less"}
    assert scene.admin.get(place) == changed.json()
    assert scene.admin.ask("DELETE", place).status_code == 204
    assert scene.admin.ask("GET", place).status_code == 404


def test_what_is_wrong_is_told_by_field(scene: Scene) -> None:
    answer = scene.admin.ask("POST", "policies/", {**ROOM, "low": 90, "site": "lab"})
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/unsound-policy"
    assert list(answer.json()["reasons"]) == ["low"]
    answer = scene.admin.ask("POST", "policies/", {})
    assert set(answer.json()["reasons"]) == {"site", "title"}
    bodies: list[Any] = [[], "x", {"paths": [1]}, {"exclude": "\udcff"}, {"site": {"a": 1}}]
    for body in bodies:
        assert scene.admin.ask("POST", "policies/", body).status_code == 400


def test_it_is_run_and_looked_at_once_at_a_time(scene: Scene) -> None:
    scene.fill(85)
    place = f"policies/{made(scene)['id']}/"
    run = scene.admin.ask("POST", f"{place}run/", {}, key=True)
    look = scene.admin.ask("POST", f"{place}dry-run/", {}, key=True)
    assert (run.status_code, look.status_code) == (201, 201)
    assert (run.json()["dry"], look.json()["dry"], run.json()["cause"]) == (False, True, "person")
    assert scene.admin.get(f"jobs/{run.json()['job']}/")["jobtype"] == "policy"
    again = scene.admin.ask("POST", f"{place}run/", {})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/policy-runs")
    runs = scene.admin.get(f"{place}runs/")
    assert runs == {"results": [look.json(), run.json()], "next": None}
    assert scene.admin.get(f"{place}runs/{run.json()['id']}/") == run.json()
    assert scene.admin.get("policies/")["results"][0]["last_run"] == run.json()
    assert scene.admin.ask("GET", f"{place}runs/99999/").status_code == 404


def test_who_browses_reads_who_administers_does_and_to_a_stranger_it_is_absent(
    scene: Scene,
) -> None:
    scene.fill(85)
    place = f"policies/{made(scene)['id']}/"
    run = scene.admin.ask("POST", f"{place}dry-run/", {}).json()["id"]
    table = [
        ("GET", "policies/", 200, 200),
        ("GET", place, 200, 404),
        ("GET", f"{place}runs/", 200, 404),
        ("GET", f"{place}runs/{run}/", 200, 404),
        ("POST", "policies/", 403, 403),
        ("PATCH", place, 403, 404),
        ("DELETE", place, 403, 404),
        ("POST", f"{place}run/", 403, 404),
        ("POST", f"{place}dry-run/", 403, 404),
    ]
    for method, address, mate, stranger in table:
        body = ROOM if method in ("POST", "PATCH") else None
        assert scene.mate.ask(method, address, body).status_code == mate, (method, address)
        assert scene.stranger.ask(method, address, body).status_code == stranger, (method, address)
    assert scene.stranger.get("policies/")["results"] == []
    assert len(scene.mate.get("policies/")["results"]) == 1


def test_many_policies_cost_no_more_readings_than_few(
    scene: Scene, django_assert_max_num_queries: Any
) -> None:
    scene.fill(85)
    for number in range(6):
        made(scene, title=f"P{number}")
    with django_assert_max_num_queries(20):
        assert len(scene.admin.get("policies/")["results"]) == 6
