"""`lagan instruments` on a whole hub: a facility manager looks and lets a program in."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from pathlib import Path

import pytest

from lagan.kit.errors import Conflict
from tests.browser.facility import KEY
from tests.services.hub import LAGAN, PASSWORD, Hub

pytestmark = [pytest.mark.slow, pytest.mark.once]


def terminal(hub: Hub, folder: Path) -> dict[str, str]:
    """The environment of a terminal with a new administrator's client key."""
    name = f"keeper-{secrets.token_hex(3)}"
    hub.add_user(name, admin=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LAGAN_URL": f"{hub.url}/api"}
    given = ("authenticate", "-u", name, "-p", PASSWORD)
    return {**environment, "LAGAN_API_KEY": lagan(environment, *given).strip()}


def lagan(environment: dict[str, str], *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [str(LAGAN), *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == code, (words, done.stdout, done.stderr)
    return done.stdout


def test_a_manager_looks_and_lets_a_program_in(hub: Hub, tmp_path: Path) -> None:
    shell = terminal(hub, tmp_path)
    name, role = f"Facility {secrets.token_hex(3)}", f"role-{secrets.token_hex(3)}"
    facility = hub.facility(name, role)
    with hub.as_user(role) as program:
        asked = {"facility": name, "name": "Scope"}
        instrument = program.post("/api/ingest/instruments/", json=asked).json()["id"]
        told = {"uuid": secrets.token_hex(8), "name": "PC-7", "instrument": int(instrument)}
        uploader = program.post("/api/instruments/uploaders/", json=told).json()["id"]
        wish = {"public_key": KEY, "fingerprint": "SHA256:abc", "requester_name": "Alice"}
        made = program.post(f"/api/instruments/uploaders/{uploader}/registrations/", json=wish)
        assert made.status_code == 201, made.text
    (row,) = lagan(shell, "instruments", "list", "--facility", str(facility)).splitlines()
    assert row.split("\t")[:2] == [str(instrument), "Scope"]
    waiting = lagan(shell, "instruments", "waiting", "--json").splitlines()
    (waits,) = [each for each in map(json.loads, waiting) if each["uploader"] == uploader]
    number = str(waits["id"])
    approved = lagan(shell, "instruments", "approve", number, "--comment", "Seen")
    assert approved.split("\t")[:2] == [number, "approved"]
    assert "SHA256:abc" in lagan(shell, "instruments", "show", str(uploader))
    lagan(shell, "instruments", "approve", number, code=Conflict.exit)
    assert "revoked" in lagan(shell, "instruments", "revoke", number)
