"""By link, by publication and as a crate: the data path gives what was meant, and nothing beside
it; a full group takes no more."""

from __future__ import annotations

import io
import json
import os
import zipfile

import httpx
import pytest

from tests.hub.ingest.test_batch import send, tar_of
from tests.services.hub import Hub

FILES = {
    "raw/one.bin": os.urandom(3000),
    "raw/žluť/kůň.txt": b"horse",
    "secret.txt": b"hidden bytes",
}


@pytest.fixture(scope="module")
def dataset(hub: Hub) -> int:
    made = hub.dataset("to share", owner="alice")
    with hub.as_user("alice") as alice:
        send(alice, tar_of({f"{made}/{path}": data for path, data in FILES.items()}))
    return made


def lagan(hub: Hub, user: str, *words: str) -> str:
    key = hub.key(user)
    ran = hub.lagan(*words, LAGAN_URL=hub.url, LAGAN_API_KEY=key)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_a_link_gives_its_folder_in_parts_and_as_a_zip_and_nothing_beside_it(
    hub, dataset, tmp_path
):
    words = ("dataset", "share", str(dataset), "--folder", "raw", "--note", "reviewers")
    place = lagan(hub, "alice", *words)
    assert place.startswith(f"{hub.url}/s/")
    with httpx.Client(base_url=place, timeout=60) as stranger:
        assert stranger.get("content/one.bin").content == FILES["raw/one.bin"]
        part = stranger.get("content/one.bin", headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, FILES["raw/one.bin"][100:200])
        whole = stranger.get("zip")
        with zipfile.ZipFile(io.BytesIO(whole.content)) as archive:
            assert archive.testzip() is None
            assert archive.namelist() == ["raw/one.bin", "raw/žluť/kůň.txt"]
        resumed = stranger.get("zip", headers={"Range": "bytes=50-"})
        assert resumed.content == whole.content[50:]
        for path in ("../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "secret.txt",
                     "raw/one.bin", "/secret.txt", "one.bin%00"):  # fmt: skip
            answer = stranger.get(f"{place}content/{path}")
            assert answer.status_code == 404, path
            assert b"hidden bytes" not in answer.content
        for path in (f"/api/datasets/{dataset}/content/secret.txt", f"/api/datasets/{dataset}/zip"):
            assert stranger.get(hub.url + path).status_code == 401
        assert stranger.get(place).status_code == 200
    rows = lagan(hub, "alice", "dataset", "shares", str(dataset), "--json").splitlines()
    (row,) = (each for each in map(json.loads, rows) if each["note"] == "reviewers")
    assert (row["downloads"], row["state"], row["folder"]) == (2, "active", "raw")
    lagan(hub, "alice", "dataset", "revoke", str(dataset), str(row["id"]))
    for path in ("content/one.bin", "zip", ""):
        assert httpx.get(place + path, timeout=60).status_code == 404


def test_a_links_password_and_its_limit_hold_on_the_data_path(hub, dataset, tmp_path):
    (tmp_path / "password").write_text("four small words\n")
    words = ("--password-file", str(tmp_path / "password"), "--downloads", "1")
    place = lagan(hub, "alice", "dataset", "share", str(dataset), *words)
    with httpx.Client(base_url=place, timeout=60) as stranger:
        assert stranger.get("content/secret.txt").status_code == 401
        assert stranger.get("zip").status_code == 401
        page = stranger.get("")
        token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        given = {"password": "four small words", "csrfmiddlewaretoken": token}
        assert stranger.post("", data=given).status_code == 302
        assert stranger.head("content/secret.txt").status_code == 200
        assert stranger.get("content/secret.txt").content == b"hidden bytes"
        used_up = stranger.get("zip")
        assert (used_up.status_code, used_up.json()["type"]) == (
            403,
            "/problems/share-link-used-up",
        )


