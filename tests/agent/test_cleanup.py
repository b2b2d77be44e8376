"""Local files go only when verified replicas of the same bytes exist, and never what changed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lagan.agent import cleanup
from lagan.agent.errors import AlreadyRunning
from lagan.agent.lock import held
from lagan.kit.errors import Unavailable
from tests.agent.conftest import Bench
from tests.agent.hub import TestHub


@pytest.fixture
def sent(bench: Bench, hub: TestHub) -> Bench:
    bench.file("anna/d/a.tif", b"first")
    bench.file("anna/d/in/b.tif", b"second")
    assert bench.sync().exit == 0
    hub.verified = True
    return bench


def test_verified_files_go_and_folders_stay(sent: Bench, hub: TestHub) -> None:
    dry = cleanup.clear(sent.settings(), dry=True)
    assert sorted(dry.removed) == ["anna/d/a.tif", "anna/d/in/b.tif"]
    assert len(sent.local()) == 2
    done = cleanup.clear(sent.settings())
    assert (sorted(done.removed), done.freed, done.kept) == (sorted(dry.removed), 11, [])
    assert sent.local() == {}
    assert (sent.data / "anna/d/in").is_dir()
    kept = json.loads((sent.folder / "state" / "cleanup.json").read_text())
    assert sorted(kept["removed"]) == sorted(dry.removed)
    assert sent.sync().exit == 0
    assert len(hub.contents()) == 2


def test_unverified_files_stay(sent: Bench, hub: TestHub) -> None:
    hub.verified = False
    done = cleanup.clear(sent.settings())
    assert done.removed == []
    assert {each.reason for each in done.kept} == {
        "the server has it, but not every replica is verified"
    }
    assert len(sent.local()) == 2


def test_what_was_seen_verified_before_is_asked_again(sent: Bench, hub: TestHub) -> None:
    assert sent.sync().verified == 2
    hub.files["d0"].pop("a.tif")
    done = cleanup.clear(sent.settings())
    assert done.removed == ["anna/d/in/b.tif"]
    assert [each.reason for each in done.kept] == ["the server does not have it"]


def test_a_changed_file_stays_even_with_the_old_size_and_time(sent: Bench) -> None:
    made = sent.data / "anna/d/a.tif"
    before = made.stat()
    made.write_bytes(b"FIRST")
    os.utime(made, ns=(before.st_atime_ns, before.st_mtime_ns))
    done = cleanup.clear(sent.settings())
    assert [(each.path, each.reason) for each in done.kept] == [
        ("anna/d/a.tif", "its bytes are not those that the server has")
    ]
    assert made.read_bytes() == b"FIRST"


def test_a_file_replaced_while_it_is_read_stays(
    sent: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sent.data / "anna/d/a.tif"
    digest = cleanup._digest

    def replace(source: object, like: str) -> str:
        told = digest(source, like)  # type: ignore[arg-type]
        if made.exists() and b"first" in made.read_bytes():
            before = made.stat()
            other = made.with_name("other")
            other.write_bytes(b"FIRST")
            os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
            other.replace(made)
        return told

    monkeypatch.setattr(cleanup, "_digest", replace)
    done = cleanup.clear(sent.settings())
    assert done.removed == ["anna/d/in/b.tif"]
    assert made.read_bytes() == b"FIRST"


def test_only_chosen_and_old_enough_ones_go(sent: Bench) -> None:
    assert cleanup.clear(sent.settings(), older_than_days=1).removed == []
    done = cleanup.clear(sent.settings(), chosen={"anna/d/a.tif"})
    assert done.removed == ["anna/d/a.tif"]
    assert list(sent.local()) == ["anna/d/in/b.tif"]


def test_rows_for_a_window(sent: Bench, hub: TestHub) -> None:
    sent.file("anna/d/new.tif", b"not sent")
    rows = {row.file: row for row in cleanup.candidates(sent.settings())}
    assert {file: row.verified for file, row in rows.items()} == {
        "anna/d/a.tif": True, "anna/d/in/b.tif": True, "anna/d/new.tif": False,
    }  # fmt: skip
    assert rows["anna/d/new.tif"].message == "the server does not have it"


def test_nothing_goes_while_a_run_is_at_work_or_the_hub_is_away(sent: Bench) -> None:
    settings = sent.settings()
    with held(settings.state, Path(settings.data_directory)), pytest.raises(AlreadyRunning):
        cleanup.clear(settings)
    with pytest.raises(Unavailable):
        cleanup.clear(sent.settings(hub_url="http://127.0.0.1:9", state_directory=settings.state))
    assert len(sent.local()) == 2
