"""What the engine does is told as rows: each file with its named state, never complete before the
hub has proved it."""

from __future__ import annotations

import os
import threading

import pytest

from lagan.agent.progress import Quiet
from lagan.agent.rows import VIEWS, Condition, Kind
from lagan.agent.scan import Scan
from lagan.agent.settings import parse
from lagan.agent.sync import sync
from lagan.agent.watch import Watch
from tests.agent.conftest import Bench
from tests.agent.hub import Refused, TestHub
from tests.agent.observer import Kept

SIZE = 2 << 20


def run(bench: Bench, **changes: object) -> Kept:
    kept = Kept()
    sync(bench.settings(**changes), Quiet(), threading.Event(), observer=kept)
    assert kept.report is not None
    return kept


def test_a_run_is_told_in_every_view(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/scan 1/a.tif", b"first")
    bench.file("anna/scan 1/deep/er/b.tif", b"second")
    bench.file("ben/scan 2/large.raw", os.urandom(SIZE))
    kept = run(bench)
    assert set(kept.conditions().values()) == {Condition.COMPLETED}
    assert set(kept.conditions("verifications").values()) == {Condition.MISSING}
    rows = kept.rows["uploads"].values()
    assert {(r.folder, r.subdirectory, r.filename, r.size, r.progress) for r in rows} == {
        ("anna/scan 1", "", "a.tif", 5, 1.0),
        ("anna/scan 1", "deep/er", "b.tif", 6, 1.0),
        ("ben/scan 2", "", "large.raw", SIZE, 1.0),
    }
    folders = {row.folder: row for row in kept.rows["folders"].values()}
    assert folders["scan 1"].status == "2 of 2 files uploaded"
    assert folders["scan 1"].location == str(bench.data / "anna/scan 1")
    assert folders["scan 1"].web == f"{hub.url}/datasets/d0/"
    assert (folders["scan 2"].owner, folders["scan 2"].group) == ("ben", "")
    users = {row.username: row.name for row in kept.rows["users"].values()}
    assert users == {"anna": "Full anna", "ben": "Full ben"}
    assert kept.texts[0] == "Looking up 3 files"
    again = run(bench)
    assert set(again.conditions("verifications").values()) == {Condition.ARCHIVED}
    assert "uploads" not in again.rows
    assert again.rows["folders"][1].status == "2 of 2 files uploaded"


def test_groups_and_strangers_are_told_as_what_they_are(bench: Bench, hub: TestHub) -> None:
    bench.file("smith/d/a.tif")
    kept = run(bench, folder_structure="User Group / Dataset", group_prefix="lab-")
    groups = [(row.short_name, row.full_name) for row in kept.rows["groups"].values()]
    assert groups == [("smith", "lab-smith")]
    assert (kept.rows["folders"][1].group, kept.rows["folders"][1].owner) == (
        "lab-smith", "facility",
    )  # fmt: skip
    bench.file("zoe/d/a.tif")
    users = {row.username: row.name for row in run(bench).rows["users"].values()}
    assert users["zoe"] == "", "nobody has that name"


def test_nothing_is_complete_before_the_hub_has_proved_it(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.raw")
    hub.before_answer = lambda method, path: (
        hub.files["d0"].clear() if path == "/api/uploads/batch/" else None
    )
    kept = run(bench)
    assert kept.conditions() == {"a.raw": Condition.UNPROVEN}
    assert Condition.COMPLETED not in kept.passed["a.raw"]
    assert kept.rows["folders"][1].status == "0 of 1 files uploaded, 1 not"


@pytest.mark.parametrize(
    ("status", "code", "condition"),
    [
        (507, "no-space", Condition.FULL),
        (413, "too-large", Condition.TOO_LARGE),
        (500, "internal", Condition.BROKEN),
        (503, "unavailable", Condition.BUSY),
        (403, "forbidden", Condition.FORBIDDEN),
        (409, "dataset-not-open", Condition.CLOSED),
        (0, "", Condition.NO_ANSWER),
    ],
)
@pytest.mark.parametrize("size", [10, SIZE])
def test_what_the_hub_answers_is_a_named_state(
    bench: Bench, hub: TestHub, size: int, status: int, code: str, condition: Condition
) -> None:
    bench.file("anna/d/a.raw", os.urandom(size))
    hub.refuse("POST", "/api/uploads/.*", status, code, times=30)
    kept = run(bench)
    assert kept.conditions() == {"a.raw": condition}
    assert condition.kind in (Kind.FAILED, Kind.REFUSED)
    assert kept.report is not None
    assert kept.report.exit == (12 if condition.kind is Kind.FAILED else 11)
    assert hub.contents() == {}
    hub.refusals.clear()
    assert run(bench).conditions() == {"a.raw": Condition.COMPLETED}


def test_one_file_that_breaks_the_hub_does_not_keep_the_others(bench: Bench, hub: TestHub) -> None:
    for n in range(8):
        bench.file(f"anna/d/{n}.tif", str(n).encode())
    archive = hub.archive

    def break_on_three(dataset: str, path: str, content: bytes, mtime_ns: int) -> object:
        if path == "3.tif":
            raise Refused(500, "internal", "It fell over.")
        return archive(dataset, path, content, mtime_ns)

    hub.archive = break_on_three  # type: ignore[assignment,method-assign]
    kept = run(bench, max_upload_retries=0)
    told = kept.conditions()
    assert told.pop("3.tif") is Condition.BROKEN
    assert set(told.values()) == {Condition.COMPLETED}


def test_files_that_change_under_it_are_named(bench: Bench, hub: TestHub) -> None:
    grown = bench.file("anna/d/grown.raw", os.urandom(SIZE))
    waiting = [b"more"]

    def grow(count: int) -> None:
        if count > SIZE // 2 and waiting:
            with grown.open("ab") as file:
                file.write(waiting.pop())

    hub.on_body = grow
    bench.file("anna/d/young.raw", age=5)
    assert run(bench).conditions() == {
        "grown.raw": Condition.GREW,
        "young.raw": Condition.YOUNG,
    }
    assert hub.contents() == {}


def test_files_that_vanish_or_shut_are_named(
    bench: Bench, hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.file("anna/d/gone.raw")
    bench.file("anna/d/shut.raw")
    bench.file("anna/d/fine.raw")
    from lagan.agent import reading

    real = reading.open_beneath

    def opening(base: object, path: str, flags: int) -> int:
        if path.endswith("gone.raw"):
            raise FileNotFoundError(2, "No such file or directory")
        if path.endswith("shut.raw"):
            raise PermissionError(13, "Permission denied")
        return real(base, path, flags)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "open_beneath", opening)
    assert run(bench).conditions() == {
        "gone.raw": Condition.VANISHED,
        "shut.raw": Condition.UNREADABLE,
        "fine.raw": Condition.COMPLETED,
    }


def test_names_that_cannot_be_kept_are_told(bench: Bench, hub: TestHub) -> None:
    (bench.data / "anna/d").mkdir(parents=True)
    bench.file("anna/d/fine.raw")
    odd = os.fsencode(bench.data / "anna/d") + b"/caf\xe9.raw"
    with open(odd, "wb"):  # noqa: PTH123 - a name that no Path shows
        pass
    kept = run(bench, ignore_new_files=False)
    assert kept.conditions("verifications") == {
        "fine.raw": Condition.MISSING,
        "caf\\xe9.raw": Condition.NAME,
    }


def test_stopped_before_their_turn_is_a_state_too(bench: Bench, hub: TestHub) -> None:
    for n in range(4):
        bench.file(f"anna/d/{n}.raw", os.urandom(SIZE))
    stop = threading.Event()
    hub.on_body = lambda count: stop.set() if count > SIZE // 2 else None
    kept = Kept()
    sync(bench.settings(max_upload_threads=1), Quiet(), stop, observer=kept)
    assert kept.report is not None
    assert kept.report.stopped
    assert Condition.COMPLETED not in kept.conditions().values()
    assert Condition.STOPPED in kept.conditions().values()


def test_many_rows_are_told_in_few_calls(bench: Bench, hub: TestHub) -> None:
    for n in range(600):
        bench.file(f"anna/d/{n}.tif", b"x")
    kept = run(bench)
    assert len(kept.rows["uploads"]) == 600
    assert kept.calls < 200


def test_without_an_observer_nothing_is_kept() -> None:
    with Watch(None, parse("[agent]\n")) as watch:
        watch.found(Scan())
        watch.queued([])
        watch.passed(5)
    assert not watch._waiting


def test_every_column_is_an_attribute_of_its_row() -> None:
    assert list(VIEWS) == [
        "Folders", "Users", "Groups", "Verifications", "Uploads", "Tasks", "Clean-up",
    ]  # fmt: skip
    for row, columns in VIEWS.values():
        for _, attribute in columns:
            assert attribute in dir(row) or attribute in row.__dataclass_fields__
