"""A whole hub fetches a folder from a computer by commands, is killed in the middle, and ends with
exactly what lies there."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from tests.services.hub import Hub, until
from tests.services.process import Running


@pytest.fixture
def own_hub(tmp_path: Path):
    """One that may be killed."""
    from tests.conftest import DATABASE

    running = Hub(tmp_path / "hub", database=DATABASE)
    (tmp_path / "hub").mkdir()
    yield running.start()
    running.stop()


@pytest.mark.fault
@pytest.mark.timeout(900)
def test_killed_in_the_middle_it_ends_with_exactly_the_folder(
    own_hub: Hub, ssh: Running, tmp_path: Path
) -> None:
    top = tmp_path / "data"
    (top / "run" / "many").mkdir(parents=True)
    for number in range(3):
        (top / f"run/large{number}.raw").write_bytes(os.urandom(8 << 20))
    for number in range(400):
        (top / f"run/many/{number:04d}.txt").write_bytes(b"%d" % number)
    group = own_hub.facility("Lab", "manager")
    own_hub.add_user("manager")

    with own_hub.as_user("manager") as client:
        entity = client.get("/api/auth/me/").json()["entity"]
    rights = ["GROUP_READ", "COMPUTER_CREATE", "COMPUTER_READ", "COMPUTER_CHANGE"]
    rights += ["DATASET_CREATE", "DATASET_READ"]
    given = {"subject": entity, "grant": rights}
    with own_hub.administrator() as admin:
        assert admin.put(f"/api/entities/{group}/grants/", json=given).status_code == 204
    environment = {"LAGAN_API_KEY": own_hub.key("manager"), "LAGAN_URL": own_hub.url}

    def lagan(*words: str) -> str:
        done = own_hub.lagan(*words, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    facts = [
        "--fact", f"ip={ssh.address['host']}", "--fact", f"port={ssh.address['port']}",
        "--fact", f"user={ssh.address['user']}", "--fact", f"path={top}",
    ]  # fmt: skip
    made = json.loads(lagan("computer", "add", "sem", "--group", str(group), *facts, "--json"))
    with (ssh.folder / "authorized_keys").open("a") as keys:
        keys.write(made["public_key"] + "\n")
    computer = str(made["id"])
    shown = json.loads(lagan("computer", "test", computer, "--json"))["offered"]
    assert "ready" in lagan("computer", "test", computer, "--confirm", shown)
    dataset = lagan(
        "dataset", "create", "from the sem", "--group", str(group), "--type", "automated",
        "--computer", computer, "--path", str(top / "run"), "--set", ".Sample=7",
    ).strip()  # fmt: skip

    with own_hub.as_user("manager") as client:
        until(lambda: client.get(f"/api/datasets/{dataset}/").json()["file_count"] >= 1, 200)
    own_hub.kill()
    own_hub.start()
    environment["LAGAN_URL"] = own_hub.url
    with own_hub.as_user("manager") as client:
        until(lambda: client.get(f"/api/datasets/{dataset}/").json()["state"] == "closed", 300)
        listed: dict[str, str] = {}
        for folder in ("", "many"):
            after: str | None = ""
            while after is not None:
                query = {"folder": folder, "after": after, "size": 1000}
                page = client.get(f"/api/datasets/{dataset}/files/", params=query).json()
                listed |= {
                    each["path"]: each["sha256"] for each in page["results"] if each["sha256"]
                }
                after = page["next"]
    there = {
        path.relative_to(top / "run").as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (top / "run").rglob("*")
        if path.is_file()
    }
    assert listed == there
    said = lagan("dataset", "log", dataset, "--level", "DEBUG")
    assert "Closed with 403 files" in said
    assert "Fetching from sem: run." in said
