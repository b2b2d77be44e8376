"""The processes of a whole hub on one machine, supervised, and a word when its pages answer."""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from lagan.hub.ops.local_site import LOCAL_SITE
from lagan.hub.ops.supervise import Program, Supervisor

GRACE_OF_ALL = 90.0
"""Seconds in which a whole hub has ended: three programs, each with the supervisor's grace."""


def programs(
    *, host: str, port: int, workers: int, site: Path, roots: Sequence[Path]
) -> list[Program]:
    """What runs, in the order in which it is started and ended: first the doors, last the work.
    `site` is the file of the worker's settings, `roots` what its site shows."""
    lagan = [sys.executable, "-m", "lagan"]
    listen = ["--host", host, "--port", str(port), "--workers", str(workers)]
    worker = ["--site", "hub", "--site", LOCAL_SITE, "--config", str(site)]
    worker += ["--address", address(host, port).rstrip("/")]
    worker += [word for each in roots for word in ("--root", str(each))]
    return [
        Program("serve", [*lagan, "serve", *listen]),
        Program("schedule", [*lagan, "schedule"]),
        Program("worker", [*lagan, "worker", *worker]),
    ]


def run_stack(
    *,
    data: Path,
    host: str,
    port: int,
    workers: int,
    site: Path,
    roots: Sequence[Path],
    say: Callable[[str], None],
    ready: Callable[[], None],
) -> None:
    """Run a hub until TERM or INT; `ready` is called once, when its pages answer.

    Unavailable when one of its processes cannot be kept running.
    """

    def still_waiting() -> bool:
        if not answers(host, port):
            return True
        ready()
        return False

    Supervisor(
        programs(host=host, port=port, workers=workers, site=site, roots=roots),
        logs=data / "logs",
        environment={**os.environ, "PYTHONUNBUFFERED": "1"},
        say=say,
        on_tick=still_waiting,
    ).run()


def answers(host: str, port: int) -> bool:
    """Whether a hub answers at this address, well or not."""
    connection = http.client.HTTPConnection(_reachable(host), port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status in {200, 503}
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def address(host: str, port: int) -> str:
    """The address of the hub's pages as one opens it on this machine."""
    name = _reachable(host)
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


def _reachable(host: str) -> str:
    """All addresses of the machine, as the one that a client on it can use."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
