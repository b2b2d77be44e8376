"""Steps: two verified copies, fixity, a worker killed, damage found and healed."""

from __future__ import annotations

import html
import json
import os
import signal
import time
from typing import Any

from lagan.client import Hub
from lagan.hub.ops.data_folder import VOLUMES
from lagan.hub.ops.demo.browser import Browser
from lagan.hub.ops.demo.comparing import require, require_same_names
from lagan.hub.ops.demo.errors import Broken
from lagan.hub.ops.demo.instrument import DATASETS, RAW, RAW_FILE
from lagan.hub.ops.demo.people import OWNER, ask
from lagan.hub.ops.demo.programs import QUICK, held, until
from lagan.hub.ops.demo.stage import (
    Stage,
    await_jobs,
    await_verified,
    compare_copies,
    jobs_since,
    last_job,
)
from lagan.hub.ops.demo.volumes import flip
from lagan.kit.errors import Unavailable
from lagan.kit.sizes import show_size

CHANCES = 25
"""How often a job may end before the worker is caught in the middle of it."""
SCRUB = ("archive", "scrub", "--full", "--json")


def compare_both(stage: Stage) -> str:
    """Every copy on both volumes, byte by byte, and the digests that the hub tells."""
    files = await_verified(stage)
    copies, size, packs = compare_copies(stage)
    require("Copies", expected=files * len(VOLUMES), found=copies)
    return f"{copies} copies on 2 volumes, {show_size(size)} compared; {packs} packs by tarfile"


def scrub(stage: Stage) -> str:
    """Every copy read again, SHA-256 compared."""
    last = last_job(stage)
    require("lagan archive scrub", expected=0, found=stage.hub.lagan(*SCRUB).code)
    jobs = await_jobs(stage, "archive.scrub", last, len(VOLUMES))
    _require_no_damage(stage)
    objects, size = sum(row["total"] for row in jobs), sum(row["bytes"] for row in jobs)
    return f"{objects} objects on 2 volumes, {show_size(size)} read, SHA-256 of all files right"


def kill_worker(stage: Stage) -> str:
    """SIGKILL while a worker reads a volume; its job ends all the same."""
    for _ in range(CHANCES):
        last = last_job(stage)
        with stage.hub.begin(*SCRUB) as command:
            killed = _kill_in_the_middle(stage, last)
            command.communicate()
        jobs = await_jobs(stage, "archive.scrub", last, len(VOLUMES))
        if killed is not None:
            worker = until("Another worker", stage.hub.worker)
            if worker == killed:
                raise Broken("The worker", expected="another one", found="the one that was killed")
            _require_no_damage(stage)
            items = sum(row["total"] for row in jobs)
            return f"SIGKILL of process {killed}; {len(jobs)} jobs, {items} items, one outcome each"
    raise Broken("A worker killed in its work", expected="killed", found="every job ended before")


def damage(stage: Stage) -> str:
    """A bit flipped in a plain object and in a member of a pack; the scrub names both, the pages
    show them, and both files are still given out right."""
    plain = (RAW_FILE, "copy", _copy(stage, "copy", stage.datasets[RAW], RAW_FILE))
    path, packed_in = _packed(stage)
    packed = (path, "main", _copy(stage, "main", packed_in, path))
    for _, _, copy in (plain, packed):
        flip(copy)
    with held(_idle_worker(stage)):  # so that the damage can be looked at before it is healed
        rows = _found_by_scrub(stage)
        names = sorted((row["name"], row["volume"]) for row in rows)
        wanted = sorted((name.rpartition("/")[2], volume) for name, volume, _ in (plain, packed))
        require("Damage found", expected=wanted, found=names)
        stage.damaged = [name for name, _, _ in (plain, packed)]
        _require_shown(stage, stage.damaged, damaged=True)
        _require_given_out(stage, stage.datasets[RAW], RAW_FILE)
        _require_given_out(stage, packed_in, path)
    return f"a bit each in {names[0][0]} and {names[1][0]}: named by the scrub, shown on the page"


def heal(stage: Stage) -> str:
    """The heal job that the scrub asked for, and everything compared again."""
    rows = jobs_since(stage, "archive.heal", 0)
    require("Jobs that heal", expected=True, found=bool(rows))
    jobs = await_jobs(stage, "archive.heal", rows[-1]["id"] - 1, len(rows))
    healed = sum(job["total"] for job in jobs)
    require("Files healed", expected=len(stage.damaged), found=healed)
    _require_no_damage(stage)
    _require_shown(stage, stage.damaged, damaged=False)
    copies, _, _ = compare_copies(stage)
    return f"{healed} files from the other volume; {copies} copies compared again, byte by byte"


