"""An archive node to be struck at one call, and what must be true of it afterwards."""

from __future__ import annotations

import hashlib
import signal
import sqlite3
import subprocess
import threading
from collections import Counter, defaultdict
from http.client import HTTPException
from pathlib import Path

from lagan.store.journal import Damage, FileLine, Journal, VoidLine
from lagan.store.posix import PosixVolume
from tests.faults.victim import CALLS
from tests.services.hub import until
from tests.services.node import Node
from tests.services.process import find_program

REPLICATED = (
    '<ArchiveHandling PathPrefix="saf" Replication="1" BackLogBuffering="0"'
    ' BackLogBufferDirectory="." CRCVariant="0" FreeSpaceDiskChangeMb="0"'
    ' MinFreeSpaceWarningMb="0"/>'
)
SETS = (
    '<StorageSets><StorageSet StorageSetId="volume1" MainDiskSlotId="volume1"'
    ' RepDiskSlotId="volume2"/></StorageSets>'
)
STREAM = (
    '<Streams><Stream MimeType="application/octet-stream" PlugIn="ngamsPlugIns.ngamsGenDapi">'
    '<StorageSetRef StorageSetId="volume1"/></Stream></Streams>'
)
ELEMENTS = {"ArchiveHandling": REPLICATED, "StorageSets": SETS, "Streams": STREAM}
SENDERS = 4
ROUNDS = 6


class Struck:
    """strace on every thread of a process; `inject` is one of its own injections."""

    def __init__(self, pid: int, log: Path, inject: str) -> None:
        names = ",".join(f"?{each}" for each in (*CALLS, "pwrite64", "pwritev2"))
        self._process = subprocess.Popen(
            [
                *(find_program("strace", package="strace"), "-f", "-qq", "-o", str(log)),
                *("-p", str(pid), "-e", f"trace={names}", "-e", "signal=none"),
                *("-e", f"inject={inject}"),
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        tasks = Path(f"/proc/{pid}/task")
        until(lambda: self._process.poll() is not None or all(map(_traced, tasks.iterdir())))
        assert self._process.poll() is None, self._process.stderr and self._process.stderr.read()

    def end(self) -> None:
        """Let the process go. Killed itself, strace lets go of what is left of a process whose
        first thread is gone already: it can wait for that for ever."""
        for end in (signal.SIGINT, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(end)
            try:
                self._process.communicate(timeout=10)
                return
            except subprocess.TimeoutExpired:
                continue
        raise AssertionError("strace does not end")


def _traced(task: Path) -> bool:
    try:
        return "TracerPid:\t0\n" not in (task / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


class Sent:
    """What was sent, and of what was acknowledged the digests, by id and version."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.tried: dict[str, set[str]] = defaultdict(set)
        self.acknowledged: dict[tuple[str, int], str] = {}
        self.refused: Counter[str] = Counter()
        self.words: set[str] = set()
        """What those who were refused were told."""
        self.broken = False
        """Whether the last round met a node that did not answer."""
        self._guard = threading.Lock()

    def send(self, mark: str) -> None:
        """Several senders at once: an id of their own and one that they share, by ARCHIVE to two
        disks and by QARCHIVE; each until the node is gone."""
        self.broken = False
        threads = [
            threading.Thread(target=self._sender, args=(mark, number)) for number in range(SENDERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _sender(self, mark: str, number: int) -> None:
        for turn in range(ROUNDS):
            for file_id in (f"{mark}-{number}", f"{mark}-shared"):
                body = f"{mark} {number} {turn} {file_id} ".encode() * 200
                command = "ARCHIVE" if turn % 2 else "QARCHIVE"
                try:
                    self.one(command, file_id, body)
                except (OSError, HTTPException):
                    self.broken = True
                    return

    def one(self, command: str, file_id: str, body: bytes) -> None:
        """Send one file; its base name is everybody's."""
        digest = hashlib.sha256(body).hexdigest()
        with self._guard:
            self.tried[file_id].add(digest)
        reply = self._node.post(
            command,
            body,
            filename="same.bin",
            file_id=file_id,
            mime_type="application/octet-stream",
        )
        with self._guard:
            if reply.status == 200:
                version = int(reply.of("FileStatus")["FileVersion"])
                assert (file_id, version) not in self.acknowledged, (file_id, version)
                self.acknowledged[file_id, version] = digest
            else:
                self.refused[file_id] += 1
                self.words.add(reply.message)


def expect_whole(node: Node, sent: Sent) -> None:
    """What was acknowledged is there; whatever else is to be had is something that was sent,
    whole."""
    for (file_id, version), digest in sent.acknowledged.items():
        got = node.get("RETRIEVE", file_id=file_id, file_version=version)
        assert got.status == 200, (file_id, version, got.body)
        assert hashlib.sha256(got.body).hexdigest() == digest, (file_id, version)
    missing: Counter[str] = Counter()
    for file_id, tried in sent.tried.items():
        newest = node.get("STATUS", file_id=file_id)
        if newest.status == 200:
            for version in range(1, int(newest.of("FileStatus")["FileVersion"]) + 1):
                got = node.get("RETRIEVE", file_id=file_id, file_version=version)
                if got.status != 200:
                    missing[file_id] += 1
                    continue
                assert hashlib.sha256(got.body).hexdigest() in tried, (file_id, version)
    # A version that was refused after a later one had its number leaves a gap.
    for file_id, number in missing.items():
        assert number <= sent.refused[file_id], (file_id, number)


def expect_settled(node: Node) -> None:
    """Rows, objects and journals say the same, and nothing was left on its way. The node is
    ONLINE and idle."""
    rows = set(_rows(node))
    assert rows
    for slot in node.volumes:
        top = node.root / "volumes" / slot
        disk = next(iter({disk for disk, _ in rows if _on(top, disk)}), None)
        named = {name for where, name in rows if where == disk}
        lying = {each.relative_to(top).as_posix() for each in (top / "saf").rglob("*.bin")}
        assert lying == named, slot
        assert _lines(top) == named, slot
        assert not list((top / ".lagan" / "incoming").glob("*")), slot


def _rows(node: Node) -> list[tuple[str, str]]:
    with sqlite3.connect(f"file:{node.root}/ngas.lagan.sqlite?mode=ro", uri=True) as catalogue:
        return catalogue.execute("SELECT disk_id, file_name FROM ngas_files").fetchall()


def _on(top: Path, disk_id: str) -> bool:
    from lagan.hub.doors.node.volumes.volume_info import NAME, decode

    return decode((top / NAME).read_bytes()).disk_id == disk_id


def _lines(top: Path) -> set[str]:
    """The objects that a disk's journal knows."""
    entries = list(Journal(PosixVolume(top)).entries())
    assert not [each for each in entries if isinstance(each, Damage)]
    void = {each.id for each in entries if isinstance(each, VoidLine)}
    return {each.object for each in entries if isinstance(each, FileLine) and each.id not in void}
