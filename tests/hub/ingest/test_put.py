"""PUT: one file in one request, acknowledged when it is archived."""

from __future__ import annotations

import base64
import hashlib
import socket
from urllib.parse import urlsplit

from lagan.kit.digests import as_repr_digest
from tests.services.hub import Hub, until


def test_what_was_put_is_given_back(hub: Hub):
    dataset = hub.dataset("put", owner="alice")
    data = bytes(range(256)) * 9000
    with hub.as_user("alice") as alice:
        place = f"/api/datasets/{dataset}/content/a folder/b%C3%A9.bin"
        answer = alice.put(place, content=data, headers={"Lagan-Mtime": "1700000000123456789"})
        assert answer.status_code == 201, answer.text
        assert answer.json()["sha256"] == hashlib.sha256(data).hexdigest()
        assert answer.headers["Repr-Digest"] == as_repr_digest(hashlib.sha256(data).hexdigest())
        assert alice.get(place).content == data
        part = alice.get(place, headers={"Range": "bytes=1000000-1000009"})
        assert (part.status_code, part.content) == (206, data[1000000:1000010])


def test_the_same_content_again_is_present_and_other_content_is_a_new_version(hub: Hub):
    dataset = hub.dataset("versions", owner="alice")
    with hub.as_user("alice") as alice:
        place = f"/api/datasets/{dataset}/content/x"
        first = alice.put(place, content=b"one").json()
        again = alice.put(place, content=b"one")
        assert (again.status_code, again.json()) == (200, first)
        second = alice.put(place, content=b"two").json()
        assert (first["version"], second["version"]) == (1, 2)
        assert alice.get(place).content == b"two"


def test_a_wrong_digest_is_refused_and_leaves_nothing(hub: Hub):
    dataset = hub.dataset("digest", owner="alice")
    before, waiting = hub.objects(), hub.incoming()
    with hub.as_user("alice") as alice:
        wrong = {"Repr-Digest": f"sha-256=:{base64.b64encode(bytes(32)).decode()}:"}
        answer = alice.put(f"/api/datasets/{dataset}/content/x", content=b"data", headers=wrong)
        assert answer.status_code == 460
        assert answer.json()["type"] == "/problems/digest-mismatch"
        assert alice.get(f"/api/datasets/{dataset}/content/x").status_code == 404
    assert set(hub.objects()) <= set(before)
    until(lambda: set(hub.incoming()) <= set(waiting))


def test_a_body_that_breaks_off_leaves_nothing(hub: Hub):
    dataset = hub.dataset("broken", owner="alice")
    before, waiting = hub.objects(), hub.incoming()
    with hub.as_user("alice") as alice:
        token = alice.headers["Authorization"]
    at = urlsplit(hub.url)
    with socket.create_connection((at.hostname, at.port)) as raw:
        raw.sendall(
            f"PUT /api/datasets/{dataset}/content/x HTTP/1.1\r\nHost: h\r\n"
            f"Authorization: {token}\r\nContent-Length: 5000000\r\n\r\n".encode()
        )
        raw.sendall(b"x" * 3_000_000)
        until(lambda: set(hub.incoming()) - set(waiting))
    until(lambda: set(hub.incoming()) <= set(waiting))
    assert set(hub.objects()) <= set(before)


def test_without_a_length_nothing_is_taken(hub: Hub):
    dataset = hub.dataset("length", owner="alice")
    with hub.as_user("alice") as alice:
        answer = alice.put(f"/api/datasets/{dataset}/content/x", content=iter([b"abc"]))
        assert (answer.status_code, answer.json()["type"]) == (411, "/problems/length-required")


def test_paths_that_leave_the_dataset_are_refused(hub: Hub):
    dataset = hub.dataset("paths", owner="alice")
    with hub.as_user("alice") as alice:
        for path in ("..%2Fx", "a/%2E%2E/b", "%2Fetc/passwd", "a//b", "a%00b", "%ff", "x" * 300):
            answer = alice.put(f"/api/datasets/{dataset}/content/{path}", content=b"x")
            assert answer.status_code in (400, 404), (path, answer.text)
            assert answer.headers["content-type"] == "application/problem+json", path


def test_owner_team_mate_and_stranger(hub: Hub):
    dataset = hub.dataset("people", owner="alice")
    place = f"/api/datasets/{dataset}/content/x"
    hub.add_user("mallory")
    with hub.as_user("alice") as alice, hub.as_user("manager") as manager:
        assert manager.put(place, content=b"by the agent").status_code == 201
        assert alice.get(place).content == b"by the agent"
        assert manager.get(place).status_code in (403, 404), "may send, may not read"
    with hub.as_user("mallory") as mallory:
        assert mallory.put(place, content=b"x").status_code == 404
        assert mallory.get(place).status_code == 404
        assert mallory.get(f"/api/datasets/{dataset}/zip").status_code == 404
        assert mallory.get(f"/api/datasets/{dataset}/").status_code == 404
        assert dataset not in [d["id"] for d in mallory.get("/api/datasets/").json()["results"]]
    import httpx

    assert httpx.get(f"{hub.url}{place}", timeout=60).status_code == 401


def test_a_closed_dataset_takes_nothing(hub: Hub):
    dataset = hub.dataset("closed", owner="alice")
    with hub.as_user("alice") as alice:
        assert alice.post(f"/api/datasets/{dataset}/close/").json()["state"] == "closed"
        answer = alice.put(f"/api/datasets/{dataset}/content/x", content=b"x")
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/dataset-not-open")
