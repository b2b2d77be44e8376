"""Permissions over REST: who may ask about whom, and what is told of what they do not see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from lagan.hub.accounts.services import issue_tokens
from lagan.hub.base.actors import SYSTEM
from lagan.hub.tree import queries, services
from lagan.hub.tree.permissions import DATASET_CREATOR, Permission
from tests.hub.research import NAME, WHO, Research

Call = Callable[..., Any]


@pytest.fixture
def call(research: Research) -> Call:
    """`call("member", "get", "5/why/", permission=...)`: an answer of `/api/entities/`."""
    clients = {
        who: {"Authorization": f"Bearer {issue_tokens(user)['access']}"}
        for who, user in research.people.items()
    }

    def ask(who: str, verb: str, address: str, body: object = None, **query: object) -> Any:
        client = Client()
        if body is None:
            given: Any = {"data": query}
        else:
            given = {"data": body, "content_type": "application/json"}
        return getattr(client, verb)(f"/api/entities/{address}", headers=clients[who], **given)

    return ask


@pytest.fixture
def dataset(research: Research) -> int:
    """The guest's own."""
    made = services.create_entity(by=SYSTEM, type="DATASET", name="scan", parent=research.group.id)
    services.set_grants(
        by=SYSTEM, subject=research.entity("guest"), object=made.id, grant=DATASET_CREATOR
    )
    return made.id


def test_every_permission_is_explained_in_one_sentence(research: Research, call: Call) -> None:
    bearer = f"Bearer {issue_tokens(research.people['stranger'])['access']}"
    rows = Client().get("/api/permissions/", headers={"Authorization": bearer}).json()
    assert [each["permission"] for each in rows] == [str(each) for each in Permission]
    assert all(each["meaning"].endswith(".") for each in rows)
    assert {each["family"] for each in rows} >= {"DATASET", "GROUP", "COMPUTER", "USER"}


def test_why_tells_the_whole_chain_to_whom_it_concerns(
    research: Research, call: Call, dataset: int
) -> None:
    told = call("member", "get", f"{dataset}/why/", permission="DATASET_READ").json()
    (chain,) = told["granting"]
    assert told["holds"] is True
    assert [(each["link"], each["entity"]["name"]) for each in chain["steps"]] == [
        ("member", f"{NAME}_member")
    ]
    assert chain["granted_at"]["name"] == NAME


def test_the_nearest_denial_is_told_when_the_answer_is_no(
    research: Research, call: Call, dataset: int
) -> None:
    services.set_grants(
        by=SYSTEM, subject=research.roles["_member"].id, object=dataset, deny=["DATASET_LOG_READ"]
    )
    told = call("member", "get", f"{dataset}/why/", permission="DATASET_LOG_READ").json()
    assert (told["holds"], told["granting"]) == (False, [])
    nearest = told["nearest"]
    assert nearest["role"]["name"] == f"{NAME}_member"
    assert (nearest["granted_at"]["name"], nearest["denied_at"]["name"]) == (NAME, "scan")


@pytest.mark.parametrize(
    ("who", "status"), [("adm", 200), ("guest", 200), ("member", 404), ("stranger", 404)]
)
def test_who_is_asked_about_is_known_to_the_asker(
    research: Research, call: Call, dataset: int, who: str, status: int
) -> None:
    about = {"permission": "DATASET_READ", "subject": research.entity("adm")}
    assert call(who, "get", f"{dataset}/why/", **about).status_code == status
    columns = call(who, "get", f"{dataset}/permissions/", subject=research.entity("adm"))
    assert columns.status_code == status


def test_ids_do_not_tell_names(research: Research, call: Call, dataset: int) -> None:
    stranger = research.entity("stranger")
    answer = call("guest", "get", f"{dataset}/permissions/", subject=stranger)
    assert answer.status_code == 404
    assert b"stranger" not in answer.content


def test_who_may_is_told_in_full_to_who_sets_permissions_and_else_as_far_as_seen(
    research: Research, call: Call, dataset: int
) -> None:
    asked = {"permission": "DATASET_READ"}
    full = call("guest", "get", f"{dataset}/who/", **asked).json()
    assert [each["entity"]["name"] for each in full["results"]] == ["adm", "guest", "member"]
    assert [each["roles"][0]["name"] for each in full["results"]] == [
        f"{NAME}_adm", "guest", f"{NAME}_member",
    ]  # fmt: skip
    assert {each["name"] for each in full["granted"]} >= {f"{NAME}_adm", "Administrators"}
    seen = call("member", "get", f"{dataset}/who/", **asked).json()
    assert [each["entity"]["name"] for each in seen["results"]] == ["member"]
    assert "Administrators" not in {each["name"] for each in seen["granted"]}
    assert call("stranger", "get", f"{dataset}/who/", **asked).status_code == 404
    roles = call("adm", "get", f"{dataset}/who/", type="GROUP", **asked).json()
    assert f"{NAME}_member" in {each["entity"]["name"] for each in roles["results"]}


