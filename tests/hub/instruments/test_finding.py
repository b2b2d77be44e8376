"""Experiments and datasets are found again by what programs know of them, in every folder
structure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.hub.audit.sealing import settle

if TYPE_CHECKING:
    from tests.hub.instruments.laboratory import Laboratory


@pytest.mark.parametrize(
    ("made", "sought", "found"),
    [
        ({}, {"folder_structure": "Username / Dataset", "user_folder_name": "OWNER"}, True),
        ({}, {"folder_structure": "Username / Dataset", "user_folder_name": "owner"}, True),
        # By address the experiment of the same person is found, however it was made.
        (
            {}, {"folder_structure": "Email / Dataset", "user_folder_name": "Owner@Example.org"},
            True,
        ),
        ({}, {"folder_structure": "Username / Dataset", "user_folder_name": "mate"}, False),
        (
            {"user_folder_name": "Unknown"},
            {"folder_structure": "Username / Dataset", "user_folder_name": "unknown"}, True,
        ),
        (
            {"user_folder_name": None, "group_folder_name": "Group1"},
            {"folder_structure": "User Group / Dataset", "group_folder_name": "Group1"}, True,
        ),
        (
            {"user_folder_name": None, "group_folder_name": "Group1"},
            {"folder_structure": "User Group / Dataset", "group_folder_name": "group1"}, False,
        ),
        ({}, {"folder_structure": "Experiment / Dataset", "user_folder_name": "x"}, True),
        ({}, {"folder_structure": "Dataset", "user_folder_name": "x"}, True),
        # What old programs leave out is guessed.
        ({}, {"user_folder_name": "owner@example.org"}, True),
        ({"group_folder_name": "G"}, {"group_folder_name": "G"}, True),
        ({}, {}, True),
    ],
)  # fmt: skip
def test_which_experiment_is_found(
    lab: Laboratory, made: dict[str, Any], sought: dict[str, Any], found: bool
):
    number = lab.experiment("T", **made)
    hit = lab.role.get("mydata_experiment/", title="T", **sought)
    assert (hit is not None) is found
    assert hit is None or hit["id"] == number
    assert lab.role.get("mydata_experiment/", title="t", **sought) is None
    assert lab.stranger.get("mydata_experiment/", title="T", **sought) is None


def test_the_oldest_programs_ask_by_uploader(lab: Laboratory):
    from tests.hub.instruments.laboratory import UUID

    number = lab.experiment("T")
    sought = {"uploader": UUID, "user_folder_name": "owner"}
    assert lab.role.get("mydata_experiment/", **sought)["id"] == number
    assert lab.role.get("mydata_experiment/", **{**sought, "uploader": "other"}) is None


def test_titles_and_descriptions_may_repeat(lab: Laboratory):
    first = lab.experiment("T/1", user_folder_name="owner")
    second = lab.experiment("T/1", user_folder_name="mate")
    assert lab.experiment("T/1", user_folder_name="mate") == second != first
    instruments = [lab.instrument(name) for name in ("One", "Two")]
    numbers = []
    for instrument in instruments:
        given = {
            "instrument": f"/api/v1/instrument/{instrument}/", "description": "Day 1/2",
            "experiments": [f"/api/v1/mydata_experiment/{first}/"], "immutable": True,
        }  # fmt: skip
        made = lab.role.post("dataset/", **given)
        assert (made.status_code, made.json()["description"]) == (201, "Day 1/2")
        assert lab.role.post("dataset/", **given).json()["id"] == made.json()["id"]
        numbers.append(made.json()["id"])
        where = {"experiments__id": first, "description": "Day 1/2", "instrument__id": instrument}
        found = lab.role.get("dataset/", **where)
        assert (found["id"], found["immutable"]) == (made.json()["id"], True)
    assert len(set(numbers)) == 2
    both = lab.role.ask("GET", "dataset/", params={"experiments__id": first}).json()["objects"]
    assert [each["id"] for each in both] == numbers


def test_an_experiment_is_shared_with_whom_it_says(lab: Laboratory):
    number, dataset = lab.experiment(), lab.dataset()
    stranger = lab.stranger.actor.entity
    given = {
        "pluginId": "django_user", "entityId": str(stranger), "object_id": number,
        "content_type": "experiment", "isOwner": False, "canRead": True, "canWrite": False,
        "canDelete": False,
    }  # fmt: skip
    assert lab.stranger.get("dataset/", id=dataset) is None
    for who in (lab.stranger, lab.nobody):
        assert who.post("objectacl/", **given).status_code in (401, 404)
    assert lab.role.post("objectacl/", **given).status_code == 201
    assert lab.stranger.get("dataset/", id=dataset)["id"] == dataset
    assert lab.stranger.send(dataset, "a", b"a").status_code == 401
    assert lab.role.post("objectacl/", **given | {"canWrite": True}).status_code == 201
    assert lab.stranger.send(dataset, "a", b"a").status_code == 201
    # Nobody gives what they do not hold, and a user is no group.
    assert lab.role.post("objectacl/", **given | {"canDelete": True}).status_code == 401
    assert lab.role.post("objectacl/", **given | {"pluginId": "django_group"}).status_code == 400
    # The group that the experiment lies in is everybody in it, who was not meant.
    facility = given | {"pluginId": "django_group", "entityId": str(lab.facility), "isOwner": True}
    assert lab.role.post("objectacl/", **facility).status_code == 201
    from lagan.hub.tree import queries as tree

    assert lab.facility not in tree.grants_on(number)


def test_people_and_groups(lab: Laboratory):
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.tree import services as tree

    assert lab.role.get("user/", email__iexact="OWNER@example.org")["username"] == "owner"
    assert lab.role.get("user/", username="Owner") is None
    moved = lab.role.ask("GET", "mydata_user/", params={"username": "OWNER"}).json()
    assert (moved["success"], moved["username"]) == (True, "owner")
    for who, name in ((lab.role, "nobody"), (lab.owner, "mate"), (lab.nobody, "owner")):
        told = who.ask("GET", "mydata_user/", params={"username": name}).json()
        assert told == {"success": False}
    group = tree.create_entity(by=SYSTEM, type="GROUP", name="TestGroup", parent=lab.facility).id
    assert lab.role.get("group/", name="TestGroup")["id"] == group
    assert lab.role.get("group/", name="Test") is None
    assert lab.owner.get("group/", name="TestGroup") is None
    lab.experiment("Group2")
    assert lab.role.get("group/", name="Group2") is None
    mine = lab.role.get("user/", username="facility")
    assert [each["name"] for each in mine["groups"]] == ["Imaging_adm"]


def test_an_instrument_gets_another_name(lab: Laboratory):
    one, two = lab.instrument("One"), lab.instrument("Two")
    renamed = lab.role.ask("PUT", f"instrument/{one}/", json={"name": "Three"})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Three")
    assert lab.role.ask("PUT", f"instrument/{one}/", json={"name": "Two"}).status_code == 400
    assert lab.stranger.ask("PUT", f"instrument/{two}/", json={"name": "X"}).status_code == 404
    assert lab.owner.post(
        "instrument/", facility=f"/api/v1/facility/{lab.facility}/", name="X"
    ).status_code in (401, 404)


def test_who_gets_an_account_later_gets_what_was_uploaded_before(lab: Laboratory):
    from lagan.hub.accounts import services as accounts
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.tree import queries as tree

    numbers = [
        lab.experiment("By name", user_folder_name="Late"),
        lab.experiment("By address", user_folder_name="late@example.org"),
        lab.experiment("Another's", user_folder_name="later"),
        lab.experiment("Of a group", user_folder_name="late", group_folder_name="G"),
    ]
    user = accounts.create_user(by=SYSTEM, username="late", email="late@example.org")
    for _ in range(2):
        settle()
        theirs = [user.entity_id in tree.grants_on(each) for each in numbers]
        assert theirs == [True, True, False, False]
    sought = {"title": "By name", "folder_structure": "Username / Dataset"}
    found = lab.role.get("mydata_experiment/", **sought, user_folder_name="late")
    assert user.entity_id in found["owner_ids"]
