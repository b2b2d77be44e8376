"""Other clusters are mirrored: listed when it is time, one node of this cluster at a time, and what
is missing is fetched by the nodes that it is for.

Source: reference/ngas-http.md section 8, `Mirroring`. All servers of a source are listed, because
each tells of its own disks. A list begins where the one before ended, an hour earlier; the first,
and those that CompleteSync asks for, are complete.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import close_old_connections

from lagan.hub.base import locks
from lagan.hub.doors.node.background.service import Service
from lagan.hub.doors.node.config.shape import Mirroring, MirroringSource, NodeConfig
from lagan.hub.doors.node.mirroring import plan
from lagan.hub.doors.node.mirroring.fetching import Stopped, fetch
from lagan.hub.doors.node.mirroring.listing import Attributes, listed
from lagan.hub.doors.node.models import MirrorItem, MirrorSource
from lagan.hub.doors.node.plugins.facade import PlugInServer
from lagan.kit.errors import LaganError

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)

TICK = 0.5
"""Seconds after which it sees that it is to end, or to begin at once."""
LOOK = 10.0
"""Seconds after which it looks for files that another node's list queued for it."""
AFTER_FAILURE = 30.0
"""Seconds until a server that gave no list is asked again."""
OVERLAP = timedelta(hours=1)
"""How much of the time before is listed again: transactions that took longer, changed clocks."""
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?", re.ASCII)


@dataclass(slots=True)
class Report:
    """What was done since the last one."""

    fetched: int = 0
    failed: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.fetched or self.failed or self.given_up or self.different)

    def text(self) -> str:
        """For the mail."""
        parts = [f"Files fetched: {self.fetched}"]
        for title, names in (
            ("Attempts that failed", self.failed),
            ("Files given up", self.given_up),
            ("Files that are here with other content", self.different),
        ):
            parts += [f"{title}: {len(names)}", *names[:100]]
        return "\n".join(parts)


