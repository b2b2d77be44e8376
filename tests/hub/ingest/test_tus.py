"""tus 1.0.0: resumable uploads, as the protocol's text and a client that we did not write have
it."""

from __future__ import annotations

import base64
import hashlib
import io
import os

import pytest
from tusclient.client import TusClient

from lagan.kit.digests import as_repr_digest
from tests.services.hub import Hub

TUS = {"Tus-Resumable": "1.0.0"}
STREAM = {**TUS, "Content-Type": "application/offset+octet-stream"}


def b64(value: bytes | str) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def about(dataset: int, path: str) -> dict[str, str]:
    return {"Upload-Metadata": f"dataset {b64(str(dataset))},path {b64(path)}"}


@pytest.fixture
def place(hub: Hub, request: pytest.FixtureRequest) -> int:
    return hub.dataset(request.node.name, owner="alice")


@pytest.fixture
def alice(hub: Hub, place: int):
    with hub.as_user("alice", **TUS) as client:
        yield client


def begin(client, dataset, path, size, **headers):
    given = {**about(dataset, path), "Upload-Length": str(size), **headers}
    answer = client.post("/api/uploads/", headers=given)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def key_of(upload: str) -> str:
    return upload.rpartition("/")[2].replace("-", "")


def patch(client, upload, offset, data, **headers):
    return client.patch(
        upload, content=data, headers={**STREAM, "Upload-Offset": str(offset), **headers}
    )


def test_a_client_that_we_did_not_write_uploads_in_chunks(hub: Hub, place: int):
    data = os.urandom(3_000_001)
    with hub.as_user("alice") as alice:
        client = TusClient(f"{hub.url}/api/uploads/", headers=dict(alice.headers))
        metadata = {"dataset": str(place), "path": "from/tuspy.bin"}
        uploader = client.uploader(
            file_stream=io.BytesIO(data), chunk_size=1_000_000, metadata=metadata
        )
        uploader.upload()
        assert alice.get(f"/api/datasets/{place}/content/from/tuspy.bin").content == data


def test_that_client_checks_its_chunks_too(hub: Hub, place: int):
    data = os.urandom(500_001)
    with hub.as_user("alice") as alice:
        client = TusClient(f"{hub.url}/api/uploads/", headers=dict(alice.headers))
        client.uploader(
            file_stream=io.BytesIO(data),
            chunk_size=200_000,
            metadata={"dataset": str(place), "path": "x"},
            upload_checksum=True,
        ).upload()
        assert alice.get(f"/api/datasets/{place}/content/x").content == data


def test_options_says_what_is_spoken(alice):
    answer = alice.options("/api/uploads/")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert "concatenation" in answer.headers["Tus-Extension"].split(",")
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")


def test_head_says_where_it_stands_and_the_rest_completes_it(alice, place):
    data = b"0123456789" * 1000
    upload = begin(alice, place, "a", len(data))
    assert patch(alice, upload, 0, data[:4000]).status_code == 204
    standing = alice.head(upload)
    assert standing.status_code == 200
    assert standing.headers["Upload-Offset"] == "4000"
    assert standing.headers["Upload-Length"] == str(len(data))
    assert standing.headers["Cache-Control"] == "no-store"
    assert patch(alice, upload, 3999, data[3999:]).status_code == 409
    done = patch(alice, upload, 4000, data[4000:])
    assert done.status_code == 204
    assert done.headers["Repr-Digest"] == as_repr_digest(hashlib.sha256(data).hexdigest())
    assert alice.head(upload).headers["Lagan-File"] == done.headers["Lagan-File"]
    assert alice.get(f"/api/datasets/{place}/content/a").content == data


def test_a_digest_of_the_whole_with_the_last_bytes_is_compared(hub, alice, place):
    data = b"x" * 5000
    for wrong in (True, False):
        upload = begin(alice, place, "digest", len(data))
        patch(alice, upload, 0, data[:4999])
        told = hashlib.sha256(b"other" if wrong else data).hexdigest()
        answer = patch(alice, upload, 4999, data[4999:], **{"Repr-Digest": as_repr_digest(told)})
        if wrong:
            assert answer.status_code == 460
            assert alice.head(upload).status_code == 410
            assert alice.get(f"/api/datasets/{place}/content/digest").status_code == 404
        else:
            assert answer.status_code == 204
    assert key_of(upload) not in hub.incoming()


def test_a_wrong_checksum_takes_the_chunk_back(alice, place):
    upload = begin(alice, place, "sum", 6)
    good = b64(hashlib.sha1(b"abc").digest())
    bad = b64(hashlib.sha1(b"abx").digest())
    answer = patch(alice, upload, 0, b"abc", **{"Upload-Checksum": f"sha1 {bad}"})
    assert answer.status_code == 460
    assert alice.head(upload).headers["Upload-Offset"] == "0"
    assert patch(alice, upload, 0, b"abc", **{"Upload-Checksum": f"sha1 {good}"}).status_code == 204
    assert patch(alice, upload, 3, b"def").status_code == 204
    assert alice.get(f"/api/datasets/{place}/content/sum").content == b"abcdef"


