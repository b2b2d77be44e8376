"""A whole hub as its users meet it: `lagan up` in processes of its own, spoken to over HTTP."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from tests.services.board import shared
from tests.services.process import free_port

LAGAN = Path(sys.executable).with_name("lagan")
PASSWORD = "a long enough pass phrase"


class Hub:
    """A hub in a folder; `start`, `kill`, `stop`, and people who sign in."""

    def __init__(
        self,
        folder: Path,
        *,
        database: str = "sqlite",
        workers: int = 1,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """`port` 0 is another one at each start."""
        self.folder, self.data = folder, folder / "data"
        self._where = host, port
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LAGAN_")},
            "WORKERS": str(workers),
            **(_own_database() if database == "postgresql" else {}),
        }
        if database != "postgresql":
            self.environment.pop("POSTGRES_HOST", None)
            self.environment.pop("POSTGRES_DB", None)
        self.process: subprocess.Popen[str] | None = None
        self.url = ""
        self._people: set[str] = set()
        self._tokens: dict[str, str] = {}
        self._ids: dict[str, int] = {}

    def start(self, prefix: Sequence[str] = ()) -> Hub:
        """Run `lagan up`, behind `prefix` if given (strace), until its pages answer."""
        command = [*prefix, str(LAGAN), "up", "--data", str(self.data), "--json"]
        host, port = self._where
        command += ["--host", host, "--port", str(port or free_port())]
        with (self.folder / "up.log").open("a") as log:
            self.process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self.environment,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (self.folder / "up.log").read_text()
        self.url = json.loads(line)["address"].rstrip("/")
        return self

    def stop(self) -> None:
        """End it as its administrator would."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)
            self._close()

    def kill(self) -> None:
        """Kill every process of it at once, as a power cut would."""
        assert self.process is not None
        first = psutil.Process(self.process.pid)
        family = [first, *first.children(recursive=True)]
        for each in family:
            with suppress(psutil.NoSuchProcess):  # it ends with its parent
                each.send_signal(signal.SIGKILL)
        self.process.wait(60)
        await_gone(family)
        self._close()

    def _close(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def lagan(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run a `lagan` command on the hub's own machine."""
        environment = {**self.environment, "LAGAN_DATA": str(self.data), **changes}
        return subprocess.run(
            [str(LAGAN), *arguments], env=environment, text=True, capture_output=True, check=False
        )

    def add_user(self, username: str, *, admin: bool = False, name: str = "") -> str:
        """A person with PASSWORD; made once."""
        if username in self._people:
            return username
        if admin or name:
            self._add_by_command(username, *(["--admin"] * admin), *(["--name", name] * bool(name)))
        else:
            given = {"username": username, "password": PASSWORD}
            with self.administrator() as client:
                made = client.post("/api/users/", json=given)
            assert made.status_code == 201, made.text
        self._people.add(username)
        return username

    def _add_by_command(self, username: str, *flags: str) -> None:
        words = self.folder / "password"
        words.write_text(PASSWORD)
        whose = ["--username", username, "--password-file", str(words)]
        made = self.lagan("hub", "adduser", *whose, *flags)
        assert made.returncode == 0, made.stderr

    def as_user(self, username: str, **headers: str) -> httpx.Client:
        """A client that has signed in; once an hour, because Argon2 takes its time on purpose."""
        if username not in self._tokens:
            answer = httpx.post(
                f"{self.url}/api/auth/token/",
                json={"username": username, "password": PASSWORD},
                timeout=150,
            )
            assert answer.status_code in (200, 201), answer.text
            self._tokens[username] = answer.json()["access"]
        bearer = {"Authorization": f"Bearer {self._tokens[username]}"}
        return httpx.Client(base_url=self.url, headers={**bearer, **headers}, timeout=150)

    def administrator(self) -> httpx.Client:
        """A client of somebody who may do everything."""
        return self.as_user(self.add_user("root-administrator", admin=True))

    def facility(self, name: str, manager: str) -> int:
        """A GROUP in which the manager's agent may make instruments and datasets; its id."""
        if name in self._ids:
            return self._ids[name]
        self.add_user(manager)
        with self.administrator() as client:
            root = client.get("/api/entities/", params={"type": "GROUP", "text": "root"}).json()
            top = next(each for each in root["results"] if each["id"] == each["parent"])
            made = client.post(
                "/api/entities/", json={"type": "GROUP", "name": name, "parent": top["id"]}
            )
            assert made.status_code == 201, made.text
            group: int = made.json()["id"]
            with self.as_user(manager) as theirs:
                entity = theirs.get("/api/auth/me/").json()["entity"]
            rights = ["GROUP_READ", "COMPUTER_CREATE", "COMPUTER_READ"]
            rights += ["COMPUTER_CHANGE", "DATASET_CREATE", "DATASET_CHANGE"]
            granted = client.put(
                f"/api/entities/{group}/grants/", json={"subject": entity, "grant": rights}
            )
            assert granted.status_code == 204, granted.text
        self._ids[name] = group
        return group

    def dataset(
        self, name: str, *, owner: str, manager: str = "manager", facility: str = "Imaging"
    ) -> int:
        """An open dataset of the owner's, made as an instrument's agent makes it."""
        self.add_user(owner)
        self.facility(facility, manager)
        with self.as_user(manager) as client:
            at = {"facility": facility, "name": "Microscope"}
            instrument = client.post("/api/ingest/instruments/", json=at).json()["id"]
            wanted = {"instrument": instrument, "datasets": [{"owner": owner, "name": name}]}
            (made,) = client.post("/api/ingest/datasets/", json=wanted).json()["datasets"]
            number: int = made["id"]
            return number

    def objects(self, volume: str = "main") -> dict[str, int]:
        """What lies on a volume but what it says about itself: name to size in bytes."""
        root = self.data / "volumes" / volume
        found = (each for each in root.rglob("*") if each.is_file())
        names = {each.relative_to(root).as_posix(): each.stat().st_size for each in found}
        return {name: size for name, size in names.items() if not name.startswith(".lagan/")}

    def incoming(self, volume: str = "main") -> list[str]:
        """Keys of what was received and not published."""
        folder = self.data / "volumes" / volume / ".lagan/incoming"
        return sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []

    def key(self, username: str) -> str:
        """A fresh client key of the user's."""
        with self.as_user(username) as client:
            made = client.post("/api/auth/clientkeys/", json={"name": secrets.token_hex(4)})
            assert made.status_code == 201, made.text
            key: str = made.json()["api_key"]
            return key


def await_gone(processes: Sequence[psutil.Process]) -> None:
    """Return when none of them holds anything any more: ports, locks, files."""
    until(lambda: not any(map(_lives, processes)), 150)


def _lives(process: psutil.Process) -> bool:
    """One that nobody has waited for yet is dead when its last thread is."""
    try:
        if not process.is_running():
            return False
        return bool(process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1)
    except psutil.NoSuchProcess:
        return False


def until(condition: Any, limit: float = 100) -> Any:
    """Wait for a condition to be true; its value. AssertionError after `limit` seconds."""
    import time

    deadline = time.monotonic() + limit
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {limit} s: {condition}"
        time.sleep(0.05)
    return value


def _own_database() -> Mapping[str, str]:
    address = shared("postgresql").address
    name = f"hub_{secrets.token_hex(6)}"
    where = (
        f"host={address['POSTGRES_HOST']} port={address['POSTGRES_PORT']} "
        f"user={address['POSTGRES_USER']} dbname=postgres"
    )
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return {**address, "POSTGRES_DB": name}
