"""Starting a whole hub in the background, and ending it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from http import HTTPStatus
from pathlib import Path

from lagan.hub.ops.data_folder import Holder, holder
from lagan.hub.ops.stack import GRACE_OF_ALL
from lagan.kit.errors import LaganError, Unavailable
from lagan.kit.http import Http

START_LIMIT = 300.0  # seconds until the pages must answer; the first start makes the database
POLL = 0.1  # seconds


def start_in_background(data: Path, *, host: str, port: int) -> str:
    """Start `lagan up` in a session of its own; its address, when its pages answer.

    Unavailable with its own words when it ends before that, or is too slow.
    """
    data.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "lagan", "up", "--json"]
    command += ["--data", str(data), "--host", host, "--port", str(port)]
    with (data / "up.log").open("ab") as log:
        began = log.tell()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    line = _first_line(process)
    if not line:
        if process.poll() is None:
            process.terminate()
        with (data / "up.log").open("rb") as log:
            log.seek(began)
            said = log.read().decode(errors="replace").split("lagan: ")[-1]
        raise Unavailable(" ".join(said.split()) or "The hub did not start.")
    return str(json.loads(line)["address"])


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    """What the process says first; nothing if it ends or says nothing in time."""
    if process.stdout is None:
        return b""
    readable, _, _ = select.select([process.stdout], [], [], START_LIMIT)
    return process.stdout.readline() if readable else b""


def stop_holder(data: Path) -> bool:
    """End the hub of this folder and wait until it has; False when none runs."""
    who = holder(data)
    if who is None:
        return False
    os.kill(who.pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_OF_ALL
    while _same(holder(data), who):
        if time.monotonic() > deadline:
            raise Unavailable(f"Process {who.pid} does not end.", pid=who.pid)
        time.sleep(POLL)
    return True


def pages_answer(address: str) -> bool:
    """Whether a hub answers at this address, well or not; False without one."""
    if not address:
        return False
    try:
        with Http(address, retries=0).request("GET", "healthz"):
            return True
    except LaganError as error:
        return error.facts.get("answered") == HTTPStatus.SERVICE_UNAVAILABLE


def _same(now: Holder | None, before: Holder) -> bool:
    return now is not None and now.pid == before.pid