def _kill_in_the_middle(stage: Stage, last: int) -> int | None:
    """Kill the worker while a scrub after `last` runs; None when every one ended before."""

    def running() -> list[dict[str, Any]] | None:
        rows = jobs_since(stage, "archive.scrub", last)
        started = [row for row in rows if row["state"] == "STARTED"]
        over = len(rows) == len(VOLUMES) and all(row["finished"] for row in rows)
        return started or (rows if over else None)

    seen = until("A scrub that runs", running, every=QUICK)[0]["id"]
    worker = until("A worker", stage.hub.worker)
    with held(worker):
        row = ask(stage.admin, "GET", f"api/jobs/{seen}/")
        if row["state"] != "STARTED" or not _answers(stage):
            return None
        os.kill(worker, signal.SIGKILL)
    return worker


def _idle_worker(stage: Stage) -> int:
    """The worker, at a moment in which it would hold up nobody by standing still."""
    for _ in range(CHANCES):
        worker = until("A worker", stage.hub.worker)
        with held(worker):
            free = _answers(stage)
        if free:
            return worker
        time.sleep(0.2)
    raise Broken("A worker at rest", expected="at rest", found="it always held the database")


def _answers(stage: Stage) -> bool:
    """Whether the hub can write now."""
    hub = Hub(stage.hub.address, timeout=10.0, retries=0)
    try:
        hub.sign_in(OWNER, stage.people.password)
    except Unavailable:
        return False
    finally:
        hub.close()
    return True


def _found_by_scrub(stage: Stage) -> list[dict[str, Any]]:
    found = stage.hub.lagan("archive", "scrub", "--now", "--full", "--json")
    require("Exit code of a scrub that finds damage", expected=1, found=found.code)
    damaged = [file for each in found.values[0] for file in each["damaged"]]
    rows: list[dict[str, Any]] = stage.hub.lagan("archive", "status", "--json").values[0]
    require_same_names(
        "Files that the scrub named", expected=damaged, found=[row["file"] for row in rows]
    )
    return rows


def _require_no_damage(stage: Stage) -> None:
    """As the hub's health tells it, which counts damaged copies as of now."""
    _, text = Browser(stage.hub.address).open("healthz")
    checks = {each["name"]: each["detail"] for each in json.loads(text)["checks"]}
    require("Volumes", expected=f"{len(VOLUMES)} online", found=checks.get("volumes"))


def _require_shown(stage: Stage, paths: list[str], *, damaged: bool) -> None:
    """Whether the owner's page and the hub's health name the damage."""
    browser = Browser(stage.hub.address)
    taken = browser.fill("login/", username=OWNER, password=stage.people.password)
    require("The owner's log in", expected=302, found=taken)
    status, page = browser.open("archive/")
    require("The page of the archive", expected=200, found=status)
    for path in paths:
        found = path in html.unescape(page)
        require(f"{path} among the damaged files", expected=damaged, found=found)
    require("/healthz", expected=503 if damaged else 200, found=browser.open("healthz")[0])


def _require_given_out(stage: Stage, dataset: str, path: str) -> None:
    """Download a file of which one copy is damaged."""
    target = stage.folder / "downloads" / "while damaged"
    target.parent.mkdir(exist_ok=True)
    stage.people[OWNER].download(dataset, path, target)
    source = next(
        f for d, p, f in stage.instrument.every() if (stage.datasets[d], p) == (dataset, path)
    )
    require(f"{path} downloaded", expected=True, found=target.read_bytes() == source.read_bytes())


def _packed(stage: Stage) -> tuple[str, str]:
    """A file of the owner's in a pack of the main volume: its path, and its dataset's id."""
    dataset = stage.datasets[DATASETS[0]]
    copies = stage.volumes()["main"].copies
    found = max(
        (copy.length, key[1])
        for key, (copy,) in copies.items()
        if key[0] == dataset and copy.is_packed
    )
    return found[1], dataset


def _copy(stage: Stage, volume: str, dataset: str, path: str) -> Any:
    (copy,) = stage.volumes()[volume].copies[(dataset, path)]
    return copy
