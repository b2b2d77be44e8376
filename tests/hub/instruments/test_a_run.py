"""The requests of a run, one after the other, as deployed programs make them; what each of them
relies on is in docs/doors/instruments.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.hub.instruments.laboratory import Laboratory

STRUCTURE = "Username / Dataset"


def test_the_root_is_open_and_names_what_there_is(lab: Laboratory):
    answer = lab.nobody.ask("GET", "?format=json")
    assert (answer.status_code, answer.json()["facility"]["list_endpoint"]) == (
        200, "/api/v1/facility/",
    )  # fmt: skip


def test_a_first_run_by_username_and_dataset(lab: Laboratory):
    role = lab.role
    assert role.get("user/", username="facility")["username"] == "facility"
    facility = role.get("facility/")
    assert (facility["name"], facility["manager_group"]["name"]) == ("Imaging", "Imaging_adm")
    where = {"facility__id": facility["id"], "name": "Scope"}
    assert role.get("instrument/", **where) is None
    made = role.post("instrument/", facility=facility["resource_uri"], name="Scope")
    assert made.status_code == 201
    instrument = role.get("instrument/", **where)
    assert instrument == made.json()
    assert instrument["facility"]["manager_group"] == facility["manager_group"]

    person = role.get("user/", username="owner")
    assert {*person} >= {"id", "username", "first_name", "last_name", "email", "groups"}
    assert (person["first_name"], person["last_name"]) == ("Jan", "owner")
    from tests.hub.instruments.laboratory import experiment

    sought = {
        "title": "Scope - Jan owner", "folder_structure": STRUCTURE, "user_folder_name": "owner",
    }  # fmt: skip
    assert role.get("mydata_experiment/", **sought) is None
    answer = role.post("mydata_experiment/", **experiment())
    assert answer.status_code == 201
    assert answer.headers["location"] == answer.json()["resource_uri"]
    found = role.get("mydata_experiment/", **sought)
    assert isinstance(found["id"], int)
    assert found["parameter_sets"][0]["parameters"][1]["string_value"] == "owner"
    for plugin, entity in (
        ("django_group", facility["manager_group"]["id"]), ("django_user", person["id"]),
    ):  # fmt: skip
        shared = role.post(
            "objectacl/", pluginId=plugin, entityId=str(entity), content_type="experiment",
            content_object=f"/api/v1/experiment/{found['id']}/", object_id=found["id"],
            aclOwnershipType=1, isOwner=True, canRead=True, canWrite=True, canDelete=False,
            effectiveDate=None, expiryDate=None,
        )  # fmt: skip
        assert (shared.status_code, shared.content) == (201, b"")

    where = {"experiments__id": found["id"], "description": "Flowers"}
    where["instrument__id"] = instrument["id"]
    assert role.get("dataset/", **where) is None
    made = role.post(
        "dataset/", instrument=instrument["resource_uri"], description="Flowers",
        experiments=[found["resource_uri"]], immutable=False,
    )  # fmt: skip
    assert made.status_code == 201, made.text
    dataset = role.get("dataset/", **where)
    assert dataset["instrument"]["name"] == "Scope"

    file = {"dataset__id": dataset["id"], "filename": "b.bin", "directory": "sub"}
    assert role.get("mydata_dataset_file/", **file) is None
    sent = role.send(dataset["id"], "b.bin", b"flowers" * 1000, "sub")
    assert (sent.status_code, sent.content) == (201, b"")
    stored = role.get("mydata_dataset_file/", **file)
    assert sent.headers["location"] == stored["resource_uri"]
    assert (stored["size"], stored["replicas"][0]["verified"]) == (7000, True)
    assert {*stored["replicas"][0]} >= {"id", "uri", "verified", "datafile"}
    assert role.ask("GET", f"dataset_file/{stored['id']}/").json() == stored
    replica = role.ask("GET", f"mydata_replica/{stored['replicas'][0]['id']}/?format=json").json()
    assert replica["size"] == 7000


def test_who_sees_what_was_uploaded(lab: Laboratory):
    dataset = lab.dataset()
    assert lab.role.send(dataset, "a.txt", b"one").status_code == 201
    file = {"dataset__id": dataset, "filename": "a.txt", "directory": ""}
    for program in (lab.role, lab.owner, lab.mate):
        assert program.get("mydata_dataset_file/", **file) is not None
    for program in (lab.stranger, lab.nobody):
        assert program.get("mydata_dataset_file/", **file) is None
        assert program.ask("GET", "mydata_dataset_file/1/").status_code == 404
        assert program.get("user/", username="owner") is None or program is lab.stranger
    assert lab.owner.get("user/", username="mate") is None
    assert lab.owner.get("facility/") is None
    assert lab.stranger.get("facility/")["name"] == "Sequencing"
    assert lab.stranger.send(dataset, "b.txt", b"two").status_code == 400
    assert lab.owner.send(dataset, "b.txt", b"two").status_code == 201
    assert lab.nobody.send(dataset, "c.txt", b"three").status_code == 401
