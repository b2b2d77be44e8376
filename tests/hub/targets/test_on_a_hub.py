"""A hub as people start it: what its own site migrates goes to its archive, by a worker that needs
no key, and comes back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.services.hub import Hub, until


def run(client: httpx.Client, workflow: str, folder: Path) -> None:
    """Run a workflow over all of a folder, to its end."""
    given: dict[str, Any] = {"paths": [str(folder)], "site": "local", "workflow": workflow}
    answer = client.post("/api/file/workflow/", json={**given, "discovery": "recursive"})
    assert answer.status_code == 201, answer.text
    address = f"/api/jobs/{answer.json()['job']}/"
    until(lambda: client.get(address).json()["state"] in ("SUCCESS", "FAILURE", "ERROR"), 200)
    shown = client.get(address).json()
    assert (shown["state"], shown["numfailedfiles"]) == ("SUCCESS", 0), shown


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_folder_of_the_hubs_own_site_goes_to_the_archive_and_comes_back(hub: Hub) -> None:
    folder = hub.data / "site" / "run of targets"
    folder.mkdir(parents=True)
    contents = {f"{n}.dat": os.urandom(200_000 + n) for n in range(6)}
    contents["large.dat"] = os.urandom(3 << 20)
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    before, coming = hub.objects(), set(hub.incoming())
    with hub.administrator() as client:
        run(client, "migrate", folder)
        assert all((folder / name).stat().st_blocks < 100 for name in contents)
        assert len(hub.objects()) > len(before)
        assert set(hub.incoming()) <= coming
        run(client, "recall", folder)
        told = client.get("/api/targets/").json()["results"]
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == contents
    [mine] = [site for each in told for site in each["sites"] if site["site"] == "local"]
    assert mine["objects"] >= len(contents)
