"""`lagan hsm` does by hand what jobs do, and says of every path how it ended."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lagan.cli import main


class Site:
    """A folder and a target, and the command for them."""

    def __init__(self, tmp_path: Path) -> None:
        self.root, self.bucket = tmp_path / "root", tmp_path / "bucket"
        (self.root / "run").mkdir(parents=True)
        self.bucket.mkdir()
        self.scan = self.root / "run" / "scan.dat"
        self.scan.write_bytes(os.urandom(100_000))

    def __call__(self, *words: str | Path, code: int = 0) -> Result:
        where = ["--root", str(self.root), "--target", f"store={self.bucket}"]
        return self.run(*words, *where, code=code)

    def run(self, *words: str | Path, code: int = 0) -> Result:
        done = CliRunner().invoke(main, ["hsm", *map(str, words)])
        assert done.exit_code == code, done.output
        return done

    def states(self) -> dict[str, str]:
        lines = self("stat", "-r", self.root, "--json").output.splitlines()
        return {Path(each["path"]).name: each["outcome"] for each in map(json.loads, lines)}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_folder_goes_and_comes_back(site: Site) -> None:
    content = site.scan.read_bytes()
    (site.root / "link").symlink_to(site.scan)
    assert site.states() == {"scan.dat": "unmanaged", "link": "unmanaged"}
    site("premigrate", "-r", site.root)
    assert site.states()["scan.dat"] == "premigrated"
    out = site("migrate", "-r", site.root, "--stub-size", "4 KiB").output
    assert "done" in out
    assert "skipped.link" in out
    assert site.states()["scan.dat"] == "migrated"
    site("recall", site.scan)
    assert site.scan.read_bytes() == content
    assert "skipped.already" in site("recall", site.scan).output


def test_a_file_is_made_at_another_root(site: Site, tmp_path: Path) -> None:
    site("migrate", site.scan)
    other = tmp_path / "other"
    other.mkdir()
    where = ("--root", other, "--target", f"there={site.bucket}")
    site.run("reverse-stub", "-H", site.scan, *where)
    site("recall", site.scan)
    assert (other / "run" / "scan.dat").read_bytes() == site.scan.read_bytes()


def test_a_path_that_cannot_be_done_is_named_and_told_by_the_exit_code(site: Site) -> None:
    done = site("migrate", site.root / "gone", site.scan, code=6)
    assert "failed.missing" in done.stderr
    assert "gone" in done.stderr
    assert "scan.dat" in done.stdout
    told = json.loads(site("stat", site.root / "gone", "--json", code=6).stdout)
    assert (told["outcome"], told["path"]) == ("failed.missing", str(site.root / "gone"))


@pytest.mark.parametrize("keep", ["here", "there"])
def test_who_wrote_into_a_stub_says_what_counts(site: Site, keep: str) -> None:
    content = site.scan.read_bytes()
    site("migrate", site.scan)
    with site.scan.open("r+b") as stub:
        stub.write(b"new")
    assert "failed.written-into" in site("recall", site.scan, code=6).stderr
    site("settle", "--keep", keep, site.scan)
    site("recall", site.scan)
    assert site.scan.read_bytes() == (content if keep == "there" else b"new" + bytes(99_997))


def test_deleting_with_r_takes_folders_too(site: Site) -> None:
    (site.root / "run" / "deep" / "er").mkdir(parents=True)
    site("delete", "-r", site.root / "run")
    assert list(site.root.iterdir()) == []


def test_a_workers_own_settings_will_do(site: Site, tmp_path: Path) -> None:
    config = tmp_path / "worker.conf"
    config.write_text(
        f"[settings]\nroots = {site.root}\n[target store]\nlocation = {site.bucket}\n"
    )
    site.run("migrate", site.scan, "--config", config)
    assert site.states() == {"scan.dat": "migrated"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["recall", "/x"], 2, "--root"),
        (["migrate", "/x", "--root", "/", "--target", "/nowhere"], 10, "/nowhere"),
        (["migrate", "/x", "--root", "/"], 2, "target"),
        (["migrate", "/x", "--root", "/", "--stub-size", "much"], 2, "much"),
        (["recall", "--root", "/"], 2, "PATHS"),
    ],
)
def test_what_is_missing_is_said(words: list[str], code: int, said: str, site: Site) -> None:
    done = CliRunner().invoke(main, ["hsm", *words])
    assert done.exit_code == code, done.output
    assert said in done.stderr


def test_what_is_pinned_stays_and_is_told(site: Site) -> None:
    assert "pinned: ever" in site("pin", site.root / "run").output
    other = site.root / "other.dat"
    other.write_bytes(b"x" * 100_000)
    assert "pinned: 2999-01-01" in site("pin", other, "--until", "2999-01-01").output
    told = site("stat", "-r", site.root).output
    assert told.count("unmanaged") == told.count("pinned: ") == 2
    out = site("migrate", "-r", site.root).output
    assert out.count("skipped.pinned") == 2
    assert "done" in site("migrate", "--even-pinned", other).output
    assert "unpinned" in site("unpin", other).output
    assert "was not pinned" in site("unpin", site.scan).output
    assert site.states() == {"scan.dat": "unmanaged", "other.dat": "migrated"}
    site("unpin", site.root / "run")
    assert "done" in site("migrate", site.scan).output


def test_pinning_refuses_what_is_not_there_and_what_is_no_date(site: Site) -> None:
    assert "failed.missing" in site("pin", site.root / "gone", code=6).output
    assert "Not a time" in site("pin", site.scan, "--until", "soon", code=2).output


def test_a_policy_is_tried_out_without_a_hub(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text('{"min_size": "64 KiB"}')
    told = site("policy", site.root, "--file", file).output
    assert "1 files" in told
    assert "scan.dat" in told
    report = json.loads(site("policy", site.root, "--file", file, "--json").output)
    assert (report["files"], report["bytes"]) == (1, 100_000)
    assert site.states() == {"scan.dat": "unmanaged"}
    file.write_text('{"order": "best"}')
    assert "order" in site("policy", site.root, "--file", file, code=2).output
    file.write_text("[]")
    assert "no JSON object" in site("policy", site.root, "--file", file, code=2).output


@pytest.fixture
def config(site: Site, tmp_path: Path) -> Path:
    """A worker's file with two targets: small files go to the first."""
    path = tmp_path / "worker.conf"
    path.write_text(
        f"[settings]\nroots = {site.root}\n"
        f"[target small]\nlocation = {site.bucket}\nmax_size = 1 kB\n"
        "[target rest]\nlocation = memory:rest\n"
    )
    return path


def test_files_go_to_the_target_that_the_rules_choose(site: Site, config: Path) -> None:
    (site.root / "run" / "small").write_bytes(b"x" * 100)
    site.run("premigrate", "-r", site.root, "--config", config)
    assert [each.name for each in (site.bucket / "run").iterdir()] == ["small"]
    site.run("migrate", site.scan, "--config", config, "--target", "small")
    assert len(list((site.bucket / "run").iterdir())) == 2, "the target that was named"
    site.run("migrate", site.scan, "--config", config, "--target", "tape", code=2)


def test_the_targets_tell_whether_they_are_there(site: Site, config: Path) -> None:
    told = site.run("targets", "--config", config, "--json").output.splitlines()
    looks = {each["name"]: each for each in map(json.loads, told)}
    assert looks["small"]["answers"]
    assert looks["small"]["free"] > 0
    assert looks["rest"]["free"] is None