class Mirror:
    """The mirroring of one node."""

    def __init__(self, node: ArchiveNode) -> None:
        self._node = node
        self._guard = threading.Lock()
        self._wake = threading.Event()
        self._list_now = False
        self._report = Report()
        self._not_before: dict[str, float] = {}

    def list_now(self) -> None:
        """List all sources again at once."""
        with self._guard:
            self._list_now = True
        self._wake.set()

    def fetch_now(self) -> None:
        """Fetch what waits at once, also what failed a moment ago."""
        MirrorItem.objects.filter(instance_id=self._node.host_id, status=plan.FAILED).update(
            status=plan.READY
        )
        self._wake.set()

    def run(self, stop: threading.Event) -> None:
        """List and fetch until told to stop."""
        config = self._node.config.mirroring
        assert config is not None, "wanted says so"  # noqa: S101 - for the type
        plan.recover(self._node.host_id)
        pool = ThreadPoolExecutor(config.threads, "mirroring")
        try:
            while not stop.is_set():
                close_old_connections()
                if config.active:
                    self._list(config, stop)
                if not self._fetch(config, pool, stop):
                    self._tell(config)
                self._rest(
                    min([LOOK, *(each.period.total_seconds() for each in config.sources)]), stop
                )
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _rest(self, seconds: float, stop: threading.Event) -> None:
        """Nothing is to be done until somebody wants it or the time is over."""
        until = time.monotonic() + max(seconds, TICK)
        while not stop.is_set() and time.monotonic() < until and not self._wake.wait(TICK):
            pass
        self._wake.clear()

    def _list(self, config: Mirroring, stop: threading.Event) -> None:
        with self._guard:
            now, self._list_now = self._list_now, False
        for source in config.sources:
            for server in source.servers:
                if stop.is_set():
                    return
                with locks.advisory(f"node.mirror.{server}") as held:
                    if held:
                        self._list_server(source, server, at_once=now)

    def _list_server(self, source: MirroringSource, server: str, *, at_once: bool) -> None:
        if not at_once and time.monotonic() < self._not_before.get(server, 0.0):
            return
        known, _ = MirrorSource.objects.get_or_create(pk=f"{source.id}@{server}"[:128])
        now = datetime.now(UTC)
        if not at_once and known.listed_at and now - known.listed_at < source.period:
            return
        complete = is_complete(source.complete_sync, known.complete_at, now)
        since = "" if complete else begin(known.listed_to)
        files = (each for each in listed(self._node, server, since) if self._wanted(source, each))
        targets = source.targets or (self._node.host_id,)
        try:
            tally = plan.queue(files, server=server, targets=targets, again=complete or at_once)
        except LaganError as error:
            _log.error("The list of %s: %s", server, error.sentence)
            self._not_before[server] = time.monotonic() + AFTER_FAILURE
            return
        plan.forget_old()
        known.listed_to, known.listed_at = max(known.listed_to, tally.latest)[:23], now
        known.complete_at = now if complete else known.complete_at
        known.save()
        self._report.different += tally.different
        _log.info("%s lists %d files, %d are to come.", server, tally.seen, tally.queued)

    def _wanted(self, source: MirroringSource, file: Attributes) -> bool:
        if not source.filter:
            return True
        told = ",".join(f"{k}={v}" for k, v in source.parameters.items())
        version = file.get("FileVersion", "")
        return bool(
            self._node.plug_ins.call(
                "mirroring filter",
                source.filter,
                PlugInServer(self._node, source.parameters),
                told,
                file.get("FileName", ""),
                file.get("FileId", ""),
                int(version) if version.isdecimal() else 0,
            )
        )

    def _fetch(self, config: Mirroring, pool: ThreadPoolExecutor, stop: threading.Event) -> bool:
        """Fetch until nothing is due; whether something is still to come later."""
        while not stop.is_set():
            rows = plan.claim(self._node.host_id, 4 * config.threads, config.retry_after)
            if not rows:
                return plan.waits(self._node.host_id)
            jobs: list[Future[None]] = [
                pool.submit(self._fetch_one, config, each, stop) for each in rows
            ]
            while wait(jobs, TICK).not_done and not stop.is_set():
                pass
        return True

    def _fetch_one(self, config: Mirroring, row: MirrorItem, stop: threading.Event) -> None:
        close_old_connections()
        try:
            if stop.is_set():
                plan.put_back(row)
                return
            said = fetch(self._node, row, servers_of(config.sources, row.srv_list_id), stop)
            plan.finish(row, said)
            with self._guard:
                self._report.fetched += 1
        except Stopped:
            plan.put_back(row)
        except Exception as error:
            if not isinstance(error, LaganError):
                _log.exception("%s cannot be fetched.", row)
            sentence = error.sentence if isinstance(error, LaganError) else type(error).__name__
            over = plan.fail(row, sentence, config.give_up_after)
            with self._guard:
                names = self._report.given_up if over else self._report.failed
                names.append(f"{row.file_id}/{row.file_version}: {sentence}")
        finally:
            close_old_connections()

    def _tell(self, config: Mirroring) -> None:
        """Mail what was done, once nothing is left to do."""
        with self._guard:
            report, self._report = self._report, Report()
        if report and config.recipients:
            self._node.mail.send_to(config.recipients, "MIRRORING REPORT", report.text())


def servers_of(sources: Sequence[MirroringSource], number: int | None) -> list[str]:
    """The servers to ask for a file: the one whose list it was in first, then those beside it."""
    found: list[str] = []
    for source in sources:
        mine = [each for each in source.servers if plan.number_of(each) == number]
        if mine:
            found += [*mine, *(each for each in source.servers if each not in mine)]
    return list(dict.fromkeys(found or [each for source in sources for each in source.servers]))


def begin(listed_to: str) -> str:
    """Where the next list begins, by the clock of the server that gives it."""
    if not listed_to:
        return ""
    try:
        moment = datetime.fromisoformat(listed_to).replace(tzinfo=None)
    except ValueError:
        return ""
    return (moment - OVERLAP).isoformat(timespec="milliseconds")


def is_complete(told: str, last: datetime | None, now: datetime) -> bool:
    """Whether a list is to be complete: the first; each with CompleteSync="1"; and the first after
    each of the times of day that CompleteSync names."""
    if last is None or told.strip() == "1":
        return True
    local = now.astimezone()
    for hour, minute in _TIME.findall(told):
        if int(hour) > 23 or int(minute) > 59:
            continue
        at = local.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
        at = at if at <= local else at - timedelta(days=1)
        if last < at:
            return True
    return False


def _is_wanted(config: NodeConfig) -> bool:
    """Also where it is not Active: such a node fetches what another one queues for it."""
    return config.mirroring is not None


def run(node: ArchiveNode, stop: threading.Event) -> None:
    """Mirror until told to stop."""
    node.mirror.run(stop)


SERVICE = Service("mirroring", run, wanted=_is_wanted)
