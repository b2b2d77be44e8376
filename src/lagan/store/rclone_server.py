"""One `rclone rcd` for all remotes of this process: started when it is first needed, on a port of
this machine behind a password of its own, and ended with us, whatever ends us."""

from __future__ import annotations

import atexit
import base64
import logging
import os
import re
import secrets
import shutil
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

from lagan.kit.errors import BadPath, LaganError, NoSpace, NotFound, Unavailable
from lagan.kit.http import Answer, Http

PATIENCE = 86400.0
"""Seconds that one file may take."""
_TIMEOUT = 30.0
_START = 30.0  # seconds until it must have told where it listens
_LISTENS = re.compile(rb"Serving remote control on (http://127\.0\.0\.1:\d+)/")
_OUTLIVES_NOBODY = '"$@" & child=$!; read _; kill $child; wait $child'
"""The pipe that this shell reads ends when we end, also by kill -9."""
_log = logging.getLogger(__name__)


class Server:
    """The running program. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._http: Http | None = None
        self._pid = 0

    def call(self, command: str, *, again: bool = True, **given: Any) -> Mapping[str, Any]:
        """What a command answers. `again`: when the program has died meanwhile it is started and
        asked once more. NotFound, NoSpace, BadPath for a name that is too long there; Unavailable
        for all else."""
        try:
            return self._call(command, given)
        except Unavailable:
            if not (self._forget_dead() and again):
                raise
            return self._call(command, given)

    def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """The bytes at an address of the server."""
        try:
            return self._running().request("GET", path, headers=headers, patience=PATIENCE)
        except LaganError as error:
            self._forget_dead()
            raise _refusal(error) from None

    def end(self) -> None:
        """Stop the program, if it runs."""
        with self._lock:
            process, self._process = self._process, None
            http, self._http = self._http, None
            if http is not None:
                http.close()
            if process is not None and self._pid == os.getpid():
                with suppress(OSError):
                    process.stdin.close()  # type: ignore[union-attr]
                process.wait(_START)

    def _call(self, command: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            answer = self._running().request("POST", command, json=dict(given), patience=PATIENCE)
            return dict(answer.json() or {})
        except LaganError as error:
            raise _refusal(error) from None

    def _running(self) -> Http:
        with self._lock:
            if self._http is None or self._pid != os.getpid():  # a fork has one of its own
                self._start()
            assert self._http is not None  # noqa: S101
            return self._http

    def _start(self) -> None:
        password = secrets.token_urlsafe(32)
        environment = {**os.environ, "RCLONE_RC_USER": "lagan", "RCLONE_RC_PASS": password}
        command = [program(), "rcd", "--rc-addr", "127.0.0.1:0", "--rc-serve", "--retries", "3"]
        process = subprocess.Popen(
            ["/bin/sh", "-c", _OUTLIVES_NOBODY, "sh", *command],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=environment, start_new_session=True,
        )  # fmt: skip
        assert process.stderr is not None  # noqa: S101
        telling = _Told(process.stderr)
        address = telling.address()
        if address is None:
            process.stdin.close()  # type: ignore[union-attr]
            process.wait(_START)
            raise Unavailable(f"rclone did not start: {telling.last}.")
        told = base64.b64encode(f"lagan:{password}".encode()).decode()
        self._process, self._pid = process, os.getpid()
        self._http = Http(
            address, authorization=lambda: f"Basic {told}", timeout=_TIMEOUT, retries=0,
            connections=32,
        )  # fmt: skip

    def _forget_dead(self) -> bool:
        """Whether the program does not answer any more; then the next question starts another."""
        http = self._http
        if http is None:
            return True
        try:
            http.request("POST", "rc/noop", json={}).close()
        except LaganError:
            self.end()
            return True
        return False


class _Told:
    """What the program writes: where it listens, and its complaints, which go to our log."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.last = "it said nothing"
        self._stream = stream
        self._found: str | None = None
        self._known = threading.Event()
        threading.Thread(target=self._read, name="rclone", daemon=True).start()

    def address(self) -> str | None:
        """Where it listens; None when it ended, or is silent for too long."""
        self._known.wait(_START)
        return self._found

    def _read(self) -> None:
        with self._stream:
            for line in self._stream:
                if (found := _LISTENS.search(line)) is not None:
                    self._found = found[1].decode()
                    self._known.set()
                    continue
                self.last = line.decode(errors="replace").strip()[:300]
                _log.debug("rclone: %s", self.last)
        self._known.set()


def program() -> str:
    """Where rclone is. Unavailable when this machine has none."""
    found = shutil.which(os.environ.get("LAGAN_RCLONE") or "rclone")
    if found is None:
        raise Unavailable("This machine has no program rclone (install it, or set LAGAN_RCLONE).")
    return found


def _refusal(error: LaganError) -> LaganError:
    if "answered" not in error.facts:
        return error if isinstance(error, Unavailable) else Unavailable(error.sentence)
    whole = str(error.facts.get("error") or error.sentence).strip()
    said, lower = whole[:300], whole.lower()
    if error.facts["answered"] == 404 or "not found" in lower:
        return NotFound(f"Not there: {said}.")
    if "name too long" in lower:
        return BadPath(f"The remote does not take the name: {said}.", reason="long")
    if "no space left" in lower or "quota" in lower:
        return NoSpace(f"No space: {said}.")
    refused = Unavailable(f"rclone: {said}.")
    refused.facts = {"answered": error.facts["answered"]}
    return refused


SERVER = Server()
"""That of this process."""
atexit.register(SERVER.end)
