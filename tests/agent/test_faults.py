"""Connections that end, hubs that refuse, files that change: each file still has exactly one right
outcome."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.agent.conftest import Bench
from tests.agent.hub import TestHub

SIZE = 2 << 20


@pytest.mark.parametrize("at", [0, 1, 1000, 65_536, SIZE // 2, SIZE - 65_537, SIZE - 1])
def test_a_cut_connection_is_gone_on_with(bench: Bench, hub: TestHub, at: int) -> None:
    bench.file("anna/d/large.raw", os.urandom(SIZE))
    settings = bench.settings()
    hub.cut_at = _bytes_before_uploads(bench, hub) + at
    report = bench.sync()
    assert (report.exit, report.sent) == (0, 1), report
    assert hub.contents() == bench.local()
    assert hub.received < SIZE * 1.3 + 10_000, "it began from the start"
    assert settings.max_upload_retries == 1


@pytest.mark.parametrize("at", [0, 700, 5000, 50_000, 99_000])
def test_a_cut_batch_is_sent_again(bench: Bench, hub: TestHub, at: int) -> None:
    for n in range(50):
        bench.file(f"anna/d/{n}.tif", os.urandom(2000))
    hub.cut_at = _bytes_before_uploads(bench, hub) + at
    report = bench.sync()
    assert (report.exit, report.sent) == (0, 50), report
    assert hub.contents() == bench.local()


def _bytes_before_uploads(bench: Bench, hub: TestHub) -> int:
    """What a run sends before the first file: found by a run in which nothing may go."""
    bench.sync(ignore_new_files_minutes=500_000)
    spent, hub.received = hub.received, 0
    return spent


def test_an_answer_that_was_lost_after_archiving_is_found_out(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/large.raw", os.urandom(SIZE))
    lost = iter([True])

    def lose(method: str, path: str) -> None:
        if method == "PATCH" and not hub.uploads and next(lost, False):
            raise ConnectionResetError

    hub.before_answer = lose
    report = bench.sync()
    assert (report.exit, report.sent) == (0, 1), report
    assert len(hub.stored) == 1
    assert hub.received < SIZE * 1.2


@pytest.mark.parametrize("size", [1000, SIZE])
def test_damaged_on_the_way_is_sent_again(bench: Bench, hub: TestHub, size: int) -> None:
    bench.file("anna/d/a.raw", os.urandom(size))
    hub.corrupt = 1
    assert bench.sync().exit == 0
    assert hub.contents() == bench.local()
    bench.file("anna/d/b.raw", os.urandom(size))
    hub.corrupt = 2
    report = bench.sync()
    assert report.exit in (11, 12)
    assert "announced" in [*report.failed, *report.refused][0].reason
    assert not hub.uploads
    assert "anna/d/b.raw" not in hub.contents()


def test_an_upload_held_by_another_connection_is_waited_for(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.raw", os.urandom(SIZE))
    hub.refuse("PATCH", "/api/uploads/.*", 423, "locked", times=3)
    assert bench.sync(max_upload_retries=0).exit == 0


def test_a_busy_hub_is_tried_again_and_then_left_for_the_next_run(
    bench: Bench, hub: TestHub
) -> None:
    bench.file("anna/d/a.raw")
    hub.refuse("POST", "/api/uploads/batch/", 503, "unavailable")
    assert bench.sync().exit == 0
    bench.file("anna/d/b.raw")
    hub.refuse("POST", "/api/uploads/batch/", 507, "no-space", times=2)
    report = bench.sync()
    assert [each.path for each in report.failed] == ["anna/d/b.raw"]
    assert report.exit == 12
    assert bench.sync().sent == 1


def test_one_bad_file_does_not_keep_its_batch(bench: Bench, hub: TestHub) -> None:
    for n in range(9):
        bench.file(f"anna/d/{n}.tif")
    hub.refuse("POST", "/api/uploads/batch/", 413, "too-large", times=2)
    report = bench.sync()
    assert (report.exit, report.sent) == (0, 9)


def test_a_key_revoked_on_the_way_ends_the_run(bench: Bench, hub: TestHub) -> None:
    from lagan.kit.errors import NotSignedIn

    bench.file("anna/d/a.raw")
    hub.refuse("POST", "/api/uploads/batch/", 401, "not-signed-in", times=5)
    with pytest.raises(NotSignedIn):
        bench.sync()


def test_a_large_file_that_grows_while_sent_is_not_archived(bench: Bench, hub: TestHub) -> None:
    made = bench.file("anna/d/large.raw", os.urandom(SIZE))
    hub.on_body = _once(lambda: _append(made), after=SIZE // 2)
    report = bench.sync()
    assert [each.path for each in report.left] == ["anna/d/large.raw"]
    assert (report.sent, hub.contents(), hub.uploads) == (0, {}, {})
    os.utime(made, (1_600_000_000,) * 2)
    assert bench.sync().exit == 0
    assert hub.contents() == bench.local()


def test_a_large_file_that_shrinks_while_sent_is_not_archived(bench: Bench, hub: TestHub) -> None:
    made = bench.file("anna/d/large.raw", os.urandom(4 * SIZE))
    hub.on_body = _once(lambda: os.truncate(made, 100), after=SIZE // 2)
    report = bench.sync()
    assert [each.path for each in report.left] == ["anna/d/large.raw"]
    assert (hub.contents(), hub.uploads) == ({}, {})


def test_a_file_changed_between_two_tries_begins_anew(bench: Bench, hub: TestHub) -> None:
    made = bench.file("anna/d/large.raw", os.urandom(SIZE))
    hub.cut_at = _bytes_before_uploads(bench, hub) + SIZE // 2
    assert bench.sync(max_upload_retries=0).exit == 12
    assert bench.uploads_kept() == 1
    made.write_bytes(os.urandom(SIZE))
    os.utime(made, (1_600_000_000,) * 2)
    assert bench.sync().exit == 0
    assert hub.contents() == bench.local()
    assert not hub.uploads


def test_small_files_changed_before_their_turn_are_left(bench: Bench, hub: TestHub) -> None:
    """The batch's first bytes are on the wire when the last file changes, goes, or becomes a
    link. What goes before it is more than a sender's socket holds back."""
    before = [f"anna/d/{n:02}.tif" for n in range(20)]
    for name in before:
        bench.file(name, os.urandom(900_000))
    grown, gone, linked = (bench.file(f"anna/d/{name}", b"before") for name in ("xa", "xb", "xc"))

    def change() -> None:
        _append(grown)
        gone.unlink()
        linked.unlink()
        linked.symlink_to("/etc/passwd")

    hub.on_body = _once(change, after=100_000)
    report = bench.sync(max_upload_threads=1)
    assert {each.path for each in report.left} == {"anna/d/xa", "anna/d/xb"}
    assert {each.path for each in report.refused} == {"anna/d/xc"}
    assert set(hub.contents()) == set(before)


def test_an_upload_that_expired_begins_anew(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/large.raw", os.urandom(SIZE))
    hub.cut_at = _bytes_before_uploads(bench, hub) + SIZE // 2
    bench.sync(max_upload_retries=0)
    hub.uploads.clear()
    assert bench.sync().exit == 0
    assert hub.contents() == bench.local()


def test_a_damaged_state_file_costs_nothing_but_time(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.raw")
    bench.sync()
    for each in Path(bench.folder / "state").glob("state.sqlite3*"):
        each.write_bytes(b"not a database" * 100)
    report = bench.sync()
    assert (report.exit, report.already, report.sent) == (0, 1, 0)


def test_what_the_hub_acknowledged_but_lacks_is_said(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.raw")
    hub.before_answer = lambda method, path: (
        hub.files["d0"].clear() if path == "/api/uploads/batch/" else None
    )
    report = bench.sync()
    assert [each.reason for each in report.failed] == [
        "The hub acknowledged it but does not have it"
    ]
    assert report.exit == 12


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def _once(act: object, after: int):
    waiting = [act]

    def look(count: int) -> None:
        if count > after and waiting:
            waiting.pop()()  # type: ignore[operator]

    return look
