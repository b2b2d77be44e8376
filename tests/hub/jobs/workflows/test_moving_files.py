"""Whole jobs over real files: migrate, recall and send from the confirmation to the last byte."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from lagan.hsm.states import state_of
from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.ledger import DatabaseLedger
from lagan.hub.jobs.models import Job
from lagan.hub.jobs.services import ensure_site
from lagan.hub.jobs.workflows.defaults import ensure_defaults
from lagan.hub.jobs.workflows.running import run_workflow
from lagan.worker import place
from lagan.worker.execute import execute
from lagan.worker.place import Place
from lagan.worker.site import register

NAMES = ["scan.dat", "run 2/scan.dat", "run 2/two\nlines", os.fsdecode(b"run 2/caf\xe9"), "empty"]


@pytest.fixture
def sites(db: None, tmp_path: Path) -> dict[str, Place]:
    """Two sites with a target that they share, and files at the first."""
    register()
    ensure_defaults()
    bucket = tmp_path / "bucket"
    found = {}
    for folder in (bucket, tmp_path / "north", tmp_path / "south"):
        folder.mkdir()
    for name in ("north", "south"):
        ensure_site(name=name, limit=10)
        found[name] = Place((tmp_path / name,), targets={"bucket": str(bucket)})
    for number, name in enumerate(NAMES):
        path = tmp_path / "north" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(os.urandom(70_000 * (number + 1)) if name != "empty" else b"")
        os.utime(path, ns=(10**18, 10**18 + number))
    return found


def run(sites: dict[str, Place], workflow: str, **fields: Any) -> Job:
    """A job over everything at `north`, run to its end by a worker at each site."""
    job = run_workflow(
        by=SYSTEM,
        workflow=workflow,
        site="north",
        paths=[str(sites["north"].first_root())],
        fields=fields,
    )
    ledger = DatabaseLedger()
    while any(work(ledger, site, here) for site, here in sites.items()):
        pass
    job.refresh_from_db()
    return job


def work(ledger: DatabaseLedger, site: str, here: Place) -> int:
    """Run what is due at a site; the number of tasks."""
    with place.serving(here):
        tasks = ledger.claim([site], "worker", 10)
        for each in tasks:
            execute(each, ledger)
    return len(tasks)


def contents(here: Place) -> dict[bytes, tuple[bytes, int]]:
    """Every file of a site: its bytes and its time."""
    root = here.first_root()
    return {
        os.fsencode(str(path.relative_to(root))): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file() and ".lagan" not in path.parts
    }


def states(here: Place) -> set[str]:
    root = here.first_root()
    return {state_of(root / name, (root / name).stat()) for name in NAMES}


def sums(job: Job) -> tuple[str, int, int, int, int]:
    return job.state, job.total, job.processed, job.skipped, job.failed


def test_a_folder_is_migrated_and_recalled_bit_for_bit(sites: dict[str, Place]) -> None:
    north = sites["north"]
    before = contents(north)
    assert sums(run(sites, "migrate")) == ("SUCCESS", 5, 5, 0, 0)
    assert "migrated" in states(north)
    assert contents(north) != before
    # The empty one had nothing to let go of.
    assert sums(run(sites, "recall")) == ("SUCCESS", 5, 4, 1, 0)
    assert states(north) == {"premigrated"}
    assert contents(north) == before


@pytest.mark.parametrize("hydrate", [True, False])
def test_a_folder_is_sent_to_another_site_file_by_file(
    sites: dict[str, Place], hydrate: bool
) -> None:
    before = contents(sites["north"])
    job = run(sites, "send", target_site="south", hydrate=hydrate)
    assert sums(job) == ("SUCCESS", 6, 6, 0, 0)  # the folder too
    assert contents(sites["north"]) == before
    assert contents(sites["south"]).keys() == before.keys()
    if hydrate:
        assert contents(sites["south"]) == before
    again = run(sites, "send", target_site="south", hydrate=hydrate)
    assert sums(again) == ("SUCCESS", 6, 0, 6, 0)


def test_deleted_files_are_gone_and_their_folders_too(sites: dict[str, Place]) -> None:
    job = run(sites, "delete")
    assert (job.state, job.failed) == ("SUCCESS", 0), sums(job)
    assert contents(sites["north"]) == {}
