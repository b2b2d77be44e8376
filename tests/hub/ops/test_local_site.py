"""What a hub on one machine shows of it, and where its worker keeps what it moves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lagan.hub.ops.local_site import local_roots, worker_file
from lagan.hub.ops.stack import programs
from lagan.kit.errors import BadInput
from lagan.worker.settings import read_settings
from tests.services.hub import Hub, until


def test_without_a_folder_of_ones_own_the_site_has_one_in_the_data_folder(tmp_path: Path) -> None:
    assert local_roots(tmp_path, []) == [tmp_path / "site"]
    assert (tmp_path / "site").is_dir()
    assert local_roots(tmp_path, [str(tmp_path)]) == [tmp_path]


@pytest.mark.parametrize("name", ["none", "file"])
def test_what_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=name):
        local_roots(tmp_path, [str(tmp_path / name)])


def test_the_workers_file_is_made_once_and_can_be_read(tmp_path: Path) -> None:
    path = worker_file(tmp_path)
    settings = read_settings(path)
    assert settings.state == tmp_path / "local/notes"
    assert dict(settings.targets) == {"archive": "archive:"}
    path.write_text("[settings]\nthreads = 3\n")
    assert read_settings(worker_file(tmp_path)).threads == 3


def test_the_worker_is_told_its_folders_and_the_hubs_address(tmp_path: Path) -> None:
    file, roots = worker_file(tmp_path), [tmp_path / "a", tmp_path / "b"]
    told = programs(host="0.0.0.0", port=8123, workers=1, site=file, roots=roots)
    (command,) = (each.command for each in told if each.name == "worker")
    text = " ".join(command)
    assert f"--root {roots[0]} --root {roots[1]}" in text
    assert "--address http://127.0.0.1:8123 " in text
    assert f"--config {file}" in text


def test_a_running_hub_shows_its_own_machine(running_hub: Hub) -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    (running_hub.data / "site" / name).touch()
    asked = [sys.executable, "-m", "tests.hub.jobs.wire.make", "ask", "local", "folder"]
    environment = {**running_hub.environment, "LAGAN_DATA": str(running_hub.data)}
    environment["DJANGO_SETTINGS_MODULE"] = "lagan.hub.settings"
    wanted = json.dumps({"path": str(running_hub.data / "site")})

    def answered() -> dict[str, Any] | None:
        told = subprocess.run([*asked, wanted], env=environment, capture_output=True, text=True)
        return None if told.returncode else json.loads(told.stdout)

    told = until(answered)  # the worker is started after the pages
    assert name in json.dumps(told["answer"], ensure_ascii=False)
