"""A worker's file says everything that a site needs, and is refused by the name of what is odd."""

from __future__ import annotations

from pathlib import Path

import pytest

from lagan.hsm.choosing import Rule
from lagan.kit.errors import BadInput
from lagan.worker.settings import WorkerSettings, read_settings

TARGET = "[settings]\n[target x]\nlocation = memory:x\n"


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
        ("[settings]\n[target x]\nlocation = archive:no/name\n", r"\[target x\]"),
        (f"{TARGET}min_size = much\n", "min_size"),
        (f"{TARGET}min_size = 2 kB\nmax_size = 1 kB\n", "max_size"),
        (f"{TARGET}older_than = long\n", "older_than"),
        (f"{TARGET}older_than = 9\nnewer_than = 8\n", "newer_than"),
        (f"{TARGET}owner = nobody-is-called-so\n", "owner"),
        (f"{TARGET}group = nobody-is-called-so\n", "group"),
        (f"{TARGET}group =\n", "group"),
        (f"{TARGET}paths =\n", "paths"),
        (f"{TARGET}path = *.dat\n", "path is no setting"),
        ("[settings]\n[target x]\nlocation = posix:/no/such/folder\n", r"\[target x\]"),
    ],
)
def test_what_is_odd_is_refused_by_name(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        _read(tmp_path, text)


def test_rules_are_asked_in_the_order_of_the_file(tmp_path: Path) -> None:
    settings = _read(
        tmp_path,
        """
[settings]
[target large]
location = memory:large
min_size = 1 GiB
[target old]
location = memory:old
paths = *.fid, raw/*
    /data/old/*
max_size = 10 MiB
older_than = 90
newer_than = 400 d
unread_for = 30 d
owner = root
group = 0, root
[target rest]
location = memory:rest
""",
    )
    large, old, rest = settings.place().rules
    assert (large.target, large.min_size, rest) == ("large", 1 << 30, Rule("rest"))
    assert [each.match("/data/old/x") is not None for each in old.paths] == [False, False, True]
    days = 86400.0
    assert (old.older_than, old.newer_than) == (90 * days, 400 * days)
    assert (old.unread_for, old.max_size) == (30 * days, 10 << 20)
    assert (old.owners, old.groups) == (frozenset({0}), frozenset({0}))


def test_a_worker_that_has_a_hub_and_no_target_has_the_archive(tmp_path: Path) -> None:
    own = "hub_url = https://hub\nsite_key = lgs_x\nsites = plant\n"
    place = _read(tmp_path, f"[settings]\n{own}").place()
    assert dict(place.targets) == {"archive": "archive:"}
    assert place.site == "plant"
    assert place.credentials is not None
    assert place.credentials() == "Site-Key lgs_x"
    assert _read(tmp_path, "[settings]\n").place().targets == {}
    assert dict(_read(tmp_path, "[settings]\n").place("http://hub").targets) == place.targets
    given = _read(tmp_path, f"[settings]\n{own}[target main]\nlocation = memory:x\n").place()
    assert dict(given.targets) == {"main": "memory:x"}
    assert given.rules == ()
