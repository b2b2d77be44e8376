"""Every documented request gets the documented answer; and who may send it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.hub.jobs.api.asking import Town
from tests.hub.jobs.api.reference import OURS, REFERENCE, Documented
from tests.hub.jobs.api.scene import Scene, build

pytestmark = pytest.mark.django_db

ROOMS = ("auth", "token", "users", "groups", "jobs", "tasks", "sites", "workflows", "file",
         "filestatustypes")  # fmt: skip
ELSEWHERE = re.compile(
    r"/api/(auth/me|users/.+/(unlock|reset-second-factor|send-password|send-password-link|"
    r"personal-data))/"
)
"""Routes of accounts that the tests of accounts have."""
OPEN = ("auth/token/", "token/refresh/")
SHARED = {"file/test/", "auth/clientkeys/", "workflows/", "workflows/{workflow}/",
          "filestatustypes/", "filestatustypes/{status}/", "jobs/", "jobs/recent/", "tasks/",
          "sites/", "users/", "groups/"}  # fmt: skip
"""What everybody who is signed in may GET, of which each sees the own."""


@pytest.fixture
def scene(town: Town) -> Scene:
    return build(town)


@contextmanager
def undone() -> Iterator[None]:
    """What is done in here is taken back: every request finds the same hub."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_every_documented_request_is_answered_as_documented(scene: Scene) -> None:
    for request in (*REFERENCE, *OURS):
        with undone():
            answer = scene.town.admin.ask(
                request.method, scene.address(request), scene.body(request)
            )
        assert answer.status_code == request.status, (str(request), answer.content)
        if request.status == 204:
            assert answer.content == b"", str(request)
            continue
        told = answer.json()
        assert not request.fields or set(request.fields) <= set(told), str(request)
        if request.rows:
            assert told["results"], str(request)
            assert all(set(request.rows) <= set(row) for row in told["results"]), str(request)


def test_every_route_of_these_rooms_is_in_the_table() -> None:
    paths = Client().get("/api/schema/").json()["paths"]
    served = {
        f"{method.upper()} {_shape(path)}"
        for path, methods in paths.items()
        for method in methods
        if path.split("/")[2] in ROOMS and not ELSEWHERE.fullmatch(path)
    }
    told = {f"{each.method} {_shape('/api/' + each.path)}" for each in (*REFERENCE, *OURS)}
    assert served == told


def test_nobody_gets_anything_but_a_token(scene: Scene) -> None:
    for request in (*REFERENCE, *OURS):
        if request.path.startswith(OPEN):
            continue
        answer = Client().generic(request.method, f"/api/{scene.address(request)}")
        assert answer.status_code == 401, str(request)
        assert answer["WWW-Authenticate"].startswith("Bearer"), str(request)


def test_a_stranger_sees_and_does_nothing_of_others(scene: Scene) -> None:
    for request in (*REFERENCE, *OURS):
        if request.path.startswith(OPEN) or "users/{user}" in request.path:
            continue
        with undone():
            answer = _ask(scene, "stranger", request)
        _refused(request, answer)
        if request.method == "GET" and request.path in ("jobs/", "tasks/", "sites/", "groups/"):
            assert answer.json()["results"] == [], str(request)


def test_who_reads_every_job_changes_nothing(scene: Scene) -> None:
    for request in (*REFERENCE, *OURS):
        if request.path.startswith((*OPEN, "auth/")) or request.method == "GET":
            continue
        with undone():
            answer = _ask(scene, "boss", request)
        assert answer.status_code in (403, 404), (str(request), answer.content)


def test_a_client_key_reaches_everything_but_users_and_keys(scene: Scene) -> None:
    for request in (*REFERENCE, *OURS):
        if request.path.startswith(OPEN):
            continue
        with undone():
            answer = scene.town.admin.ask(
                request.method, scene.address(request), scene.body(request), key=True
            )
        closed = request.path.startswith(("users/", "auth/clientkeys/"))
        assert answer.status_code == (403 if closed else request.status), str(request)


def test_what_no_address_knows_is_refused_with_a_detail(scene: Scene) -> None:
    odd = scene.town.admin.ask("PUT", "jobs/")
    assert (odd.status_code, odd.json()["detail"]) == (405, 'Method "PUT" not allowed.')
    assert set(odd["Allow"].split(", ")) == {"GET", "POST"}
    absent = scene.town.admin.ask("GET", "nothing/")
    assert (absent.status_code, bool(absent.json()["detail"])) == (404, True)
    for path in {each.path for each in (*REFERENCE, *OURS) if "{" in each.path}:
        for id in ("0", "99999999", "9" * 30, "x", "%00", "%FF", "-1"):
            address = re.sub(r"\{\w+\}", id, path)
            answer = scene.town.admin.ask("GET", address)
            assert answer.status_code < 500, address


def _ask(scene: Scene, who: str, request: Documented) -> Any:
    person = getattr(scene.town, who)
    return person.ask(request.method, scene.address(request), scene.body(request))


def _refused(request: Documented, answer: Any) -> None:
    """A stranger is let into lists of its own and its own keys; a site that it may not see looks
    absent, which a body hears of by 400."""
    path = request.path.partition("?")[0]
    if request.method == "GET" and path in SHARED or str(request) == "POST auth/clientkeys/":
        assert answer.status_code == request.status, (str(request), answer.content)
    elif str(request) in ("POST jobs/", "POST file/workflow/", "POST file/workflow/preview/"):
        assert (answer.status_code, "site" in answer.json()) == (400, True), str(request)
    else:
        assert answer.status_code in (403, 404), (str(request), answer.content)


def _shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path.partition("?")[0]).replace(
        "/restore/recall/", "/restore/{}/"
    )
