"""A node's process sets Django up from its XML configuration alone.

`Db` says where the catalogue is: with `sqlite3` in a file beside the one it names, with any
PostgreSQL driver in the database it names. All nodes that name one database are one cluster.
Source: seeds/archive-server-config.txt, `Db`; decision 11.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lagan.hub.base.config import Config
from lagan.hub.doors.node.config.shape import Database, NodeConfig
from lagan.kit.errors import BadInput

DATA = ".lagan"
"""Beneath the root directory: what the node keeps for itself."""
OWN = 24
"""Connections for the writers of disks and for services, beside MaxPoolConnections for requests."""
_POSTGRESQL = ("psycopg", "psycopg2", "pgdb", "pg8000")
_APPS = ("lagan.hub.base", "lagan.hub.audit", "lagan.hub.doors.node")


def root_of(config: NodeConfig) -> Path:
    """The root directory; `.` is the working directory."""
    return Path(config.server.root).expanduser().absolute()


def host_id(config: NodeConfig) -> str:
    """What the node calls itself: the name of its machine, unqualified, and its port."""
    return f"{socket.gethostname().partition('.')[0]}:{config.server.port}"


def set_up(config: NodeConfig) -> None:
    """Configure Django for this process. BadInput names an attribute of `Db` that is wrong."""
    import django
    from django.conf import settings

    data = root_of(config) / DATA
    data.mkdir(parents=True, exist_ok=True, mode=0o750)
    database = _database(config.database, root_of(config))
    settings.configure(
        CONFIG=Config(
            data=_locks(database, data),
            secret_key="",
            database=database,
            broker_url=None,
            workers=1,
        ),
        SECRET_KEY=secrets.token_urlsafe(32),
        DATABASES={"default": database},
        INSTALLED_APPS=list(_APPS),
        USE_TZ=True,
        TIME_ZONE=None,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        NODE_IGNORE_COLUMN="file_ignore" if config.database.file_ignore else "ignore",
        LOGGING_CONFIG=None,
    )
    django.setup()
    _run_at_connect(config.database.session_sql)


def _run_at_connect(statements: Sequence[str]) -> None:
    """Every new connection begins with these, as SessionSql says."""
    from django.db.backends.signals import connection_created

    def run(connection: Any, **_: object) -> None:
        with connection.cursor() as cursor:
            for each in statements:
                cursor.execute(each)

    if statements:
        connection_created.connect(run, weak=False, dispatch_uid="node.session")


def migrate() -> None:
    """Bring the catalogue's tables up to date; one node of a cluster at a time."""
    import time

    from django.core.management import call_command

    from lagan.hub.base import locks
    from lagan.hub.doors.node.models import StoredFile
    from lagan.hub.doors.node.volumes.existing_tables import ensure_column

    while True:
        with locks.advisory("node.migrate") as held:
            if held:
                call_command("migrate", verbosity=0, interactive=False)
                ensure_column(StoredFile, "file_ignore")
                return
        time.sleep(0.1)


def catalogue_file(given: str, root: Path) -> Path:
    """The SQLite file of our catalogue, beside the one that `Db` names."""
    named = root / given
    return named.with_name(f"{named.stem}.lagan{named.suffix or '.sqlite'}")


def _locks(database: Mapping[str, Any], data: Path) -> Path:
    """Nodes that share an SQLite file queue at one place; with PostgreSQL each has its own."""
    if not str(database["ENGINE"]).endswith("sqlite3"):
        return data
    folder = Path(str(database["NAME"]) + ".locks")
    folder.mkdir(exist_ok=True, mode=0o750)
    return folder


def _database(given: Database, root: Path) -> dict[str, Any]:
    driver = given.interface.partition(".")[0].lower()
    if driver == "sqlite3":
        return _sqlite(given, root)
    if driver in _POSTGRESQL:
        return _postgresql(given)
    raise BadInput(
        f"Db.Interface: {given.interface} is not supported; sqlite3 and psycopg2 are.",
        element="Db",
        attribute="Interface",
    )


def _sqlite(given: Database, root: Path) -> dict[str, Any]:
    named = given.connection.get("database")
    if not named:
        raise BadInput("Db.database: it is missing; it names the SQLite file.", element="Db")
    file = catalogue_file(named, root)
    if not file.parent.is_dir():
        raise BadInput(f"Db.database: there is no folder {file.parent}.", element="Db")
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }


_KEYWORDS = {
    "host": "HOST",
    "port": "PORT",
    "dbname": "NAME",
    "database": "NAME",
    "user": "USER",
    "password": "PASSWORD",
}


def _postgresql(given: Database) -> dict[str, Any]:
    told = {**_dsn(given.connection.get("dsn", "")), **given.connection}
    known = {_KEYWORDS[name]: value for name, value in told.items() if name in _KEYWORDS}
    if not known.get("NAME"):
        raise BadInput("Db.dbname: it is missing; it names the database.", element="Db")
    rest = {name: value for name, value in told.items() if name not in (*_KEYWORDS, "dsn")}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **known,
        # Threads take a connection for as long as they use it; the pool keeps and checks them.
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            **rest,
            "pool": {"min_size": 1, "max_size": max(given.pool, 1) + OWN, "timeout": 60.0},
        },
    }


def _dsn(text: str) -> dict[str, str]:
    if not text:
        return {}
    from psycopg.conninfo import conninfo_to_dict

    return {name: str(value) for name, value in conninfo_to_dict(text).items()}
