"""Versions and previews as programs meet them: over HTTP and by commands, for those who may."""

from __future__ import annotations

import io
import json
import subprocess

import httpx
import pytest
from PIL import Image

from tests.previewed import sample
from tests.services.hub import LAGAN, Hub


@pytest.fixture(scope="module")
def dataset(hub: Hub) -> int:
    """Alice's, with two versions of a text, a picture and a file that is none."""
    made = hub.dataset("with versions", owner="alice")
    place = f"/api/datasets/{made}/content"
    with hub.as_user("alice") as alice:
        for content in (b"first version", b"second, which is longer"):
            assert alice.put(f"{place}/in/notes.txt", content=content).status_code == 201
        alice.put(f"{place}/in/coffee.png", content=sample("coffee.png"))
        alice.put(f"{place}/in/broken.png", content=b"this is no picture")
    return made


def lagan(hub: Hub, *words: str) -> subprocess.CompletedProcess[str]:
    given = {**hub.environment, "LAGAN_URL": hub.url, "LAGAN_API_KEY": hub.key("alice")}
    command = [str(LAGAN), "dataset", *words]
    return subprocess.run(command, env=given, text=True, capture_output=True, check=False)


def test_any_version_is_given_whole_or_in_part(hub: Hub, dataset: int) -> None:
    place = f"/api/datasets/{dataset}/content/in/notes.txt"
    with hub.as_user("alice") as alice:
        assert alice.get(place).content == b"second, which is longer"
        assert alice.get(place, params={"version": 1}).content == b"first version"
        part = alice.get(place, params={"version": 1}, headers={"Range": "bytes=6-"})
        assert (part.status_code, part.content) == (206, b"version")
        assert part.headers["Content-Range"] == "bytes 6-12/13"
        assert alice.get(place, params={"version": 9}).status_code == 404
        for odd in ("0", "x", "-1", "1" * 30, ""):
            assert alice.get(place, params={"version": odd}).status_code == 400


def test_versions_restored_and_removed_by_commands(hub: Hub, tmp_path) -> None:
    made = str(hub.dataset("commands", owner="alice"))
    with hub.as_user("alice") as alice:
        for content in (b"one", b"two"):
            alice.put(f"/api/datasets/{made}/content/a.txt", content=content)
    listed = lagan(hub, "versions", made, "a.txt")
    assert [line.split("\t")[0] for line in listed.stdout.splitlines()] == ["*2", " 1"]
    target = tmp_path / "a.txt"
    assert lagan(hub, "get", made, "a.txt", "--version", "1", "-o", str(target)).returncode == 0
    assert target.read_bytes() == b"one"
    restored = lagan(hub, "restore", made, "a.txt", "1", "--json")
    assert json.loads(restored.stdout)["version"] == 3
    assert lagan(hub, "rm", made, "a.txt").returncode == 0
    assert lagan(hub, "rm", made, "a.txt").returncode == 5
    with hub.as_user("alice") as alice:
        removed = alice.get(f"/api/datasets/{made}/removed/").json()["results"]
        assert [(each["path"], each["version"], each["by"]) for each in removed] == [
            ("a.txt", 3, "alice")
        ]
        assert alice.get(f"/api/datasets/{made}/content/a.txt").status_code == 404
        assert alice.post(f"/api/datasets/{made}/close/").status_code == 200
    late = lagan(hub, "restore", made, "a.txt", "1")
    assert (late.returncode, "not open" in late.stderr) == (6, True)


def test_a_preview_is_blocks_and_pictures_that_run_nothing(hub: Hub, dataset: int) -> None:
    place = f"/api/datasets/{dataset}/preview/in/coffee.png"
    with hub.as_user("alice") as alice:
        told = alice.get(place).json()
        assert [each["type"] for each in told["blocks"]] == ["picture", "facts"]
        answer = alice.get(place, params={"picture": 0})
        assert answer.headers["Content-Type"] == "image/webp"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert Image.open(io.BytesIO(answer.content)).size == (600, 400)
        again = alice.get(
            place, params={"picture": 0}, headers={"If-None-Match": answer.headers["ETag"]}
        )
        assert again.status_code == 304
        small = alice.get(place, params={"view": "thumb"})
        assert Image.open(io.BytesIO(small.content)).size == (96, 64)
        assert alice.get(place, params={"picture": 7}).status_code == 404
        assert alice.get(place, params={"view": "x"}).status_code == 400
        assert alice.get(place, params={"page": "0"}).status_code == 400


def test_what_cannot_be_drawn_is_a_note_and_one_clear_pixel(hub: Hub, dataset: int) -> None:
    place = f"/api/datasets/{dataset}/preview/in/broken.png"
    with hub.as_user("alice") as alice:
        (note,) = alice.get(place).json()["blocks"]
        assert (note["type"], note["code"]) == ("note", "unreadable")
        small = alice.get(place, params={"view": "thumb"})
        assert small.status_code == 200
        assert Image.open(io.BytesIO(small.content)).size == (1, 1)


def test_nobody_else_sees_versions_or_previews_not_even_kept_ones(hub: Hub, dataset: int) -> None:
    rests = ("preview/in/coffee.png", "preview/in/coffee.png?view=thumb", "removed/")
    places = [f"/api/datasets/{dataset}/{rest}" for rest in rests]
    places += [f"/api/datasets/{dataset}/content/in/notes.txt?version=1"]
    places += [f"/api/datasets/{dataset}/versions/?path=in/notes.txt"]
    with hub.as_user("alice") as alice, hub.as_user(hub.add_user("mallory")) as mallory:
        for place in places:
            assert alice.get(place).status_code == 200, place
            assert mallory.get(place).status_code == 404, place
            assert httpx.get(hub.url + place, timeout=60).status_code == 401, place
        body = {"path": "in/notes.txt", "version": 1}
        restore = f"/api/datasets/{dataset}/versions/restore/"
        assert mallory.post(restore, json=body).status_code == 404
        remove = f"/api/datasets/{dataset}/files/remove/"
        assert mallory.post(remove, json={"paths": ["in/notes.txt"]}).status_code == 404