def test_more_than_announced_is_refused(alice, place):
    upload = begin(alice, place, "more", 3)
    assert patch(alice, upload, 0, b"abcd").status_code == 413


def test_creation_may_bring_the_bytes(alice, place):
    given = {**STREAM, **about(place, "at once"), "Upload-Length": "5"}
    answer = alice.post("/api/uploads/", headers=given, content=b"hello")
    assert answer.status_code == 201
    assert answer.headers["Upload-Offset"] == "5"
    assert alice.get(f"/api/datasets/{place}/content/at once").content == b"hello"


def test_an_empty_file_is_complete_at_once(alice, place):
    upload = begin(alice, place, "empty", 0)
    assert "Lagan-File" in alice.head(upload).headers
    assert alice.get(f"/api/datasets/{place}/content/empty").content == b""


def test_partial_uploads_are_joined(hub, alice, place):
    parts = []
    for piece in (b"first ", b"second"):
        given = {**STREAM, "Upload-Concat": "partial", "Upload-Length": str(len(piece))}
        answer = alice.post("/api/uploads/", headers=given, content=piece)
        assert answer.status_code == 201, answer.text
        parts.append(answer.headers["Location"])
    given = {**about(place, "joined"), "Upload-Concat": f"final;{' '.join(parts)}"}
    assert alice.post("/api/uploads/", headers=given).status_code == 201
    assert alice.get(f"/api/datasets/{place}/content/joined").content == b"first second"
    assert not [name for name in hub.objects() if name.startswith("partial/")]


def test_a_partial_upload_whose_process_died_before_it_was_set_aside_is_joined(hub, alice, place):
    given = {**STREAM, "Upload-Concat": "partial", "Upload-Length": "5"}
    part = alice.post("/api/uploads/", headers=given, content=b"whole").headers["Location"]
    volume = hub.data / "volumes/main"
    (volume / "partial" / key_of(part)).rename(volume / ".lagan/incoming" / key_of(part))
    given = {**about(place, "joined late"), "Upload-Concat": f"final;{part}"}
    answer = alice.post("/api/uploads/", headers=given)
    assert answer.status_code == 201, answer.text
    assert alice.get(f"/api/datasets/{place}/content/joined%20late").content == b"whole"
    assert key_of(part) not in hub.incoming()
    assert not [name for name in hub.objects() if name.startswith("partial/")]


def test_a_terminated_upload_is_gone_and_leaves_nothing(hub, alice, place):
    upload = begin(alice, place, "ended", 10)
    patch(alice, upload, 0, b"abc")
    assert alice.delete(upload).status_code == 204
    assert alice.head(upload).status_code == 410
    assert patch(alice, upload, 3, b"d").status_code == 410
    assert key_of(upload) not in hub.incoming()


def test_an_upload_says_when_it_expires(alice, place):
    given = {**about(place, "soon"), "Upload-Length": "3"}
    answer = alice.post("/api/uploads/", headers=given)
    assert answer.headers["Upload-Expires"].endswith("GMT")


def test_an_upload_is_its_senders_alone(hub, alice, place):
    upload = begin(alice, place, "mine", 3)
    for other in ("manager", hub.add_user("mallory")):
        with hub.as_user(other, **TUS) as client:
            assert client.head(upload).status_code == 404
            assert patch(client, upload, 0, b"abc").status_code == 404
            assert client.delete(upload).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Tus-Resumable": "0.2.0"}, 412),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "many"}, 400),
        ({"Upload-Length": "99999999999999999999999"}, 400),
        ({"Upload-Metadata": "dataset %%%"}, 400),
        ({"Upload-Metadata": ""}, 400),
        ({"Upload-Metadata": f"dataset {b64('1')},path {b64('../x')}"}, 400),
        ({"Upload-Metadata": f"dataset {b64('999999')},path {b64('x')}"}, 404),
        ({"Upload-Concat": "final;"}, 400),
        ({"Upload-Concat": "final;/api/uploads/nothing"}, 404),
    ],
)
def test_bad_requests_are_refused_by_name(alice, place, headers, status):
    given = {**about(place, "bad"), "Upload-Length": "3", **headers}
    answer = alice.post("/api/uploads/", headers=given)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_patch_of_another_type_is_refused(alice, place):
    upload = begin(alice, place, "type", 3)
    given = {"Upload-Offset": "0", "Content-Type": "text/plain"}
    assert alice.patch(upload, content=b"abc", headers=given).status_code == 415
