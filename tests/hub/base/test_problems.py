"""Refusals as documents: the same shape for everything, and never a secret or a traceback."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from django.test import Client, RequestFactory
from ninja.errors import AuthenticationError, HttpError, ValidationError

from lagan.hub.base import problems
from lagan.kit.errors import BadInput, Conflict, LaganError, NoSpace, NotFound, Unavailable

REQUEST = RequestFactory().get("/api/x/")


def document(error: Exception) -> tuple[int, dict[str, Any]]:
    answer = problems.answer(REQUEST, error)
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(answer.content)
    assert body["status"] == answer.status_code
    return answer.status_code, body


def test_a_refusal_carries_its_facts_and_cannot_override_the_fixed_fields() -> None:
    status, body = document(Conflict("Two of them.", name="x", where=Path("/a"), status=200))
    assert status == 409
    assert body == {
        "type": "/problems/conflict",
        "title": "Conflict",
        "status": 409,
        "detail": "Two of them.",
        "name": "x",
        "where": "/a",
    }


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Http404(), 404),
        (AuthenticationError(), 401),
        (PermissionDenied(), 403),
        (RequestDataTooBig(), 413),
        (SuspiciousOperation(), 400),
        (HttpError(400, "no"), 400),
        (ValidationError([{"loc": ("body", "name"), "msg": "missing", "input": "x"}]), 400),
    ],
)
def test_what_the_sender_did_is_a_refusal(error: Exception, status: int) -> None:
    assert document(error)[0] == status


def test_a_wrong_field_is_named_and_its_value_is_not_repeated() -> None:
    details = [{"loc": ("body", "credentials", "password"), "msg": "too long", "input": "hunter2"}]
    _, body = document(ValidationError(details))
    assert "credentials.password: too long" in body["detail"]
    assert "hunter2" not in json.dumps(body)


def test_surprises_are_logged_under_the_incident_that_is_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, "lagan.problems"):
        status, body = document(RuntimeError("password=hunter2"))
    assert status == 500
    assert "hunter2" not in json.dumps(body)
    assert body["incident"] in caplog.text


def test_what_is_away_is_a_line_of_the_log_and_no_incident(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "lagan.problems"):
        status, _ = document(Unavailable("No worker of the site is there."))
    assert status == 503
    assert "No worker of the site is there." in caplog.text
    assert "Traceback" not in caplog.text


def test_our_own_faults_keep_their_codes() -> None:
    assert document(NoSpace("Full."))[1]["type"] == "/problems/no-space"
    assert document(LaganError("Odd."))[1]["type"] == "/problems/internal"


def test_an_unauthorised_answer_says_how_to_sign_in(db: None, client: Client) -> None:
    answer = client.get("/api/auth/me/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_the_pages_of_the_api_need_nothing_from_outside(db: None, client: Client) -> None:
    page = client.get("/api/docs/").content.decode()
    assert "/static/ninja/swagger-ui-bundle.js" in page
    assert "https://" not in page.replace("https://www.w3.org", "")
    assert finders.find("ninja/swagger-ui-bundle.js")


def test_the_description_of_the_api_lists_the_documented_paths(db: None, client: Client) -> None:
    paths = client.get("/api/schema/").json()["paths"]
    for path in ("auth/token/", "auth/token/refresh/", "auth/token/verify/", "auth/clientkeys/"):
        assert f"/api/{path}" in paths
    assert set(paths["/api/users/{username}/"]) == {"get", "patch", "delete"}
    assert set(paths["/api/auth/clientkeys/{key}/"]) == {"get", "patch", "delete"}


def test_the_reasons_of_a_field_stand_under_its_name() -> None:
    assert document(BadInput("Too long.", field="name"))[1]["name"] == ["Too long."]
    many = BadInput("Odd.", reasons={"steps": ["no", "not"], "site": ["gone"]})
    assert document(many)[1]["steps"] == ["no", "not"]
    details = [{"loc": ("body", "body", "name"), "msg": "Field required"}]
    assert document(ValidationError(details))[1]["name"] == ["Field required"]
    details = [{"loc": ("query", "size"), "msg": "odd"}, {"loc": ("query", "size"), "msg": "two"}]
    assert document(ValidationError(details))[1]["size"] == ["odd", "two"]


@pytest.mark.parametrize("error", [Conflict("Taken."), NotFound("Absent."), BadInput("Odd.")])
def test_what_is_refused_about_a_field_is_bad_input(error: LaganError) -> None:
    with pytest.raises(BadInput) as raised, problems.about("site"):
        raise error
    assert document(raised.value) == (400, {**document(raised.value)[1], "site": [str(error)]})


def test_what_is_said_of_another_field_stays_so() -> None:
    with pytest.raises(BadInput) as raised, problems.about("site"):
        raise BadInput("Odd.", field="name")
    assert set(problems.reasons(raised.value)) == {"name"}