def test_who_pages_by_name(research: Research, call: Call, dataset: int) -> None:
    names: list[str] = []
    after: str | None = None
    for _ in range(3):
        more: dict[str, str] = {"after": after} if after else {}
        page = call(
            "adm", "get", f"{dataset}/who/", permission="DATASET_READ", size=1, **more
        ).json()
        names += [each["entity"]["name"] for each in page["results"]]
        after = page["next"]
    assert (names, after) == (["adm", "guest", "member"], None)


def test_the_editor_shows_a_grant_beside_what_is_inherited(
    research: Research, call: Call, dataset: int
) -> None:
    role = research.roles["_member"].id
    body = {"subject": role, "grant": ["DATASET_READ"], "deny": ["DATASET_LIST"]}
    assert call("adm", "put", f"{dataset}/grants/", body).status_code == 204
    rows = call("adm", "get", f"{dataset}/permissions/", subject=role).json()
    assert rows[0]["permission"].startswith("DATASET_")
    by_name = {each["permission"]: each for each in rows}
    four = ("inherited", "deny", "grant", "effective")
    assert [by_name["DATASET_READ"][each] for each in four] == [True, False, True, True]
    assert [by_name["DATASET_LIST"][each] for each in four] == [True, True, False, False]
    assert [by_name["DATASET_MOVE"][each] for each in four] == [False] * 4
    assert by_name["DATASET_READ"]["at"]["name"] == NAME


def test_subjects_with_marks_are_listed(research: Research, call: Call, dataset: int) -> None:
    listed = call("guest", "get", f"{dataset}/subjects/").json()
    assert [each["entity"]["name"] for each in listed] == ["guest"]
    assert "DATASET_CLOSE" in listed[0]["grant"]
    assert call("member", "get", f"{dataset}/subjects/").json() == []
    assert call("stranger", "get", f"{dataset}/subjects/").status_code == 404


def test_everybody_learns_their_own_roles_and_nobody_those_of_the_hidden(
    research: Research, call: Call
) -> None:
    me = research.entity("guest")
    told = call("guest", "get", f"{me}/roles/").json()
    paths = {each["entity"]["name"]: [step["link"] for step in each["steps"]] for each in told}
    assert paths[f"{NAME}_guest"] == ["member"]
    assert paths[NAME] == ["member", "parent", "parent"]
    assert call("stranger", "get", f"{me}/roles/").status_code == 404


def test_administrators_add_and_remove_members_of_the_roles(research: Research, call: Call) -> None:
    role, body = research.roles["_guest"].id, {"member": research.entity("stranger")}
    assert call("member", "post", f"{role}/members/", body).status_code == 403
    assert call("adm", "post", f"{role}/members/", body).status_code == 204
    listed = call("member", "get", f"{role}/members/").json()["results"]
    assert [each["name"] for each in listed] == ["guest", "stranger"]
    assert call("guest", "get", f"{role}/members/").status_code == 404
    gone = call("adm", "delete", f"{role}/members/{body['member']}/")
    assert gone.status_code == 204
    assert [each.name for each in queries.members(role)] == ["guest"]


def test_groups_with_their_roles_are_made_by_who_may(research: Research, call: Call) -> None:
    place = research.department.id
    services.add_member(
        by=SYSTEM,
        member=research.entity("adm"),
        group=services.ground().administrators.id,
    )
    made = call("adm", "post", f"{place}/research-groups/", {"name": "Optics"})
    assert made.status_code == 201
    assert made.json()["group"]["path"].endswith("/Research Groups/NTNU-NV-IFY Optics")
    assert set(made.json()["roles"]) == {"_adm", "_member", "_guest"}
    lab = call("adm", "post", f"{place}/labs/", {"name": "TEM-Lab"}).json()
    assert call("adm", "post", f"{lab['group']['id']}/role-groups/", {"kind": "lab"}).json() == lab
    for who in WHO[1:]:
        assert call(who, "post", f"{place}/labs/", {"name": "Mine"}).status_code == 404


@pytest.mark.parametrize("address", ["who/", "why/"])
def test_a_permission_that_is_none_is_refused(
    research: Research, call: Call, dataset: int, address: str
) -> None:
    answer = call("adm", "get", f"{dataset}/{address}", permission="FLY")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-input")
