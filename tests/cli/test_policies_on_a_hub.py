"""A filesystem that is 85 % full is brought to 70 % by a policy: a whole hub, a site with a worker
of its own, and the commands that people type."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lagan.client import Hub as Client
from lagan.hsm.states import state_of
from tests.faults.sites import Site
from tests.services.hub import LAGAN, PASSWORD, Hub, until
from tests.small_disk import old_file, percent, small_disk

pytestmark = [pytest.mark.slow, pytest.mark.once]
MIB = 1 << 20


class Desk:
    """An administrator at a terminal."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        name = f"filler-{secrets.token_hex(3)}"
        hub.add_user(name, admin=True)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "LAGAN_URL": f"{hub.url}/api",
        }  # fmt: skip
        given = ("-u", name, "-p", PASSWORD)
        self.environment["LAGAN_API_KEY"] = self.key = self("authenticate", *given).strip()

    def __call__(self, *words: str) -> str:
        done = subprocess.run(
            [str(LAGAN), *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout


@pytest.fixture
def desk(hub: Hub, tmp_path: Path) -> Desk:
    return Desk(hub, tmp_path)


@pytest.fixture
def site(hub: Hub, desk: Desk, tmp_path: Path) -> Iterator[Site]:
    """One whose filesystem holds 40 MiB, with nothing in it."""
    (tmp_path / "target").mkdir()
    name = f"full-{secrets.token_hex(3)}"
    site = Site(name, tmp_path / name, targets={"cold": f"posix:{tmp_path / 'target'}"})
    made = hub.lagan("hub", "addsite", name, "--key")
    assert made.returncode == 0, made.stderr
    site.prepare(hub.url, made.stdout.strip())
    with small_disk(site.root, 40 * MIB):
        _fill(site.root)
        site.start()
        try:
            until(lambda: "\tonline" in desk("site", "show", name))
            yield site
        finally:
            site.kill()


def _fill(root: Path) -> None:
    """34 files of 1 MiB: `a/f05` was not read for longest, but for those that must stay."""
    now = time.time()
    for number in range(5, 31):
        old_file(root / "a" / f"f{number:02}", MIB, 400 - number, now)
    for name in ("kept/x", "kept/deep/y"):
        old_file(root / name, MIB, 900, now)
    for name in ("a/z.keep", "scratch/z"):
        old_file(root / name, MIB, 900, now)
    for number in range(4):
        old_file(root / f"new{number}", MIB, 900, now - 0)
        os.utime(root / f"new{number}", (now - 3600, now - 900 * 86400))


def _migrated(root: Path) -> list[str]:
    files = (path for path in root.rglob("*") if path.is_file())
    away = (path for path in files if state_of(path, path.stat()) == "migrated")
    return sorted(str(path.relative_to(root)) for path in away)


def test_a_policy_brings_a_full_filesystem_to_its_mark(hub: Hub, desk: Desk, site: Site) -> None:
    root = site.root
    contents = {path: path.read_bytes() for path in [root / "a" / "f05", root / "kept" / "x"]}
    os.utime(root / "a" / "f05", (0, 0))
    os.utime(root / "kept" / "x", (0, 0))
    assert percent(root) == 85
    desk("hsm", "pin", str(root / "kept"), "--until", "2999-01-01", "--root", str(root))
    given: dict[str, Any] = {
        "site": site.name, "title": "Room", "unread_for": "90 d", "high": 80, "low": 70,
        "exclude": ["*.keep", "scratch"], "enabled": False,
    }  # fmt: skip
    with closing(Client(hub.url, api_key=desk.key)) as client:
        number = str(client.policies.make(given)["id"])
    assert "85 %" in desk("policies", "list")
    report = json.loads(desk("policies", "dry-run", number, "--json"))
    assert (report["files"], report["frees"]) == (6, 6 * MIB)
    assert report["left_out"]["pinned"]["files"] == 2
    assert percent(root) == 85
    assert "6 files" in desk("policies", "dry-run", number)
    assert "6 files moved" in desk("policies", "run", number)
    assert percent(root) == 70
    assert _migrated(root) == [f"a/f{number:02}" for number in range(5, 11)]
    assert "skipped.pinned" in desk(
        "hsm", "migrate", str(root / "kept" / "x"), "--root", str(root),
        "--target", f"cold={site.folder.parent / 'target'}",
    )  # fmt: skip
    desk("recall", str(root / "a" / "f05"), "--site", site.name)
    assert {path: path.read_bytes() for path in contents} == contents
