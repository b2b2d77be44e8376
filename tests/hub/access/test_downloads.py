"""What is given back: files, ranges and zips, whole and right, to those who may have them."""

from __future__ import annotations

import io
import os
import zipfile

import pytest

from tests.hub.ingest.test_batch import send, tar_of
from tests.hub.ingest.test_lookup import states
from tests.services.hub import Hub, until


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    small = {f"folder/{n:03}.txt": os.urandom(n * 7) for n in range(150)}
    return {**small, "large.bin": os.urandom(2_200_000), "empty": b"", "žluť/kůň.txt": b"horse"}


@pytest.fixture(scope="module")
def dataset(hub: Hub, files) -> int:
    made = hub.dataset("to download", owner="alice")
    with hub.as_user("alice") as alice:
        send(alice, tar_of({f"{made}/{path}": data for path, data in files.items()}))
    return made


@pytest.fixture
def alice(hub: Hub):
    with hub.as_user(hub.add_user("alice")) as client:
        yield client


def contents(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {each.partition("/")[2]: archive.read(each) for each in archive.namelist()}


def test_a_zip_has_every_file_under_the_datasets_name(alice, dataset, files):
    answer = alice.get(f"/api/datasets/{dataset}/zip")
    assert answer.headers["Content-Type"] == "application/zip"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert contents(answer.content) == files
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert {each.partition("/")[0] for each in archive.namelist()} == {"to download"}


def test_a_zip_can_be_resumed_anywhere(alice, dataset):
    place = f"/api/datasets/{dataset}/zip"
    whole = alice.get(place).content
    assert alice.head(place).headers["Content-Length"] == str(len(whole))
    for start in (0, 1, 29, 100, 5000, 2_000_000, len(whole) - 30, len(whole) - 1):
        part = alice.get(place, headers={"Range": f"bytes={start}-"})
        assert part.status_code == 206
        assert part.content == whole[start:], start
        part = alice.get(place, headers={"Range": f"bytes={start}-{start + 1000}"})
        assert part.content == whole[start : start + 1001], start


def test_packed_and_plain_files_and_their_parts(alice, dataset, files):
    for path in ("folder/149.txt", "large.bin", "empty", "žluť/kůň.txt"):
        place = f"/api/datasets/{dataset}/content/{path}"
        assert alice.get(place).content == files[path]
        if files[path]:
            part = alice.get(place, headers={"Range": "bytes=-3"})
            assert part.content == files[path][-3:]
            assert part.headers["Content-Range"].endswith(f"/{len(files[path])}")


def test_what_is_known_is_not_sent_again(alice, dataset):
    place = f"/api/datasets/{dataset}/content/large.bin"
    tag = alice.get(place).headers["ETag"]
    again = alice.get(place, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_a_range_beyond_the_end_is_refused(alice, dataset):
    place = f"/api/datasets/{dataset}/content/large.bin"
    answer = alice.get(place, headers={"Range": "bytes=9999999-"})
    assert answer.status_code == 416


def test_a_copy_that_is_gone_is_replaced_by_the_other(hub, alice):
    dataset = hub.dataset("one copy gone", owner="alice")
    data = os.urandom(1_500_000)
    place = f"/api/datasets/{dataset}/content/x"
    before = hub.objects()
    alice.put(place, content=data, headers={"Lagan-Mtime": "0"})
    lookup = {"dataset": dataset, "files": [["x", len(data), 0]]}
    asked = {"lookups": [lookup], "verified": True}
    until(lambda: states(alice, asked) == [4])
    (new,) = set(hub.objects()) - set(before)
    (hub.data / "volumes/main" / new).unlink()
    assert alice.get(place).content == data
    assert contents(alice.get(f"/api/datasets/{dataset}/zip").content) == {"x": data}


def test_nobody_else_gets_anything(hub, dataset):
    import httpx

    rests = ("zip", "content/large.bin", "files/")
    places = [f"/api/datasets/{dataset}/{rest}" for rest in rests]
    with hub.as_user(hub.add_user("mallory")) as mallory, hub.as_user("manager") as manager:
        for place in places:
            assert mallory.get(place).status_code == 404
            assert manager.get(place).status_code in (403, 404)
            assert httpx.get(hub.url + place, timeout=60).status_code == 401
            wrong = {"Authorization": "Bearer x"}
            assert httpx.get(hub.url + place, headers=wrong, timeout=60).status_code == 401


def test_a_dataset_without_files_is_an_empty_zip(hub, alice):
    dataset = hub.dataset("empty", owner="alice")
    assert contents(alice.get(f"/api/datasets/{dataset}/zip").content) == {}


def test_a_removed_dataset_gives_nothing(hub):
    dataset = hub.dataset("to remove", owner="alice")
    with hub.as_user("alice") as alice, hub.administrator() as administrator:
        alice.put(f"/api/datasets/{dataset}/content/x", content=b"x")
        assert alice.delete(f"/api/datasets/{dataset}/").status_code == 403
        assert administrator.delete(f"/api/datasets/{dataset}/").status_code == 204
        assert alice.get(f"/api/datasets/{dataset}/content/x").status_code == 404
        assert alice.get(f"/api/datasets/{dataset}/zip").status_code == 404
