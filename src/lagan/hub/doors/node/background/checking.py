"""Every copy on a node's disks is looked at again within MinCycle; what is damaged is flagged and
healed, and those who are configured are told.

A check that breaks off goes on after the next start. How far it is stands in the node's row of the
cluster. Source: seeds/archive-server-config.txt, `DataCheckThread`; reference/ngas-http.md section
8. Measured: readers are threads, because reading and checksums run beside the interpreter (2.4 to
3.9 GB/s on two busy cores from the page cache), and hold one block of 4 MiB each.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.doors.node.background.check_progress import Progress
from lagan.hub.doors.node.background.check_queue import DiskQueue, Item, Seen, interleaved
from lagan.hub.doors.node.background.check_report import (
    GENERATED,
    SUBJECT,
    Problem,
    Report,
    written,
)
from lagan.hub.doors.node.background.courtesy import Courtesy, Stopped
from lagan.hub.doors.node.background.proving import First, prove
from lagan.hub.doors.node.background.service import Service
from lagan.hub.doors.node.background.unregistered import unregistered
from lagan.hub.doors.node.config.shape import DataCheck, NodeConfig
from lagan.hub.doors.node.files import catalogue, checksums, healing
from lagan.hub.doors.node.files.looking import Look, look
from lagan.hub.doors.node.models import Disk, StoredFile
from lagan.hub.doors.node.volumes import volume_info
from lagan.hub.doors.node.volumes.disks import MountedDisk
from lagan.hub.doors.node.wire.moments import show_local

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)

LEAST_PAUSE = 1.0
"""Seconds between two checks, however short MinCycle is."""
FLUSH = 10.0
"""Seconds after which what was seen is written, when files are large."""


def run(node: ArchiveNode, stop: threading.Event) -> None:
    """Check again and again until told to stop."""
    config = node.config.data_check
    assert config is not None, "the service is wanted only with it"  # noqa: S101
    while not stop.is_set():
        progress = Progress.load(node.host_id)
        due = progress.due(config.cycle, datetime.now(UTC))
        if due > timedelta():
            stop.wait(due.total_seconds())
            continue
        try:
            Check(node, config, progress, stop).run()
        except Stopped:
            return
        stop.wait(LEAST_PAUSE)


class Check:
    """One cycle, or what is left of one."""

    def __init__(
        self, node: ArchiveNode, config: DataCheck, progress: Progress, stop: threading.Event
    ) -> None:
        self._node, self._config, self._progress = node, config, progress
        self._courtesy = Courtesy(node.state, stop)
        self._seen = Seen()
        self._firsts: dict[str, list[First]] = {}
        self._flushed = time.monotonic()
        self._disks = {each.id: each for each in node.disks}

    def run(self) -> Report:
        """Look at everything that was not looked at since the check began. Stopped."""
        began = time.monotonic()
        since = self._progress.begin(self._disks)
        report = Report(self._node.host_id, show_local(since))
        try:
            queues = [DiskQueue(each, since) for each in self._disks]
            with ThreadPoolExecutor(self._config.processes, "check") as readers:
                while items := self._next_round(queues):
                    for found in self._side_by_side(readers, items):
                        self._note(found, report)
                    self._flush(report)
            self._find_strangers(report)
        finally:
            self._flush(report)
            self._progress.pause()
        self._end(report, time.monotonic() - began)
        return report

    def _next_round(self, queues: Sequence[DiskQueue]) -> list[Item]:
        there = [each for each in queues if each.disk_id not in self._progress.lost]
        return list(interleaved([each.next_round() for each in there]))

    def _side_by_side(self, readers: ThreadPoolExecutor, items: Iterable[Item]) -> Iterator[Look]:
        """What comes of each, as it comes; few are under way at a time."""
        going: set[Future[Look]] = set()
        try:
            for each in self._of_disks_that_are_there(items):
                going.add(readers.submit(self._look, each))
                if len(going) >= 2 * self._config.processes:
                    done, going = wait(going, return_when=FIRST_COMPLETED)
                    yield from (one.result() for one in done)
            yield from (one.result() for one in going)
        finally:
            for one in going:
                one.cancel()

    def _look(self, item: Item) -> Look:
        """In a reader's thread: nothing but the disk is touched."""
        row, proof = item
        self._courtesy.take(0)
        disk = self._disks[row.disk_id]
        return look(disk, row, proof, scan=self._config.scan, rate=self._courtesy)

    def _of_disks_that_are_there(self, items: Iterable[Item]) -> Iterator[Item]:
        """Without those of a disk that went away: its files are not damaged, they are not there."""
        for row, proof in items:
            if (self._disks[row.disk_id].path / volume_info.NAME).is_file():
                yield row, proof
            else:
                self._progress.lose(row.disk_id)

    def _note(self, found: Look, report: Report) -> None:
        report.files += 1
        report.bytes += found.read
        self._progress.add(int(found.row.file_size))
        disk = self._disks[found.row.disk_id]
        if found.problem:
            self._flag(disk, found, report)
        elif found.taken is not None:
            self._firsts.setdefault(disk.id, []).append((found.row, found.taken))
        elif catalogue.is_bad(found.row) and not self._config.scan:
            healing.clear(self._node, found.row)
        else:
            self._seen.add(found.row)
        if time.monotonic() - self._flushed > FLUSH:
            self._flush(report)

    def _flag(self, disk: MountedDisk, found: Look, report: Report) -> None:
        row = _unchanged(found.row)
        if row is None or not (disk.path / volume_info.NAME).is_file():
            return
        flag(self._node, row, found.problem)
        healed = healing.heal(self._node, disk, row, why=found.problem)
        report.add(_problem(disk, row, found.problem, healed))

    def _prove(self, report: Report) -> None:
        """From now on we know the digests of copies that another server archived."""
        archiving = self._node.config.archiving
        variant = archiving.checksum if archiving else checksums.CRC32
        for disk_id, firsts in self._firsts.items():
            disk = self._disks[disk_id]
            for row in prove(disk, firsts, variant):
                report.add(_problem(disk, row, GENERATED, ""))
        self._firsts.clear()

    def _find_strangers(self, report: Report) -> None:
        for disk in self._disks.values():
            for names in unregistered(disk, self._courtesy):
                report.add_unregistered([str(disk.path / each) for each in names])

    def _flush(self, report: Report) -> None:
        self._prove(report)
        with catalogue.turn():
            self._seen.write(datetime.now(UTC))
            self._progress.write()
        self._flushed = time.monotonic()

    def _end(self, report: Report, seconds: float) -> None:
        ended = show_local(datetime.now(UTC))
        whole = [each for each in self._disks if each not in self._progress.lost]
        with catalogue.turn():
            Disk.objects.filter(pk__in=whole).update(last_check=ended)
            self._progress.end(ended)
        text = written(report, ended, seconds, scan=self._config.scan)
        _log.info("%s", text)
        for each in self._progress.lost:
            _log.error("The disk %s is not there any more; its files were not checked.", each)
        if report.matters or self._config.always_report:
            self._node.mail.send("data_check", SUBJECT, text, forced=True)


def flag(node: ArchiveNode, row: StoredFile, problem: str) -> None:
    """Note that a copy is damaged; the record says so once."""
    with catalogue.turn():
        known = catalogue.is_bad(row)
        catalogue.mark(row, finding=problem, at=datetime.now(UTC))
        if not known:
            data = {"file": f"{row.file_id}/{row.file_version}", "disk": row.disk_id}
            audit.record(kind=Kind.NODE_DAMAGED, by=node.by, data={**data, "finding": problem})
    _log.error("%s is damaged: %s", row, problem)


def _unchanged(row: StoredFile) -> StoredFile | None:
    """The row as it is now, if the copy is still there and where it was."""
    found = catalogue.copies(row.file_id, version=int(row.file_version), disk_id=row.disk_id)
    return found[0] if found and found[0].file_name == row.file_name else None


def _problem(disk: MountedDisk, row: StoredFile, text: str, healed: str) -> Problem:
    return Problem(text, row.file_id, int(row.file_version), disk.slot, disk.id, healed)


def _wanted(config: NodeConfig) -> bool:
    return config.data_check is not None and config.data_check.active


SERVICE = Service("data check", run, _wanted)
