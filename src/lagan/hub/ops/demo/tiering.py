"""Step: a site of its own, whose worker knows nothing but the hub's address and a key; a folder
there is migrated to stubs and recalled."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_IMODE
from typing import Any

from lagan.hsm.states import MIGRATED, PREMIGRATED, state_of
from lagan.hub.ops.demo.comparing import require, require_same_bytes
from lagan.hub.ops.demo.errors import Broken
from lagan.hub.ops.demo.programs import FOREIGN, LAGAN, until
from lagan.hub.ops.demo.stage import Stage
from lagan.hub.ops.leash import end_with_parent

SITE = "laboratory"
STUB_SECTORS = 8
"""Sectors of 512 bytes that a stub may take: a block for attributes that did not fit elsewhere."""


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The site's folders: people's files, and the target that content is moved to."""

    files: Path
    target: Path
    config: Path
    log: Path


def migrate_and_recall(stage: Stage) -> str:
    """All of the instrument's files at a site: moved to the target, and back, bit for bit."""
    site = _lay_out(stage)
    truth = {
        f"{each.owner}/{each.name}/{path}": file for each, path, file in stage.instrument.every()
    }
    with _worker(stage, site):
        key = stage.admin.make_key(SITE)
        _run(stage, key, "migrate", site, len(truth))
        freed = _require_stubs(site, truth)
        _run(stage, key, "recall", site, len(truth))
        size = _require_same(site, truth)
    return f"{len(truth)} files migrated, {freed >> 20} MB freed; recalled, {size} bytes compared"


def _lay_out(stage: Stage) -> Laboratory:
    """The instrument's folders once more, as people of the site have them."""
    top = stage.folder / "site"
    site = Laboratory(top / "files", top / "target", top / "worker.conf", top / "worker.log")
    site.target.mkdir(parents=True)
    shutil.copytree(stage.instrument.data, site.files)
    return site


@contextmanager
def _worker(stage: Stage, site: Laboratory) -> Iterator[None]:
    """The site is known to the hub, and has a worker, during the block."""
    stage.admin.sites.add(SITE, title="Laboratory")
    key = stage.admin.sites.make_key(SITE, "the demo's worker")["key"]
    site.config.touch(0o600)
    site.config.write_text(
        f"[settings]\nhub_url = {stage.hub.address}\nsite_key = {key}\nroots = {site.files}\n"
        f"[target main]\nlocation = posix:{site.target}\n"
    )
    with site.log.open("ab") as log:
        process = subprocess.Popen(
            [*LAGAN, "worker", "--site", SITE, "--config", str(site.config)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(),
            preexec_fn=end_with_parent,
        )
    try:
        until("The site's worker", lambda: _is_online(stage, process, site.log))
        yield
    finally:
        process.terminate()
        process.wait()


def _environment() -> Mapping[str, str]:
    """What a machine of the site knows: nothing of any hub."""
    return {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}


def _is_online(stage: Stage, process: subprocess.Popen[bytes], log: Path) -> bool:
    if process.poll() is not None:
        said = log.read_text(errors="replace").strip()
        raise Broken("The site's worker", expected="running", found=said[-500:])
    return bool(stage.admin.sites.named(SITE)["online"])


def _run(stage: Stage, key: str, command: str, site: Laboratory, count: int) -> None:
    """Run a workflow on the site's folder as its people do, and wait for its end."""
    asked = ("--site", SITE, "--base-url", f"{stage.hub.address}/api", "--client-key", key)
    run = stage.hub.lagan(command, str(site.files), "-r", "--json", *asked)
    require(f"lagan {command} ({run.said})", expected=0, found=run.code)
    job: dict[str, Any] = run.values[0]
    handled = job["numprocessedfiles"] + job["numskippedfiles"]
    require(
        f"Files of lagan {command}", expected=(count, 0), found=(handled, job["numfailedfiles"])
    )


def _require_stubs(site: Laboratory, truth: Mapping[str, Path]) -> int:
    """Every file is where it was, as long as it was, and takes no room; the bytes freed."""
    freed = 0
    for name, original in truth.items():
        path = site.files / name
        facts, before = path.stat(), original.stat()
        require(f"{name}, size", expected=before.st_size, found=facts.st_size)
        if facts.st_size:
            require(f"{name}, state", expected=MIGRATED, found=state_of(path, facts))
            require(f"{name} takes no room", expected=True, found=facts.st_blocks <= STUB_SECTORS)
            freed += max(0, before.st_blocks - facts.st_blocks) * 512
    return freed


def _require_same(site: Laboratory, truth: Mapping[str, Path]) -> int:
    """Every file is the instrument's: bytes, time and mode; the bytes compared."""
    size = 0
    for name, original in truth.items():
        path = site.files / name
        facts, before = path.stat(), original.stat()
        if facts.st_size:
            require(f"{name}, state", expected=PREMIGRATED, found=state_of(path, facts))
        wanted = (before.st_mtime_ns, S_IMODE(before.st_mode))
        require(
            f"{name}, time and mode",
            expected=wanted,
            found=(facts.st_mtime_ns, S_IMODE(facts.st_mode)),
        )
        with path.open("rb") as found, original.open("rb") as expected:
            size += require_same_bytes(name, expected=expected, found=found)
    return size
