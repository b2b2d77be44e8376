"""The seed's own example, `/NTNU/NV/IFY/Research Groups/NTNU-NV-IFY Nortem`: what an administrator
of it, a member, a guest and a stranger may and may not do, through the API and the pages.

Source: seeds/dataset-archive.txt, introduction to concepts, create a research group, how to add
members on a group. The same people at a running hub, by the command as well: test_running_hub.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from lagan.hub.accounts.services import issue_tokens
from lagan.hub.base.actors import SYSTEM
from lagan.hub.datasets import services as datasets
from lagan.hub.tree import queries, services
from tests.hub.research import NAME, WHO, Research

Ask = Callable[..., Any]
YES, NO, ABSENT = 200, 403, 404


@pytest.fixture
def theirs(research: Research) -> dict[str, int]:
    """A dataset of the member's and one of the guest's."""
    return {
        who: datasets.create_dataset(
            by=research.actor(who), name=f"{who}'s scan", group=research.group.id
        ).pk
        for who in ("member", "guest")
    }


@pytest.fixture
def ask(research: Research) -> Ask:
    """`ask("guest", "get", "/api/datasets/5/")`: an answer of the API."""
    bearers = {who: issue_tokens(user)["access"] for who, user in research.people.items()}

    def call(who: str, verb: str, address: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {bearers[who]}"}
        given = {} if body is None else {"data": body, "content_type": "application/json"}
        return getattr(Client(), verb)(address, headers=headers, **given)

    return call


@pytest.fixture
def page(research: Research) -> Ask:
    """`page("guest", "/datasets/")`: an answer of the pages."""

    def look(who: str, address: str, form: dict[str, Any] | None = None) -> Any:
        client = Client()
        client.force_login(research.people[who], "django.contrib.auth.backends.ModelBackend")
        return client.get(address) if form is None else client.post(address, form)

    return look


# What each may do with the dataset of the guest's: (act, adm, member, guest, stranger).
MATRIX = [
    ("read it", "get", "/api/datasets/{id}/", None, YES, YES, YES, ABSENT),
    ("list its files", "get", "/api/datasets/{id}/files/", None, YES, YES, YES, ABSENT),
    ("read its metadata", "get", "/api/entities/{id}/metadata/", None, YES, YES, YES, ABSENT),
    ("change its metadata", "patch", "/api/entities/{id}/metadata/", {".Description": ["x"]},
     204, NO, 204, ABSENT),
    ("see who has permissions", "get", "/api/entities/{id}/subjects/", None,
     YES, YES, YES, ABSENT),
    ("set permissions", "put", "/api/entities/{id}/grants/", {"deny": ["DATASET_LIST"]},
     204, NO, 204, ABSENT),
    ("rename it", "patch", "/api/entities/{id}/", {"name": "renamed"}, YES, NO, YES, ABSENT),
    ("close it", "post", "/api/datasets/{id}/close/", {}, YES, NO, YES, ABSENT),
    ("remove it", "delete", "/api/datasets/{id}/", None, 204, NO, NO, ABSENT),
]  # fmt: skip


@pytest.mark.parametrize("row", MATRIX, ids=[row[0] for row in MATRIX])
@pytest.mark.parametrize("place", range(4), ids=WHO)
def test_what_each_may_do_with_the_guests_dataset(
    research: Research, theirs: dict[str, int], ask: Ask, row: tuple[Any, ...], place: int
) -> None:
    act, verb, address, body, *expected = row
    if act == "set permissions":
        body = {**body, "subject": research.roles["_guest"].id}
    answer = ask(WHO[place], verb, address.format(id=theirs["guest"]), body)
    assert answer.status_code == expected[place], answer.content


def test_the_member_owns_what_the_member_made_and_the_guest_does_not_know_of_it(
    theirs: dict[str, int], ask: Ask
) -> None:
    own = f"/api/datasets/{theirs['member']}/"
    assert [ask(who, "get", own).status_code for who in WHO] == [YES, YES, ABSENT, ABSENT]
    assert ask("member", "delete", own).status_code == NO
    assert ask("guest", "post", f"{own}close/", {}).status_code == ABSENT
    assert ask("member", "post", f"{own}close/", {}).status_code == YES


def test_creating_is_for_the_three_roles_alone_and_they_can_name_the_group(
    research: Research, ask: Ask
) -> None:
    made, named = {}, {}
    for who in WHO:
        body = {"name": f"new {who}", "group": research.group.id}
        made[who] = ask(who, "post", "/api/datasets/", body).status_code
        groups = ask(who, "get", f"/api/entities/?type=GROUP&text={NAME}").json()["results"]
        named[who] = NAME in {each["name"] for each in groups}
    assert made == {"adm": 201, "member": 201, "guest": 201, "stranger": ABSENT}
    assert named == {"adm": True, "member": True, "guest": True, "stranger": False}


def test_lists_show_what_each_may_read(theirs: dict[str, int], ask: Ask, page: Ask) -> None:
    for who, expected in (
        ("adm", {"member's scan", "guest's scan"}),
        ("member", {"member's scan", "guest's scan"}),
        ("guest", {"guest's scan"}),
        ("stranger", set()),
    ):
        listed = {each["name"] for each in ask(who, "get", "/api/datasets/").json()["results"]}
        assert listed == expected
        shown = page(who, "/datasets/").content.decode()
        for name in ("member", "guest"):
            assert (f"{name}&#x27;s scan" in shown) == (f"{name}'s scan" in expected)


def test_every_page_of_the_dataset_and_the_group_agrees(
    research: Research, theirs: dict[str, int], page: Ask
) -> None:
    scan, group = theirs["guest"], research.group.id
    adm_role = research.roles["_adm"].id
    for address, expected in (
        (f"/datasets/{scan}/", (200, 200, 200, 404)),
        (f"/datasets/{scan}/log/", (200, 200, 200, 404)),
        (f"/entities/{scan}/permissions/", (200, 200, 200, 404)),
        (f"/entities/{scan}/permissions/who/", (200, 200, 200, 404)),
        (f"/entities/{group}/permissions/", (200, 200, 200, 404)),
        (f"/entities/{group}/permissions/who/?permission=DATASET_READ", (200, 200, 403, 404)),
        (f"/entities/{adm_role}/members/", (200, 200, 404, 404)),
        (f"/entities/{adm_role}/permissions/", (200, 200, 404, 404)),
        ("/groups/new/", (200, 200, 200, 200)),
    ):
        found = tuple(page(who, address).status_code for who in WHO)
        assert found == expected, address


def test_the_editor_sets_what_its_form_showed_and_leaves_the_rest(
    research: Research, theirs: dict[str, int], page: Ask
) -> None:
    scan, role = theirs["guest"], research.roles["_member"].id
    address = f"/entities/{scan}/permissions/"
    form = {"subject": role, "shown": ["DATASET_READ", "DATASET_CHANGE"], "grant": "DATASET_CHANGE"}
    assert page("member", address, form).status_code == 302
    assert role not in queries.grants_on(scan)
    assert page("stranger", address, form).status_code == 404
    assert page("guest", address, form).status_code == 302
    assert page(
        "guest", address, {"subject": role, "shown": "DATASET_LIST", "deny": "DATASET_LIST"}
    )
    granted, denied = queries.grants_on(scan)[role]
    assert (set(granted), set(denied)) == ({"DATASET_CHANGE"}, {"DATASET_LIST"})
    shown = page("guest", f"{address}?subject={role}").content.decode()
    assert 'aria-label="grant DATASET_CHANGE" checked' in shown
    assert queries.may(research.actor("member"), "DATASET_CHANGE", scan)


def test_the_page_says_why(research: Research, theirs: dict[str, int], page: Ask) -> None:
    address = f"/entities/{theirs['guest']}/permissions/why/?permission=DATASET_"
    read = page("member", address + "READ").content.decode()
    assert "member holds DATASET_READ" in read
    assert f"{NAME}_member" in read
    delete = page("guest", address + "DELETE").content.decode()
    assert "guest does not hold DATASET_DELETE" in delete
    about = f"&subject={research.entity('member')}"
    assert page("stranger", address + "READ" + about).status_code == 404


def test_administrators_manage_members_and_it_counts_at_once(
    research: Research, theirs: dict[str, int], ask: Ask, page: Ask
) -> None:
    members = f"/entities/{research.roles['_member'].id}/members/"
    stranger = research.entity("stranger")
    assert "stranger" in page("adm", f"{members}?find=stranger").content.decode()
    for who in ("member", "guest", "stranger"):
        page(who, members, {"member": stranger})
        assert ask("stranger", "get", f"/api/datasets/{theirs['guest']}/").status_code == ABSENT
    page("adm", members, {"member": stranger})
    assert ask("stranger", "get", f"/api/datasets/{theirs['guest']}/").status_code == YES
    page("adm", f"{members}remove/", {"member": stranger})
    assert ask("stranger", "get", f"/api/datasets/{theirs['guest']}/").status_code == ABSENT


def test_a_department_makes_its_groups_on_the_page(research: Research, page: Ask) -> None:
    form = {"kind": "lab", "within": research.department.id, "name": "TEM-Lab"}
    assert page("adm", "/groups/new/", form).status_code == 404
    assert "may make groups" in page("adm", "/groups/new/").content.decode()
    boss = services.ground().administrators.id
    services.add_member(by=SYSTEM, member=research.entity("adm"), group=boss)
    answer = page("adm", "/groups/new/", form)
    lab = queries.find(type="GROUP", name="TEM-Lab")
    assert answer["Location"] == f"/entities/{lab}/permissions/"
    assert queries.find(type="GROUP", name="NTNU-NV-IFY TEM-Lab_member") is not None
    again = page("adm", "/groups/new/", form)
    assert again.status_code == 409
    assert "already has a GROUP named TEM-Lab" in again.content.decode()
