"""What the gate brought back is written down at once, and told to the hub as one job an hour: kept
here while the hub is away, counted in whole numbers, so that telling them twice does no harm."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Protocol

from lagan.hsm.gate.recalls import Ended
from lagan.kit.errors import LaganError, NotFound
from lagan.kit.files import write_atomically

log = logging.getLogger("lagan.recalld")
HOUR = 3600
PAUSE = 10.0
"""Seconds between two words to the hub."""
_LARGEST = 16 << 20
"""Bytes of the log until it becomes the older one."""

Hours = dict[str, dict[str, Any]]
"""By the second that an hour begins with: `job` at the hub, numbers, and those that it knows."""


class HubJobs(Protocol):
    """The part of a hub's client that is needed."""

    def note(self, jobtype: str, site: str, **numbers: int | str) -> int:
        """Note a job that we run; its number."""

    def tell(self, job: int, **numbers: int | str) -> None:
        """Say how it stands."""


class Report:
    """The log and the hours that the hub does not know whole yet, in the folder `state`."""

    def __init__(
        self,
        state: Path,
        jobs: HubJobs | None = None,
        site: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._log = state / "recalls.log"
        self._path = state / "hours.json"
        self._jobs, self._site, self._clock = jobs, site, clock
        self._lock = Lock()
        self._hours = self._read()

    def note(self, ended: Ended) -> None:
        """Write down one recall."""
        at = self._clock()
        line = json.dumps({"at": round(at, 3), **asdict(ended)})
        with self._lock:
            self._append(line)
            if self._jobs is not None:
                hour = self._hours.setdefault(str(int(at) // HOUR * HOUR), {"job": None})
                for name in ("numfiles", _counted(ended)):
                    hour[name] = hour.get(name, 0) + 1
                self._write()

    def tell(self) -> bool:
        """Tell the hub what it does not know yet; whether it knows all. Refusals are logged."""
        if self._jobs is None:
            return True
        with self._lock:
            hours = json.loads(json.dumps(self._hours))
        try:
            for begun, hour in sorted(hours.items()):
                self._tell_hour(begun, hour)
        except LaganError as error:
            log.warning("The hub was not told of recalls: %s", error.sentence)
            return False
        return True

    def tell_on(self, stop: Event, pause: float = PAUSE) -> None:
        """Tell the hub every now and then, in a thread of its own."""

        def run() -> None:
            while not stop.wait(pause):
                self.tell()

        if self._jobs is not None:
            Thread(target=run, name="hub", daemon=True).start()

    def _tell_hour(self, begun: str, hour: dict[str, Any]) -> None:
        numbers = {name: value for name, value in hour.items() if name.startswith("num")}
        over = int(begun) + HOUR <= self._clock()
        if numbers == hour.get("told") and not over:
            return
        jobs = self._jobs
        assert jobs is not None  # noqa: S101 - nobody calls this without
        if hour["job"] is None:
            hour["job"] = jobs.note("transparent-recall", self._site, state="STARTED", **numbers)
            self._learn(begun, job=hour["job"])
        state = {"state": "FAILURE" if hour.get("numfailedfiles") else "SUCCESS"} if over else {}
        try:
            jobs.tell(hour["job"], **numbers, **state)
        except NotFound:  # somebody removed it there, and wants it no more
            over = True
        self._learn(begun, told=numbers, over=over)

    def _learn(self, begun: str, *, over: bool = False, **known: Any) -> None:
        with self._lock:
            self._hours[begun].update(known)
            if over:
                del self._hours[begun]
            self._write()

    def _append(self, line: str) -> None:
        """To the log, of which one older part is kept."""
        try:
            with suppress(FileNotFoundError):
                if self._log.stat().st_size > _LARGEST:
                    self._log.replace(self._log.with_suffix(".log.1"))
            with self._log.open("a") as file:
                file.write(line + "\n")
        except OSError as error:
            log.error("%s cannot be written: %s", self._log, error.strerror)

    def _read(self) -> Hours:
        try:
            hours = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return hours if isinstance(hours, dict) else {}

    def _write(self) -> None:
        try:
            write_atomically(self._path, json.dumps(self._hours).encode(), mode=0o600)
        except OSError as error:
            log.error("%s cannot be written: %s", self._path, os.strerror(error.errno or 0))


def _counted(ended: Ended) -> str:
    """Where a recall counts: one that a rule was against is skipped."""
    if not ended.moved:
        return "numskippedfiles"
    return "numprocessedfiles" if ended.error is None else "numfailedfiles"
