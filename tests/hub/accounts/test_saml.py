"""Logging in by SAML 2.0, at a real identity provider in a process of its own."""

from __future__ import annotations

import base64
import json
import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from django.test import Client

from lagan.hub.accounts import saml as protocol
from lagan.hub.accounts import services
from lagan.hub.accounts.models import Login, User
from lagan.hub.accounts.providers import read
from lagan.hub.base.actors import SYSTEM
from lagan.kit.errors import BadInput
from tests.hub.accounts.cast import Cast
from tests.services.process import Running

PERSON = {
    "eduPersonPrincipalName": ["ben@campus.example"],
    "mail": ["ben@example.org"],
    "displayName": ["Ben Campus"],
    "eduPersonAffiliation": ["member", "employee"],
}


@pytest.fixture
def campus(cast: Cast, saml: Running) -> Running:
    """The provider and the hub know each other by their metadata."""
    services.set_provider(by=SYSTEM, given=given(saml))
    described = Client().get("/login/saml/campus/metadata/")
    assert described.status_code == 200
    (Path(saml.address["hubs"]) / "hub.xml").write_bytes(described.content)
    return saml


def given(saml: Running, **changes: Any) -> dict[str, Any]:
    return {
        "name": "campus",
        "label": "Campus",
        "protocol": "saml",
        "issuer": saml.address["issuer"],
        "metadata": Path(saml.address["metadata"]).read_text(),
        "trusts_email": True,
        **changes,
    }


def asserted(client: Client, saml: Running, user: str, person: Any, more: str = "") -> str:
    """Go to the provider, log in there; what its page posts to the hub."""
    (Path(saml.address["people"]) / f"{user}.json").write_text(json.dumps(person))
    left = client.get("/login/with/campus/", {"next": "/jobs/"})
    assert left.status_code == 302
    page = httpx.get(f"{left['Location']}&user={quote(user)}{more}", timeout=60).text
    found = re.search(r'name="SAMLResponse" value="([^"]+)"', page)
    assert found is not None, page[:2000]
    return unescape(found[1])


def post(client: Client, response: str) -> Any:
    """As the browser does from the provider's page: no session comes along."""
    stranger = Client(enforce_csrf_checks=True)
    answer = stranger.post("/login/saml/campus/acs/", {"SAMLResponse": response})
    return client.get(answer["Location"]) if answer.status_code == 302 else answer


def who(client: Client) -> str | None:
    answer = client.get("/api/auth/me/")
    return answer.json()["username"] if answer.status_code == 200 else None


def test_a_local_user_is_matched_and_known_ever_after(campus: Running, cast: Cast) -> None:
    client = Client()
    answer = post(client, asserted(client, campus, "ben", PERSON))
    assert answer["Location"] == "/jobs/"
    assert who(client) == "ben"
    login = Login.objects.get()
    assert (login.subject, login.issuer) == ("persistent-ben", campus.address["issuer"])
    again = Client()
    post(again, asserted(again, campus, "ben", {**PERSON, "mail": ["other@example.org"]}))
    assert who(again) == "ben"


def test_an_account_is_made(campus: Running) -> None:
    person = {
        "eduPersonPrincipalName": ["kim@campus.example"],
        "mail": ["kim@campus.example"],
        "displayName": ["Kim Larsen"],
    }
    client = Client()
    post(client, asserted(client, campus, "kim", person))
    made = User.objects.get(username="kim@campus.example")
    assert (made.full_name, made.email) == ("Kim Larsen", "kim@campus.example")
    assert who(client) == "kim@campus.example"


def test_an_assertion_is_for_the_browser_that_asked_and_once(campus: Running) -> None:
    client, stranger = Client(), Client()
    response = asserted(client, campus, "ben", PERSON)
    stranger.get("/login/with/campus/")
    assert post(stranger, response).status_code == 401
    assert post(Client(), response).status_code == 401
    assert post(client, response).status_code == 302
    client.post("/logout/")
    client.get("/login/with/campus/")
    assert post(client, response).status_code == 401


@pytest.mark.parametrize("how", ["unsigned", "old"])
def test_an_assertion_without_a_good_signature_signs_nobody_in(campus: Running, how: str) -> None:
    """None at all, or one by SHA-1."""
    client = Client()
    response = asserted(client, campus, "ben", PERSON, f"&{how}=1")
    assert post(client, response).status_code == 401
    assert who(client) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [("ben@example.org", "ada@example.org"), ("persistent-ben", "persistent-ada")],
)
def test_an_altered_assertion_signs_nobody_in(campus: Running, old: str, new: str) -> None:
    client = Client()
    text = base64.b64decode(asserted(client, campus, "ben", PERSON)).decode()
    assert old in text
    forged = base64.b64encode(text.replace(old, new).encode()).decode()
    assert post(client, forged).status_code == 401
    assert who(client) is None


@pytest.mark.parametrize("odd", ["", "x", "PHg+PC94Pg==", "%%%", "PCFET0NUWVBFIHg+PHgvPg=="])
def test_no_answer_is_too_odd(campus: Running, odd: str) -> None:
    client = Client()
    client.get("/login/with/campus/")
    assert post(client, odd).status_code == 401


def test_a_ticket_is_sealed(campus: Running) -> None:
    client = Client()
    client.get("/login/with/campus/")
    assert client.get("/login/back/campus/assertion/?ticket=made-up").status_code == 401


@pytest.mark.parametrize(
    "changes", [{"metadata": "<x/>"}, {"metadata": "no xml"}, {"issuer": "urn:another"}]
)
def test_metadata_that_does_not_fit_is_refused(saml: Running, changes: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        protocol.check(read(given(saml, **changes)))
