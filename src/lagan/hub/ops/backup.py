"""A hub's database and secret key as files in a folder, checked when they are put back; what lies
on the volumes is kept by its copies there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lagan import __version__
from lagan.hub.base.config import Config
from lagan.hub.ops.data_folder import held
from lagan.kit.errors import BadInput, Conflict, Unavailable
from lagan.kit.files import sync_folder, write_atomically

SQLITE, POSTGRESQL, SECRET, ABOUT = "hub.sqlite3", "hub.dump", "secret-key", "about.json"
PIECE = 1 << 20


def back_up(config: Config, folder: Path) -> dict[str, Any]:
    """Write a backup into `folder`, which is made; the hub may run meanwhile.

    The database is that of one moment. Conflict when the folder is there and not empty;
    Unavailable when the database cannot be read or the folder not be written: nothing of a backup
    is left then. Answers what `about.json` says.
    """
    made = _make(folder)
    try:
        return _fill(config, folder)
    except BaseException as error:
        for each in folder.iterdir():
            each.unlink()
        if made:
            folder.rmdir()
        if isinstance(error, OSError | sqlite3.Error):
            raise Unavailable(f"The backup in {folder} failed: {error}.") from None
        raise


def anchor_record(config: Config) -> None:
    """Whatever becomes of this database or of its backup, the volumes know how far the record had
    come. Nothing happens where there is no hub's database; the backup will say so. Needs Django to
    be set up."""
    from django.db import DatabaseError

    from lagan.hub.evidence import services

    if _is_sqlite(config) and not Path(config.database["NAME"]).exists():
        return
    with suppress(DatabaseError):
        services.anchor()


def _fill(config: Config, folder: Path) -> dict[str, Any]:
    name = SQLITE if _is_sqlite(config) else POSTGRESQL
    if _is_sqlite(config):
        _copy_sqlite(Path(config.database["NAME"]), folder / name)
    else:
        _run(["pg_dump", "--format=custom", "--file", str(folder / name)], config)
    (folder / SECRET).write_text(config.secret_key)
    about = {
        "lagan": __version__,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": "sqlite" if _is_sqlite(config) else "postgresql",
        "sha256": {each: _sha256(folder / each) for each in (name, SECRET)},
    }
    (folder / ABOUT).write_text(json.dumps(about, indent=2) + "\n")
    for each in (name, SECRET, ABOUT):
        (folder / each).chmod(0o600)
        _flush(folder / each)
    sync_folder(folder)
    return about


def restore(config: Config, folder: Path) -> dict[str, Any]:
    """Put a backup's database and secret key where `config` has them, after its digests were
    compared. Answers what its `about.json` says.

    Conflict when there is a database already, or the secret key is another; Locked while a hub
    runs with this data folder; BadInput when the backup is damaged or of the other kind of
    database. Nothing is changed then.
    """
    about = _checked(folder)
    kind = "sqlite" if _is_sqlite(config) else "postgresql"
    if about["database"] != kind:
        raise BadInput(f"The backup is of {about['database']}; these settings are for {kind}.")
    with held(config.data, "a restore"):
        (_require_no_file if kind == "sqlite" else _require_empty)(config)
        _put_secret(config, (folder / SECRET).read_text())
        if kind == "sqlite":
            _put_sqlite(folder / SQLITE, Path(config.database["NAME"]))
        else:
            options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
            name = config.database["NAME"]
            _run(["pg_restore", *options, "--dbname", name, str(folder / POSTGRESQL)], config)
    return about


def _make(folder: Path) -> bool:
    """Whether the folder had to be made."""
    there = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        taken = any(folder.iterdir())
    except OSError as error:
        raise Unavailable(f"Cannot write to {folder}: {error.strerror}.") from None
    if taken:
        raise Conflict(f"{folder} is not empty; a backup has a folder of its own.")
    return not there


def _checked(folder: Path) -> dict[str, Any]:
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text())
        wrong = [name for name, sum in about["sha256"].items() if _sha256(folder / name) != sum]
    except OSError as error:
        raise BadInput(f"{folder} is no backup: {error.filename}: {error.strerror}.") from None
    except (ValueError, KeyError, AttributeError, TypeError):
        raise BadInput(f"{folder / ABOUT} is not what `lagan hub backup` wrote.") from None
    if wrong:
        raise BadInput(f"The backup is damaged: {', '.join(wrong)}.", damaged=wrong)
    return about


def _copy_sqlite(source: Path, target: Path) -> None:
    """All of a database that may be in use, as of one moment."""
    if not source.exists():
        raise Unavailable(f"There is no database {source}.")
    live = sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)
    with closing(live), closing(sqlite3.connect(target)) as copy:
        live.backup(copy)


def _require_no_file(config: Config) -> None:
    path = Path(config.database["NAME"])
    if path.exists():
        raise Conflict(f"There is a database {path} already; move it away first.")


def _put_sqlite(source: Path, target: Path) -> None:
    for remains in (f"{target}-wal", f"{target}-shm"):
        Path(remains).unlink(missing_ok=True)
    draft = target.with_name(f"{target.name}.restoring")
    shutil.copyfile(source, draft)
    draft.chmod(0o640)
    _flush(draft)
    draft.replace(target)
    sync_folder(target.parent)


def _put_secret(config: Config, secret: str) -> None:
    """The key of the backup is ours, or becomes it: with another one, sessions, tokens and what is
    sealed in the database would be worth nothing."""
    own = config.data / SECRET
    if config.secret_key == secret:
        return
    if not own.exists() or own.read_text() != config.secret_key:
        raise Conflict(f"LAGAN_SECRET_KEY is not that of the backup; it is in {SECRET} there.")
    write_atomically(own, secret.encode(), mode=0o600)


def _require_empty(config: Config) -> None:
    import psycopg

    names = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER",
             "password": "PASSWORD"}  # fmt: skip
    given: dict[str, Any] = {ours: config.database[theirs] for ours, theirs in names.items()}
    with psycopg.connect(**{name: value for name, value in given.items() if value}) as session:
        found = session.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
    if found and found[0]:
        raise Conflict(
            f"The database {config.database['NAME']} holds {found[0]} tables; give an empty one."
        )


def _run(command: Sequence[str], config: Config) -> None:
    try:
        done = subprocess.run(
            command, env=_environment(config), capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise Unavailable(
            f"{command[0]} is missing: install the database's client programs."
        ) from None
    if done.returncode:
        raise Unavailable(f"{command[0]} failed: {' '.join(done.stderr.split())}")


def _environment(config: Config) -> Mapping[str, str]:
    """How the database's own programs learn of it: no password in a command line."""
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGDATABASE": "NAME", "PGUSER": "USER",
             "PGPASSWORD": "PASSWORD"}  # fmt: skip
    given = {ours: str(config.database[theirs]) for ours, theirs in names.items()}
    return {**os.environ, **{name: value for name, value in given.items() if value}}


def _is_sqlite(config: Config) -> bool:
    return str(config.database["ENGINE"]).endswith("sqlite3")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
