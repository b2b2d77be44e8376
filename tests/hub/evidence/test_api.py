"""The record over HTTP: by an owner, a team-mate, a stranger and nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from lagan.hub.accounts.services import bootstrap, create_user
from lagan.hub.base.actors import SYSTEM
from lagan.hub.evidence import queries
from lagan.hub.evidence.parts import judge
from lagan.hub.evidence.verifying import verify_certificate
from lagan.hub.tree import services as tree
from tests.hub.audit.sealing import seal_all
from tests.hub.evidence.conftest import Kept
from tests.hub.jobs.api.asking import Person


@pytest.fixture
def asking(kept: Kept) -> dict[str, Person]:
    """A member of the team, a stranger and an administrator, with accounts."""
    bootstrap()
    names = ("member", "visitor", "admin")
    made = {name: create_user(by=SYSTEM, username=name, admin=name == "admin") for name in names}
    tree.add_member(by=SYSTEM, member=made["member"].entity_id, group=kept.people.role.pk)
    seal_all()
    return {name: Person(user) for name, user in made.items()}


def lines(answer: Any) -> list[bytes]:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).splitlines(keepends=True)


def test_a_list_goes_by_key_and_has_filters(asking: dict[str, Person], kept: Kept) -> None:
    place = f"audit/?subject={kept.dataset}&size=1"
    first = asking["member"].get(place)
    assert first["results"][0]["subject"] == kept.dataset
    rest = asking["member"].get(f"{place}&after={first['next']}")
    assert rest["results"][0]["id"] < first["results"][0]["id"]
    assert asking["visitor"].get(place) == {"results": [], "next": None}
    for wrong in ("kind=made.up", "since=noon", "subject=x", "after=x", "size=0"):
        refusal = asking["member"].ask("GET", f"audit/?{wrong}")
        assert (refusal.status_code, refusal["Content-Type"]) == (400, "application/problem+json")
    assert Client().get("/api/audit/").status_code == 401


def test_an_export_comes_in_parts_that_prove_themselves(asking: dict[str, Person]) -> None:
    first = lines(asking["admin"].ask("GET", "audit/export/?size=5"))
    end = json.loads(first[-1])
    assert (end["end"], end["more"]) == (5, True)
    rest = lines(asking["admin"].ask("GET", f"audit/export/?after={end['next']}"))
    keys = {each["kid"]: each for each in Client().get("/api/audit/keys/").json()["keys"]}
    found = judge(first + rest, keys)
    assert (found.broken, found.parts) == (None, 2)
    assert json.loads(first[0])["whole"] is True
    own = lines(asking["visitor"].ask("GET", "audit/export/"))
    assert json.loads(own[0])["whole"] is False
    assert judge(own, keys).broken is None
    assert asking["admin"].ask("GET", "audit/export/?after=-1").status_code == 400
    assert asking["admin"].ask("GET", "audit/export/?kind=x").status_code == 400


def test_premis_is_for_who_may_read_it(asking: dict[str, Person], kept: Kept) -> None:
    place = f"audit/premis.xml?subject={kept.dataset}&files=dataset"
    found = b"".join(lines(asking["member"].ask("GET", place)))
    assert found.count(b'xsi:type="file"') == 3
    assert asking["visitor"].ask("GET", place).status_code == 404
    assert asking["member"].ask("GET", "audit/premis.xml?files=dataset").status_code == 400


def test_a_depositor_downloads_a_certificate(asking: dict[str, Person], kept: Kept) -> None:
    body = {"kind": "dataset", "id": kept.dataset}
    for form in ("json", "pdf"):
        answer = asking["member"].ask("POST", "audit/certificates/", {**body, "form": form})
        assert answer.status_code == 200
        assert f"certificate-dataset-{kept.dataset}.{form}" in answer["Content-Disposition"]
        found = verify_certificate(answer.content, queries.public_keys())
        assert found.certificate["asked_by"] == "member"
    for who, status in (("visitor", 404), ("member", 200)):
        assert asking[who].ask("POST", "audit/certificates/", body).status_code == status
    wrong = asking["member"].ask("POST", "audit/certificates/", {**body, "kind": "elephant"})
    assert wrong.status_code == 400
    assert asking["member"].ask("POST", "audit/certificates/", {"id": 2**63}).status_code == 400
