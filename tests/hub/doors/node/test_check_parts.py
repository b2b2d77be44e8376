"""What a data check decides, part by part."""

from __future__ import annotations

import threading
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from lagan.hub.doors.node.background.check_progress import Progress
from lagan.hub.doors.node.background.check_queue import DiskQueue, Seen, interleaved
from lagan.hub.doors.node.background.check_report import MOST, Problem, Report, written
from lagan.hub.doors.node.background.courtesy import Courtesy, Stopped
from lagan.hub.doors.node.files import catalogue, looking
from lagan.hub.doors.node.files.looking import agrees, look
from lagan.hub.doors.node.models import Host, Proof, StoredFile
from lagan.hub.doors.node.process.state import State
from lagan.hub.doors.node.wire.moments import show_local
from lagan.kit.digests import Digests, digests_of
from lagan.store.posix import PosixVolume

HELLO = b"hello world\n"
KNOWN = digests_of([HELLO])


def row(**given: Any) -> StoredFile:
    known: dict[str, Any] = {
        "file_id": "f",
        "file_version": 1,
        "disk_id": "d",
        "file_name": "saf/f",
        "file_size": len(HELLO),
        "uncompressed_file_size": len(HELLO),
        "checksum": "2936552237",
        "checksum_plugin": "crc32",
    }
    return StoredFile(**{**known, **given})


def proof(found: Digests = KNOWN, **given: Any) -> Proof:
    known: dict[str, Any] = {
        "file_id": "f",
        "file_version": 1,
        "disk_id": "d",
        "line": uuid4(),
        "sha256": found.sha256,
        "crc32c": found.crc32c,
        "crc32": found.crc32,
    }
    return Proof(**{**known, **given})


@pytest.mark.parametrize(
    ("name", "checksum", "same"),
    [
        ("crc32", "2936552237", True),
        ("ngamsGenCrc32", "2936552237", True),
        ("StreamCrc32", str(2936552237 - 2**32), True),
        ("crc32c", "4043272850", True),
        ("crc32z", "2936552237", True),
        ("crc32c", "2936552237", False),
        ("crc32", "1", False),
        ("", "4043272850", True),
        (None, "2936552237", True),
        ("", "1", False),
        ("site.md5", "d41d8cd98f00b204e9800998ecf8427e", True),
        ("crc32", None, True),
        (None, None, True),
    ],
)
def test_bytes_agree_with_a_row_by_its_own_variant(
    name: str | None, checksum: str | None, same: bool
) -> None:
    assert agrees(row(checksum=checksum, checksum_plugin=name), KNOWN) is same


def test_bytes_of_another_size_never_agree() -> None:
    assert not agrees(row(file_size=3, checksum=None), KNOWN)


@pytest.fixture
def disk(tmp_path: Path) -> Any:
    (tmp_path / "saf").mkdir()
    (tmp_path / "saf" / "f").write_bytes(HELLO)
    return SimpleNamespace(store=PosixVolume(tmp_path), path=tmp_path, id="d", writable=True)


def test_a_copy_in_order_is_seen_as_such_with_and_without_proof(disk: Any) -> None:
    known = look(disk, row(), proof())
    assert (known.problem, known.taken, known.read) == ("", None, len(HELLO))
    first = look(disk, row(), None)
    assert (first.problem, first.taken, first.read) == ("", KNOWN, len(HELLO))


@pytest.mark.parametrize("known", [None, proof()])
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "ERROR: File in DB missing on disk"),
        (b"short", "ERROR: File has wrong size. Expected: 12/Actual: 5."),
        (b"hellO world\n", "ERROR: Inconsistent checksum found"),
    ],
)
def test_what_is_wrong_is_said_in_the_words_programs_look_for(
    disk: Any, known: Proof | None, content: bytes | None, problem: str
) -> None:
    (disk.path / "saf" / "f").unlink()
    if content is not None:
        (disk.path / "saf" / "f").write_bytes(content)
    assert look(disk, row(), known).problem == problem


def test_a_scan_looks_at_size_alone(disk: Any) -> None:
    (disk.path / "saf" / "f").write_bytes(b"hellO world\n")
    assert look(disk, row(), proof(), scan=True) == looking.Look(row())
    (disk.path / "saf" / "f").write_bytes(b"short")
    assert "wrong size" in look(disk, row(), proof(), scan=True).problem


def test_a_checksum_that_was_changed_in_the_catalogue_is_told_of(disk: Any) -> None:
    found = look(disk, row(checksum="1"), proof())
    assert found.problem == "ERROR: Inconsistent checksum found: the catalogue has 1 for it"


def test_a_name_that_no_volume_can_have_is_a_problem_and_no_error(disk: Any) -> None:
    assert look(disk, row(file_name="../../etc/passwd"), None).problem.startswith(
        "ERROR: File cannot be read"
    )


