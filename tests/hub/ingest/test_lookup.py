"""Look-ups: thousands of files in one request, instruments and datasets found or made."""

from __future__ import annotations

import gzip
import hashlib
import json

from tests.services.hub import Hub, until


def test_each_state_is_told(hub: Hub):
    dataset = hub.dataset("states", owner="alice")
    with hub.as_user("manager") as manager:
        place = f"/api/datasets/{dataset}/content/a"
        manager.put(place, content=b"abc", headers={"Lagan-Mtime": "5"})
        files = [["a", 3, 5], ["a", 3, 6], ["a", 4, 5], ["b", 3, 5], ["../a", 3, 5]]
        body = {"lookups": [{"dataset": dataset, "files": files}]}
        answer = manager.post("/api/ingest/lookup/", json=body).json()
        (found,) = answer["lookups"]
        assert found["states"] == [1, 2, 3, 0, 5]
        assert found["digests"] == {"1": hashlib.sha256(b"abc").hexdigest()}
        asked = {**body, "verified": True}
        until(lambda: states(manager, asked)[0] == 4)


def states(client, body):
    return client.post("/api/ingest/lookup/", json=body).json()["lookups"][0]["states"]


def test_ten_thousand_files_in_one_packed_request(hub: Hub):
    dataset = hub.dataset("many", owner="alice")
    files = [[f"folder/{n}", n, n] for n in range(10_000)]
    body = gzip.compress(json.dumps({"lookups": [{"dataset": dataset, "files": files}]}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    with hub.as_user("manager") as manager:
        answer = manager.post("/api/ingest/lookup/", content=body, headers=headers)
        assert answer.json()["lookups"][0]["states"] == [0] * 10_000
        files.append(["one more", 1, 1])
        answer = manager.post(
            "/api/ingest/lookup/", json={"lookups": [{"dataset": dataset, "files": files}]}
        )
        assert answer.status_code == 413


def test_bodies_that_are_not_what_they_say_are_refused(hub: Hub):
    hub.facility("Imaging", "manager")
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    with hub.as_user("manager") as manager:
        for body in (b"no gzip", gzip.compress(b"no json"), gzip.compress(b"[" * 100_000)):
            answer = manager.post("/api/ingest/lookup/", content=body, headers=headers)
            assert answer.status_code == 400, answer.text
        bomb = gzip.compress(b" " * (65 << 20))
        assert manager.post("/api/ingest/lookup/", content=bomb, headers=headers).status_code == 413


def test_owner_may_look_up_and_a_stranger_may_not(hub: Hub):
    dataset = hub.dataset("whose", owner="alice")
    body = {"lookups": [{"dataset": dataset, "files": [["a", 1, 1]]}]}
    with hub.as_user("alice") as alice:
        assert alice.post("/api/ingest/lookup/", json=body).status_code == 200
    with hub.as_user(hub.add_user("mallory")) as mallory:
        assert mallory.post("/api/ingest/lookup/", json=body).status_code == 404


def test_an_instrument_and_its_datasets_are_made_once(hub: Hub):
    hub.facility("Imaging", "manager")
    hub.add_user("carol", name="Carol C")
    with hub.as_user("manager") as manager:
        asked = {"facility": "Imaging", "name": "Stereo 1"}
        first = manager.post("/api/ingest/instruments/", json=asked).json()
        assert manager.post("/api/ingest/instruments/", json=asked).json() == first
        body = {
            "instrument": first["id"],
            "datasets": [
                {"owner": "carol", "name": "one"},
                {"owner": "carol", "name": "one"},
                {"owner": "nobody at all", "name": "two"},
                {"owner": None, "name": "left over"},
                {"owner": "carol", "name": "three", "experiment": "Project X"},
            ],
        }
        made = manager.post("/api/ingest/datasets/", json=body).json()["datasets"]
        assert made[0] == made[1]
        assert made[2]["error"]["type"] == "/problems/unknown-owner"
        assert manager.post("/api/ingest/datasets/", json=body).json()["datasets"] == made
    with hub.as_user("carol") as carol:
        groups = {d["name"]: d["group"] for d in carol.get("/api/datasets/").json()["results"]}
        assert groups == {
            "one": "/root/Imaging/Stereo 1 - Carol C",
            "three": "/root/Imaging/Project X",
        }


def test_two_people_of_one_full_name_have_experiments_of_their_own(hub: Hub):
    hub.facility("Imaging", "manager")
    with hub.as_user("manager") as manager:
        asked = {"facility": "Imaging", "name": "Stereo 2"}
        instrument = manager.post("/api/ingest/instruments/", json=asked).json()["id"]
        ids = []
        for username in ("kim1", "kim2"):
            hub.add_user(username, name="Kim Lee")
            body = {"instrument": instrument, "datasets": [{"owner": username, "name": "same"}]}
            (made,) = manager.post("/api/ingest/datasets/", json=body).json()["datasets"]
            ids.append(made["id"])
    assert ids[0] != ids[1]
    for username, id in zip(("kim1", "kim2"), ids, strict=True):
        with hub.as_user(username) as client:
            assert [d["id"] for d in client.get("/api/datasets/").json()["results"]] == [id]


def test_a_stranger_finds_no_facility(hub: Hub):
    hub.facility("Imaging", "manager")
    with hub.as_user(hub.add_user("mallory")) as mallory:
        asked = {"facility": "Imaging", "name": "Mine"}
        assert mallory.post("/api/ingest/instruments/", json=asked).status_code == 404
