"""A worker's file says everything that a site needs, and is refused by the name of what is odd."""

from __future__ import annotations

from pathlib import Path

import pytest

from lagan.kit.errors import BadInput
from lagan.worker.settings import WorkerSettings, read_settings


def _read(folder: Path, text: str) -> WorkerSettings:
    path = folder / "worker.conf"
    path.write_text(text)
    return read_settings(path)


def test_a_sites_whole_file(tmp_path: Path) -> None:
    for name in ("a", "b", "target"):
        (tmp_path / name).mkdir()
    (tmp_path / "key").write_text("lgs_x\n")
    (tmp_path / "ca.pem").touch()
    settings = _read(
        tmp_path,
        f"""
[settings]
threads = 4
broker_url = amqp://lagan-plant:p%40ss@broker
result_backend = redis://broker
hub_url = https://hub.example.org/api
site_key_file = {tmp_path}/key
sites = plant, lab
roots =
    {tmp_path}/a
    {tmp_path}/b
state = {tmp_path}/state
lease = 60
ca_file = {tmp_path}/ca.pem

[target main]
location = posix:{tmp_path}/target
[target cold]
location = memory:cold
""",
    )
    assert settings == WorkerSettings(
        threads=4,
        broker_url="amqp://lagan-plant:p%40ss@broker",
        lease=60.0,
        hub_url="https://hub.example.org/api",
        site_key="lgs_x",
        sites=("plant", "lab"),
        roots=(tmp_path / "a", tmp_path / "b"),
        state=tmp_path / "state",
        ca_file=f"{tmp_path}/ca.pem",
        targets={"main": f"posix:{tmp_path}/target", "cold": "memory:cold"},
    )
    place = settings.place()
    assert (place.roots, place.hub_url) == (settings.roots, settings.hub_url)
    assert next(iter(place.targets)) == "main"
    assert "lgs_x" not in repr(settings)


def test_roots_stand_in_one_line_too(tmp_path: Path) -> None:
    settings = _read(tmp_path, f"[settings]\nroots = {tmp_path}:/\n")
    assert settings.roots == (tmp_path, Path("/"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[settings]\nthread = 3\n", "thread is no setting"),
        ("[settings]\nthreads = 1.5\n", "threads"),
        ("[settings]\nlease = 4000\n", "lease"),
        ("[settings]\nhub_url = hub.example.org\nsite_key = k\n", "hub_url"),
        ("[settings]\nhub_url = https://hub\n", "site_key"),
        ("[settings]\nsite_key = k\n", "hub_url"),
        ("[settings]\nhub_url = https://hub\nsite_key = k\nsite_key_file = /k\n", "site_key"),
        ("[settings]\nhub_url = https://hub\nsite_key_file = /no/key\n", "site_key_file"),
        ("[settings]\nroots = data\n", "absolute path"),
        ("[settings]\nroots = /no/such/folder\n", "no folder"),
        ("[settings]\nstate = notes\n", "state"),
        ("[settings]\nca_file = /no/ca.pem\n", "ca_file"),
        ("[settings]\n[target]\nlocation = memory:x\n", r"\[target\]"),
        ("[settings]\n[target a b]\nlocation = memory:x\n", r"\[target a b\]"),
        ("[settings]\n[other]\n", r"\[other\]"),
        ("[settings]\n[target x]\n", "location"),
        ("[settings]\n[target x]\nlocation = memory:x\nkey = 1\n", "key"),
        ("[settings]\n[target x]\nlocation = gopher://x\n", r"\[target x\]"),
        ("[settings]\n[target x]\nlocation = posix:/no/such/folder\n", r"\[target x\]"),
    ],
)
def test_what_is_odd_is_refused_by_name(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        _read(tmp_path, text)