def test_what_is_published_is_downloaded_by_anybody_also_as_a_crate(hub):
    made = hub.dataset("to publish", owner="alice")
    with hub.as_user("alice") as alice:
        send(alice, tar_of({f"{made}/{path}": data for path, data in FILES.items()}))
    place = f"{hub.url}/api/datasets/{made}"
    assert hub.lagan("dataset", "publish", str(made), LAGAN_URL=hub.url,
                     LAGAN_API_KEY=hub.key("alice")).returncode == 6  # fmt: skip
    lagan(hub, "alice", "dataset", "close", str(made))
    landing = lagan(hub, "alice", "dataset", "publish", str(made))
    assert httpx.get(landing, timeout=60).status_code == 200
    assert httpx.get(f"{place}/zip", timeout=60).status_code == 404
    lagan(hub, "alice", "dataset", "publish", str(made), "--files")
    assert httpx.get(f"{place}/content/secret.txt", timeout=60).content == b"hidden bytes"
    plain = httpx.get(f"{place}/zip", timeout=60)
    crate = httpx.get(f"{place}/zip?crate=1", timeout=60)
    assert int(crate.headers["Content-Length"]) == len(crate.content) > len(plain.content)
    with zipfile.ZipFile(io.BytesIO(crate.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        graph = json.loads(archive.read("to publish/ro-crate-metadata.json"))["@graph"]
    assert len(names) == len(FILES) + 1
    (root,) = [each for each in graph if each["@id"] == "./"]
    assert len(root["hasPart"]) == len(FILES)
    said = lagan(hub, "alice", "dataset", "describe", str(made), "citation.bib")
    assert said.startswith("@misc{")
    lagan(hub, "alice", "dataset", "unpublish", str(made))
    assert httpx.get(f"{place}/zip", timeout=60).status_code == 401
    assert httpx.get(landing, follow_redirects=False, timeout=60).status_code == 302


def test_a_full_group_takes_no_more_by_any_way_in(hub):
    made = hub.dataset("to fill", owner="alice", facility="Small", manager="small-manager")
    group = str(hub.facility("Small", "small-manager"))
    administrator = hub.add_user("root-administrator", admin=True)
    lagan(hub, administrator, "quota", "set", group, "--bytes", "2MB", "--warn", "50")
    with hub.as_user("alice") as alice:
        place = f"/api/datasets/{made}/content"
        assert alice.put(f"{place}/half", content=os.urandom(1_200_000)).status_code == 201
        refused = alice.put(f"{place}/more", content=os.urandom(900_000))
        assert refused.status_code == 507, refused.text
        told = refused.json()
        assert (told["type"], told["allowed"], told["used"]) == (
            "/problems/over-quota", 2_000_000, 1_200_000,
        )  # fmt: skip
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "900000"}
        headers["Upload-Metadata"] = "dataset " + _base64(str(made)) + ",path " + _base64("more")
        assert alice.post("/api/uploads", headers=headers).status_code == 507
        small = {f"{made}/{n}": os.urandom(300_000) for n in range(4)}
        lines = send(alice, tar_of({**small, f"{made}/large": os.urandom(1_500_000)}))
        assert [each["status"] for each in lines] == ["stored", "stored", *["refused"] * 3]
        assert lines[-1]["error"]["type"] == "/problems/over-quota"
        assert alice.put(f"{place}/0", content=small[f"{made}/0"]).status_code == 200
    shown = json.loads(lagan(hub, administrator, "quota", "show", group, "--json"))
    assert (shown["used_bytes"], shown["used_files"], shown["level"]) == (1_800_000, 3, 50)
    assert "off by 0 bytes" in lagan(hub, administrator, "quota", "recount", group)
    lagan(hub, administrator, "quota", "clear", group)
    with hub.as_user("alice") as alice:
        assert alice.put(f"{place}/more", content=os.urandom(900_000)).status_code == 201


def _base64(text: str) -> str:
    import base64

    return base64.b64encode(text.encode()).decode()
