"""Automated datasets: every file of the folder, once, bit for bit, whatever interrupts it."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import pytest

from lagan.kit.errors import LaganError
from lagan.worker.ledger import Cancelled
from tests.hub.laboratory import Laboratory, fill
from tests.worker.told import Told

LARGE = os.urandom(3 << 20)
FILES = {
    "run/a.txt": b"a",
    "run/empty.dat": b"",
    "run/large.raw": LARGE,
    "run/deep/er/b c.txt": b"b",
    "run/new\nline": b"odd",
    "other/not-wanted.txt": b"no",
}
WANTED = {path.removeprefix("run/"): data for path, data in FILES.items() if path[:3] == "run"}


def make(lab: Laboratory, path: str = "run", name: str = "d"):
    from lagan.hub.datasets.services import create_dataset

    return create_dataset(
        by=lab.people.owner,
        name=name,
        group=lab.team,
        computer=lab.computer,
        type="automated",
        source_path=path,
    ).pk


def acquire(dataset: int, until: int | None = None) -> Told:
    from lagan.hub.ingest.acquiring import acquire as step

    told = Told(until=until)
    step(told, {"dataset": dataset}, ())
    return told


def state(dataset: int) -> str:
    from lagan.hub.datasets.models import Dataset

    return Dataset.objects.get(pk=dataset).state


def contents(dataset: int) -> dict[str, str | None]:
    from lagan.hub.datasets.models import Entry

    return dict(Entry.objects.filter(dataset=dataset).values_list("path", "sha256"))


def log(dataset: int) -> list[tuple[str, str]]:
    from lagan.hub.datasets.models import LogLine

    rows = LogLine.objects.filter(dataset=dataset).order_by("id")
    return list(rows.values_list("level", "text"))


def digests(files: dict[str, bytes]) -> dict[str, str]:
    return {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}


def test_a_folder_arrives_whole_and_the_dataset_closes(lab):
    from lagan.hub.datasets.models import Entry

    fill(lab.top, FILES)
    dataset = make(lab)
    told = acquire(dataset)
    assert contents(dataset) == digests(WANTED)
    assert state(dataset) == "closed"
    assert told.done == (5, sum(map(len, WANTED.values())))
    for path in WANTED:
        times = Entry.objects.get(dataset=dataset, path=path).mtime_ns
        assert times == (lab.top / "run" / path).stat().st_mtime_ns
    assert ("INFO", "5 files fetched, 0 were there.") in log(dataset)


def test_creation_asks_for_the_job_in_the_name_of_who_made_it(lab):
    from lagan.hub.datasets.models import Dataset
    from lagan.hub.jobs import queries as jobs

    dataset = make(lab)
    job = Dataset.objects.get(pk=dataset).acquire_job
    assert job is not None
    row = jobs.job(lab.people.owner, job)
    assert (row.kind, row.title) == ("datasets.acquire", "Fetch d from nmr")


def test_one_file_alone_is_a_dataset_too(lab):
    fill(lab.top, FILES)
    dataset = make(lab, "run/large.raw")
    acquire(dataset)
    assert contents(dataset) == digests({"large.raw": LARGE})


def test_the_whole_top_can_be_wanted(lab):
    fill(lab.top, FILES)
    dataset = make(lab, str(lab.top))
    acquire(dataset)
    assert contents(dataset) == digests(FILES)


@pytest.mark.parametrize("words", [0, 1, 3, 6])
def test_ended_anywhere_it_goes_on_where_it_was(lab, words):
    from lagan.hub.archive.models import File

    fill(lab.top, FILES)
    dataset = make(lab)
    with pytest.raises(Cancelled):
        acquire(dataset, until=words)
    assert state(dataset) == "open"
    there = len(contents(dataset))
    acquire(dataset)
    assert contents(dataset) == digests(WANTED)
    assert state(dataset) == "closed"
    assert File.objects.count() == len(WANTED)  # nothing came twice
    assert ("INFO", f"{5 - there} files fetched, {there} were there.") in log(dataset)
    acquire(dataset)  # a worker that was killed before its last word
    assert contents(dataset) == digests(WANTED)


def test_what_cannot_be_had_fails_alone_and_can_be_asked_for_again(lab):
    from lagan.hub.datasets.services import acquire_again
    from lagan.kit.errors import Conflict

    fill(lab.top, FILES)
    bad = lab.top / "run" / "caf\udce9"
    bad.write_bytes(b"latin")
    dataset = make(lab)
    told = acquire(dataset)
    assert set(told.failed) == {"caf\\xe9"}
    assert contents(dataset) == digests(WANTED)
    assert state(dataset) == "open"
    assert any(level == "ERROR" and "caf\\xe9" in text for level, text in log(dataset))
    with pytest.raises(Conflict, match="being fetched"):
        acquire_again(by=lab.people.owner, dataset=dataset)
    end_jobs()
    bad.rename(lab.top / "run" / "cafe")
    acquire_again(by=lab.people.owner, dataset=dataset)
    acquire(dataset)
    assert contents(dataset) == digests({**WANTED, "cafe": b"latin"})
    assert state(dataset) == "closed"


def end_jobs() -> None:
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.jobs import queries, services

    for each in queries.visible(SYSTEM).items:
        services.cancel(job=each.id, by=SYSTEM)


def test_links_and_pipes_are_passed_over_and_named(lab, tmp_path):
    fill(lab.top, FILES)
    (tmp_path / "secret").write_bytes(b"secret")
    (lab.top / "run/link").symlink_to(tmp_path / "secret")
    (lab.top / "run/folder").symlink_to(tmp_path)
    os.mkfifo(lab.top / "run/pipe")
    dataset = make(lab)
    told = acquire(dataset)
    assert set(told.skipped) == {"link", "folder", "pipe"}
    assert contents(dataset) == digests(WANTED)
    assert any(level == "WARN" and "link" in text for level, text in log(dataset))
    assert state(dataset) == "closed"


def test_a_file_that_changes_while_it_is_read_is_read_again_or_told(lab, monkeypatch):
    from lagan.transfer import SftpPlace

    fill(lab.top, FILES)
    growing = lab.top / "run/large.raw"
    real, grown = SftpPlace.read, list[int]()

    def read(self: Any, path: str, *args: Any) -> Any:
        yield from real(self, path, *args)
        if len(grown) < limit:
            grown.append(1)
            with growing.open("ab") as file:
                file.write(b"more")

    monkeypatch.setattr(SftpPlace, "read", read)
    limit = 1
    first = make(lab, name="once")
    acquire(first)
    assert contents(first)["large.raw"] == hashlib.sha256(LARGE + b"more").hexdigest()
    limit = 1000
    second = make(lab, name="always")
    told = acquire(second)
    assert set(told.failed) == {"large.raw"}
    assert "large.raw" not in contents(second)
    assert state(second) == "open"


def test_a_computer_that_went_away_is_told_in_the_log_and_tried_again(lab):
    from lagan.hub.computers.models import Connection
    from lagan.transfer import make_key, public_part

    dataset = make(lab)
    Connection.objects.filter(computer=lab.computer).update(host_key=public_part(make_key("other")))
    with pytest.raises(LaganError) as refusal:
        acquire(dataset)
    assert refusal.value.code == "host-key-changed"
    assert any(level == "ERROR" and "stopped" in text for level, text in log(dataset))
    assert state(dataset) == "open"


def test_a_dataset_that_was_removed_meanwhile_takes_nothing(lab):
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.datasets.services import remove_dataset

    fill(lab.top, FILES)
    dataset = make(lab)
    remove_dataset(by=SYSTEM, dataset=dataset)
    with pytest.raises(LaganError) as refusal:
        acquire(dataset)
    assert refusal.value.permanent
    assert contents(dataset) == {}


def test_a_path_that_is_not_there_is_a_lasting_refusal(lab):
    dataset = make(lab, "nothing/here")
    with pytest.raises(LaganError) as refusal:
        acquire(dataset)
    assert refusal.value.permanent
    assert refusal.value.code == "no-such-path"
