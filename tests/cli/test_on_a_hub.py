"""The commands as deployed scripts call them, against a whole hub and two sites with workers of
their own: what they say, what becomes of the files."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lagan.hsm.states import state_of
from tests.faults.sites import Site
from tests.services.hub import LAGAN, PASSWORD, Hub, until

pytestmark = [pytest.mark.slow, pytest.mark.once]


class Desk:
    """Somebody at a terminal with a configuration file, and two sites."""

    def __init__(self, hub: Hub, folder: Path, here: Site, there: Site) -> None:
        self.hub, self.folder, self.here, self.there = hub, folder, here, there
        self.config = folder / "home/.config/ngenea/ngenea-client.conf"

    def __call__(self, *words: str | Path, code: int = 0) -> str:
        """What `lagan` with these words prints, run in the files of the first site."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home")}
        done = subprocess.run(
            [str(LAGAN), *map(str, words)],
            env=environment,
            cwd=self.here.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout if code == 0 else done.stdout + done.stderr

    def state(self, name: str, site: Site | None = None) -> str:
        path = (site or self.here).root / name
        return state_of(path, path.stat())


@pytest.fixture(scope="module")
def desk(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    target = folder / "target"
    target.mkdir()
    names = [f"{name}-{secrets.token_hex(3)}" for name in ("here", "there")]
    sites = [Site(name, folder / name, targets={"main": f"posix:{target}"}) for name in names]
    for site in sites:
        made = hub.lagan("hub", "addsite", site.name, "--key", "--address", "10.1.0.4")
        assert made.returncode == 0, made.stderr
        site.prepare(hub.url, made.stdout.strip())
        site.start()
    hub.add_user("desk-administrator", admin=True)
    desk = Desk(hub, folder, *sites)
    desk.config.parent.mkdir(parents=True)
    given = ("-u", "desk-administrator", "-p", PASSWORD, "--base-url", f"{hub.url}/api")
    key = desk("authenticate", *given).strip()
    desk.config.write_text(
        f"[settings]\nbase_url = {hub.url}/api\nclient_key = {key}\nsite = {names[0]}\n"
        "timeout = 200\n"
    )
    for site in sites:
        until(lambda name=site.name: "\tonline" in desk("site", "show", name))
    try:
        yield desk
    finally:
        for site in sites:
            site.kill()


@pytest.fixture
def files(desk: Desk) -> dict[str, bytes]:
    """Files in a fresh folder of the first site: name beneath its root to content."""
    top = f"run {secrets.token_hex(3)}"
    odd = os.fsdecode(b"\xff \xe6\n.raw")
    contents = {f"{top}/{n}": os.urandom(40_000 + n) for n in (1, 2)}
    contents |= {f"{top}/deep/{odd}": os.urandom(70_000)}
    for name, content in contents.items():
        path = desk.here.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return contents


def test_a_folder_is_migrated_and_recalled_bit_for_bit(desk: Desk, files: dict[str, bytes]) -> None:
    top = next(iter(files)).split("/")[0]
    told = desk("migrate", top, "-r")
    assert "SUCCESS: 3 processed, 0 skipped, 0 failed of 3" in told
    assert {desk.state(name) for name in files} == {"migrated"}
    again = json.loads(desk("migrate", top, "-r", "--json"))
    assert (again["numskippedfiles"], again["numprocessedfiles"]) == (3, 0)
    desk("recall", top, "--recursive")
    assert {desk.state(name) for name in files} == {"premigrated"}
    assert {n: (desk.here.root / n).read_bytes() for n in files} == files


def test_premigrated_files_stay_here(desk: Desk, files: dict[str, bytes]) -> None:
    desk("migrate", "-p", *files)
    assert {desk.state(name) for name in files} == {"premigrated"}


def test_sent_files_are_at_the_other_site(desk: Desk, files: dict[str, bytes]) -> None:
    desk("send", *files, "-t", desk.there.name, "--hydrate")
    found = {name: (desk.there.root / name).read_bytes() for name in files}
    assert found == files


def test_one_file_is_recalled_when_it_is_opened(desk: Desk, files: dict[str, bytes]) -> None:
    desk("migrate", *files)
    for name, content in files.items():
        assert desk("transparent-recall", desk.here.root / name) == ""
        assert (desk.here.root / name).read_bytes() == content
    shared = [json.loads(line) for line in desk("jobs", "--type", "recall", "--json").splitlines()]
    assert shared[0]["numfiles"] >= len(files)


def test_what_fails_is_named(desk: Desk, files: dict[str, bytes]) -> None:
    name = next(iter(files))
    told = desk("migrate", name, "no such file", code=20)
    (line,) = [line for line in told.splitlines() if line.startswith("failed\t")]
    assert f"{desk.here.root}/no such file" in line
    job = next(
        json.loads(line) for line in desk("jobs", "--json", "--state", "failure").splitlines()
    )
    listed = desk("job", str(job["id"]), "--files", "failed")
    assert listed.splitlines() == [line]
    assert desk("job", str(job["id"])).startswith(f"Job {job['id']} (migrate at")
    assert "processed" in desk("job", str(job["id"]), "--files", "processed")
    assert str(job["id"]) not in desk("job", str(job["id"]), "--resubmit").split()[1]
    desk("job", str(job["id"]), "--delete")
    desk("job", str(job["id"]), code=5)


def test_nothing_runs_before_everything_was_checked(desk: Desk, files: dict[str, bytes]) -> None:
    name = next(iter(files))
    assert "no-such-site" in desk("send", name, "-t", "no-such-site", code=2)
    assert "no-such-site" in desk("recall", name, "-s", "no-such-site", code=2)
    assert "hydrate" in desk("workflows", "send")
    assert desk.state(name) == "unmanaged"


def test_a_schedule_runs_at_once_and_when_it_is_time(desk: Desk, files: dict[str, bytes]) -> None:
    name = next(iter(files))
    (stage,) = desk("run", "premigrate", name, "--preview", "--json").splitlines()
    assert json.loads(stage)["args"]["premigrate"] is True
    made = json.loads(desk("run", "premigrate", name, "--every", "0 3 * * *", "--json"))
    assert made["paths"] == [f"{desk.here.root}/{name}"]
    assert desk.state(name) == "unmanaged"
    job = json.loads(desk("schedules", "--run", str(made["id"]), "--json"))["job"]
    desk("job", str(job), "--follow")
    assert desk.state(name) == "premigrated"
    desk("schedules", "--remove", str(made["id"]))
    assert f"{made['id']}\t" not in desk("schedules")


def test_sites_and_keys(desk: Desk) -> None:
    assert "10.1.0.4" in desk("site", "list")
    name = f"desk-{secrets.token_hex(3)}"
    desk("site", "add", name, "--limit", "3")
    text = desk("site", "key", name, "--name", "first").strip()
    (key,) = [json.loads(line) for line in desk("site", "keys", name, "--json").splitlines()]
    assert key["name"] == "first"
    assert text.startswith("lgs_")
    desk("site", "revoke", name, str(key["id"]))
    assert desk("site", "keys", name) == ""
    desk("site", "remove", name)
    desk("site", "show", name, code=5)
