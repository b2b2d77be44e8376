"""Templates and metadata over REST, as an administrator, a member and a stranger meet them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from lagan.hub.accounts.models import User
from lagan.hub.accounts.services import bootstrap, create_user, issue_tokens
from lagan.hub.base.actors import SYSTEM
from lagan.hub.tree import services
from lagan.hub.tree.permissions import ALL

pytestmark = pytest.mark.django_db
JSON = "application/json"
STAIN = {"key": ".Stain", "default": ["DAPI", "GFP"], "flags": ["MANDATORY", "SINGULAR"]}
OPERATOR = {"key": ".Operator", "regex": "[A-Z].*", "flags": ["MANDATORY"], "comment": "Who"}


@pytest.fixture
def users() -> dict[str, User]:
    """An owner, who holds everything on the lab, a mate, who reads it, a stranger."""
    bootstrap()
    root = services.ensure_root().root.id
    lab = services.create_entity(by=SYSTEM, type="GROUP", name="lab", parent=root)
    made = {name: create_user(by=SYSTEM, username=name) for name in ("owner", "mate", "stranger")}
    reading = {each for each in ALL if each.endswith("READ")}
    for name, grant in (("owner", ALL), ("mate", reading)):
        services.set_grants(by=SYSTEM, subject=made[name].entity_id, object=lab.id, grant=grant)
    return made


@pytest.fixture
def lab(users: dict[str, User]) -> int:
    listed = call(users["owner"], "get", "entities/?type=GROUP&text=lab").json()
    return int(listed["results"][0]["id"])


@pytest.fixture
def template(users: dict[str, User], lab: int) -> int:
    body = {"name": "optics", "parent": lab, "fields": [STAIN, OPERATOR]}
    made = call(users["owner"], "post", "templates/", body)
    assert made.status_code == 201, made.content
    return int(made.json()["id"])


@pytest.fixture
def dataset(users: dict[str, User], lab: int, template: int) -> int:
    """Made once the template counts for datasets in the lab."""
    made = services.create_entity(by=SYSTEM, type="DATASET", name="scan", parent=lab)
    body = {"type": "DATASET", "template": template}
    assert call(users["owner"], "post", f"entities/{lab}/templates/", body).status_code == 201
    return made.id


def call(user: User, verb: str, address: str, body: Any = None, type: str = JSON) -> Any:
    headers = {"Authorization": f"Bearer {issue_tokens(user)['access']}"}
    send = getattr(Client(), verb)
    if verb == "get":
        return send(f"/api/{address}", headers=headers)
    return send(f"/api/{address}", body, content_type=type, headers=headers)


def test_a_template_is_made_read_changed_and_removed(users: dict[str, User], template: int) -> None:
    owner, mate, stranger = users["owner"], users["mate"], users["stranger"]
    read = call(mate, "get", f"templates/{template}/").json()
    assert (read["name"], read["path"]) == ("optics", "/root/lab/optics")
    assert read["fields"][0] == {**STAIN, "regex": "", "min": 0, "max": None, "comment": ""}
    assert call(stranger, "get", f"templates/{template}/").status_code == 404
    listed = [call(user, "get", "templates/").json()["results"] for user in (mate, stranger)]
    assert [len(each) for each in listed] == [1, 0]
    assert call(mate, "put", f"templates/{template}/fields/", []).status_code == 403
    put = call(owner, "put", f"templates/{template}/fields/.Depth/", {"key": ".Depth", "max": 1})
    assert [each["key"] for each in put.json()["fields"]] == [".Stain", ".Operator", ".Depth"]
    gone = call(owner, "delete", f"templates/{template}/fields/.Stain/")
    assert [each["key"] for each in gone.json()["fields"]] == [".Operator", ".Depth"]
    body = {"name": "light", "fields": [OPERATOR]}
    assert call(owner, "patch", f"templates/{template}/", body).json()["name"] == "light"
    assert call(owner, "delete", f"templates/{template}/").status_code == 204
    assert call(owner, "get", f"templates/{template}/").status_code == 404


def test_bad_fields_are_refused_with_every_reason(users: dict[str, User], template: int) -> None:
    fields = [{"key": "no key", "regex": "("}, {"key": ".k", "flags": ["SINGULAR"], "min": 2}]
    refused = call(users["owner"], "put", f"templates/{template}/fields/", fields)
    assert refused.status_code == 400
    assert [each["key"] for each in refused.json()["reasons"]].count("no key") == 2
    assert len(call(users["owner"], "get", f"templates/{template}/").json()["fields"]) == 2


def test_an_expression_is_tried(users: dict[str, User]) -> None:
    body = {"regex": "[a-z]+", "values": ["abc", "ABC"]}
    tried = call(users["stranger"], "post", "templates/regex/", body)
    assert tried.json() == {"matches": [True, False]}
    assert call(users["stranger"], "post", "templates/regex/", {"regex": "("}).status_code == 400
    odd = call(users["stranger"], "post", "templates/regex/", {"regex": ".", "values": ["\ud800"]})
    assert odd.status_code in (200, 400)


def test_assignments_and_what_is_in_effect(
    users: dict[str, User], lab: int, template: int, dataset: int
) -> None:
    owner, mate, stranger = users["owner"], users["mate"], users["stranger"]
    listed = call(mate, "get", f"entities/{lab}/templates/?type=DATASET").json()
    assert listed == [{"template": template, "name": "optics"}]
    where = call(mate, "get", f"templates/{template}/assignments/").json()
    assert where == [{"group": lab, "path": "/root/lab", "type": "DATASET"}]
    in_effect = call(mate, "get", f"entities/{dataset}/template/?type=DATASET").json()
    assert [each["key"] for each in in_effect] == [".Stain", ".Operator"]
    assert in_effect[0]["origin"] == {
        "group": lab,
        "path": "/root/lab",
        "template": template,
        "name": "optics",
    }
    assert call(stranger, "get", f"entities/{lab}/template/").status_code == 404
    body = {"type": "DATASET", "templates": []}
    assert call(mate, "put", f"entities/{lab}/templates/", body).status_code == 403
    assert call(owner, "put", f"entities/{lab}/templates/", body).json() == []
    assert call(owner, "delete", f"entities/{lab}/templates/{template}/").status_code == 404
    assert call(owner, "get", f"entities/{lab}/template/?type=CASTLE").status_code == 400


def test_metadata_is_set_read_and_refused(users: dict[str, User], dataset: int) -> None:
    owner, mate, stranger = users["owner"], users["mate"], users["stranger"]
    address = f"entities/{dataset}/metadata/"
    refused = call(owner, "patch", address, {".Stain": ["blue"], ".Operator": "ada"})
    assert refused.status_code == 400
    assert refused.json()["type"] == "/problems/not-compliant"
    assert {(each["key"], each["code"]) for each in refused.json()["reasons"]} == {
        (".Stain", "not-a-choice"),
        (".Operator", "no-match"),
    }
    assert call(owner, "patch", address, {".Operator": "Ada", ".n": [1, 2.5]}).status_code == 204
    expected = {".Operator": ["Ada"], ".Stain": ["DAPI"], ".n": ["1", "2.5"]}
    assert call(mate, "get", address).json() == expected
    assert call(mate, "patch", address, {".n": []}).status_code == 403
    assert call(stranger, "get", address).status_code == 404
    assert call(owner, "patch", address, {"system.x": "1"}).status_code == 403
    assert call(owner, "put", address, {".Operator": "Eve"}).status_code == 204
    assert call(mate, "get", address).json() == {".Operator": ["Eve"], ".Stain": ["DAPI"]}
    told = call(mate, "get", f"{address}history/?key=.Operator").json()["results"]
    assert [(each["by"], each["after"]) for each in told] == [
        ("owner", ["Eve"]),
        ("owner", ["Ada"]),
    ]
    presets = call(mate, "get", f"{address}presets/").json()
    assert {".Stain", ".Creator"} <= {each["key"] for each in presets}


@pytest.mark.parametrize("format", ["json", "csv"])
def test_import_is_previewed_applied_and_exported_again(
    users: dict[str, User], dataset: int, format: str
) -> None:
    owner, address = users["owner"], f"entities/{dataset}/metadata/"
    call(owner, "patch", address, {".Operator": "Ada", ".note": 'a "b",\r\nc'})
    exported = call(owner, "get", f"{address}export/?format={format}")
    assert f"metadata-{dataset}.{format}" in exported["Content-Disposition"]
    call(owner, "put", address, {".Operator": "Eve", ".other": "x"})
    upload = f"{address}import/?format={format}&replace=true"
    seen = call(owner, "post", upload, exported.content, "application/octet-stream").json()
    assert not seen["applied"]
    assert {each["key"] for each in seen["differences"]} == {".Operator", ".note", ".other"}
    assert call(owner, "get", address).json()[".Operator"] == ["Eve"]
    done = call(owner, "post", f"{upload}&apply=true", exported.content, "text/plain").json()
    assert done["applied"]
    again = call(owner, "get", f"{address}export/?format={format}")
    assert again.content == exported.content
    bad = call(owner, "post", f"{address}import/?format={format}&apply=true", b"\xff", "text/plain")
    assert bad.status_code == 400


def test_metadata_is_copied(users: dict[str, User], lab: int, dataset: int) -> None:
    owner, mate = users["owner"], users["mate"]
    other = services.create_entity(
        by=SYSTEM, type="DATASET", name="b", parent=lab, metadata={".Operator": ["Eve"]}
    )
    body = {"source": other.id, "keys": [".Operator"]}
    address = f"entities/{dataset}/metadata/copy/"
    assert call(mate, "post", address, body).status_code == 403
    assert call(owner, "post", address, body).json() == {"copied": [".Operator"]}
    assert call(owner, "post", address, {"source": 10**9}).status_code == 404