def test_an_empty_file_is_in_order(disk: Any) -> None:
    (disk.path / "saf" / "f").write_bytes(b"")
    empty = digests_of([])
    given = row(file_size=0, checksum=str(zlib.crc32(b"")))
    assert look(disk, given, proof(empty)).problem == ""
    assert look(disk, given, None).taken == empty


@pytest.mark.parametrize(
    ("status", "bad"),
    [("00000000", False), ("10000000", True), ("100", False), (None, False), ("", False)],
)
def test_flags_are_read_as_that_server_writes_them(status: str | None, bad: bool) -> None:
    assert catalogue.is_bad(row(file_status=status)) is bad


def test_a_report_says_what_was_found() -> None:
    report = Report("vm:7777", "2026-11-22T00:00:00.000", files=12, bytes=34)
    assert not report.matters
    report.add(Problem("ERROR: X", "f", 2, "volume1", "d", "disk e"))
    report.add(Problem("NOTICE: Missing checksum - generated", "g", 1, "volume1", "d"))
    report.add_unregistered(["/v/saf/stray"])
    assert report.matters
    text = written(report, "2026-11-22T01:00:00.000", 2.0, scan=False)
    lines = text.splitlines()
    assert "Problems found:       1" in lines
    assert "Problems healed:      1" in lines
    assert (
        "ERROR: X File ID: f, Version: 2, Slot ID: volume1, Disk ID: d. Healed from disk e."
        in lines
    )
    assert "NOTICE: Missing checksum - generated File ID: g, Version: 1, Slot ID: volume1" in text
    assert lines[-3:] == ["NOT REGISTERED FILES FOUND ON STORAGE DISKS:", "", "/v/saf/stray"]


def test_a_report_is_short_enough_to_be_read() -> None:
    report = Report("h", "b")
    for number in range(MOST + 5):
        report.add(Problem("ERROR: X", str(number), 1, "v", "d"))
        report.add_unregistered([f"/v/{number}"])
    text = written(report, "e", 1.0, scan=True)
    assert text.count("ERROR: X") == MOST
    assert text.count("... and 5 more.") == 2


def test_a_check_gives_way_and_ends_when_it_is_told() -> None:
    state, stop = State(), threading.Event()
    courtesy = Courtesy(state, stop)
    courtesy.take(4 << 20)
    with state.serving():
        courtesy.take(0)
        stop.set()
        with pytest.raises(Stopped):
            courtesy.take(4 << 20)


def test_disks_take_turns() -> None:
    one, two = [(row(file_id=each), None) for each in "ab"], [(row(file_id="c"), None)]
    assert [each.file_id for each, _ in interleaved([one, two])] == ["a", "c", "b"]
    assert list(interleaved([])) == []


NOW = datetime.now(UTC)


@pytest.mark.django_db
def test_the_oldest_look_comes_first_and_nothing_twice() -> None:
    since = NOW - timedelta(hours=1)
    ages = {"new": timedelta(0), "old": timedelta(hours=2), "older": timedelta(days=2)}
    for name, age in ages.items():
        row(file_id=name).save(force_insert=True)
        proof(file_id=name, checked_at=NOW - age).save(force_insert=True)
    row(file_id="unknown").save(force_insert=True)
    proof(file_id="orphan", checked_at=None).save(force_insert=True)
    queue, seen = DiskQueue("d", since), Seen()
    assert [each.file_id for each, _ in queue.next_round()] == ["unknown"]
    found = queue.next_round()
    assert [each.file_id for each, _ in found] == ["older", "old"]
    for each, _ in found:
        seen.add(each)
    seen.write(NOW)
    assert queue.next_round() == []
    assert not Proof.objects.filter(file_id="orphan").exists()
    # A check that goes on after a restart does not begin again.
    assert [each.file_id for each, _ in DiskQueue("d", since).next_round()] == ["unknown"]


@pytest.mark.django_db
def test_a_check_is_due_when_its_cycle_is_over_and_goes_on_after_a_restart() -> None:
    Host.objects.create(host_id="h")
    cycle = timedelta(hours=1)
    first = Progress.load("h")
    assert first.due(cycle, NOW) <= timedelta()
    began = first.begin([])
    again = Progress.load("h")
    assert again.broken_off
    assert again.due(cycle, NOW) <= timedelta()
    assert abs(again.begin([]) - began) < timedelta(seconds=0.01)
    again.end(show_local(datetime.now(UTC) + timedelta(seconds=1)))
    done = Progress.load("h")
    assert not done.broken_off
    assert timedelta(minutes=59) < done.due(cycle, datetime.now(UTC)) <= cycle
