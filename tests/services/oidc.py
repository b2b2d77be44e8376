"""An OpenID Connect provider in a process of its own: django-oauth-toolkit, which shares no code
with the client that is tested."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.services.process import Running, accepts, await_ready, free_port, start_process

CLIENT, SECRET = "lagan-tests", "a secret that both know"
PASSWORD = "provider's own pass phrase"


def start(folder: Path) -> Running:
    """`address` has issuer, client, secret and people: a folder in which `put_person` writes who
    there is. Whatever address the browser is to be sent back to is fine, as long as it is on
    loopback."""
    port, people = free_port(), folder / "people"
    people.mkdir()
    issuer = f"http://127.0.0.1:{port}/o"
    # Nothing of the hub under test: neither its settings nor its database.
    environment = {
        "OIDC_FOLDER": str(folder),
        "OIDC_PORT": str(port),
        "PYTHONPATH": str(Path.cwd()),
    }
    command = [sys.executable, "-m", "tests.services.oidc_provider"]
    process = start_process(command, folder=folder, environment=environment)
    await_ready(lambda: accepts(port), process=process, folder=folder)
    address = {"issuer": issuer, "client": CLIENT, "secret": SECRET, "people": str(people)}
    return Running(process.pid, address, folder)


def put_person(provider: Running, name: str, claims: Mapping[str, Any]) -> None:
    """Let somebody log in there as `name`, with PASSWORD, and these claims."""
    place = Path(provider.address["people"]) / f"{name}.json"
    place.write_text(json.dumps(dict(claims)))
