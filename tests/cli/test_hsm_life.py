"""`lagan hsm reconcile` says what it would do and does it only when told; `lagan hsm undelete`
makes files again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lagan.cli import main


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a file whose content is at a bucket beside it."""
    (tmp_path / "bucket").mkdir()
    root = tmp_path / "root"
    (root / "run").mkdir(parents=True)
    (root / "run/scan.dat").write_bytes(b"content" * 10_000)
    assert call(root, "migrate", str(root / "run/scan.dat")).exit_code == 0
    return root


def call(root: Path, *words: str) -> Result:
    where = ["--root", str(root), "--target", str(root.parent / "bucket")]
    return CliRunner().invoke(main, ["hsm", words[0], *where, *words[1:]])


def told(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_nothing_is_changed_unless_it_is_told_to(site: Path) -> None:
    (site / "run/scan.dat").unlink()
    for _ in range(2):
        said = told(call(site, "reconcile", "--json"))
        assert said[0] == {"category": "gone", "about": "run/scan.dat"}
    assert told(call(site, "reconcile", "--json", "--apply"))[0]["category"] == "gone"
    assert told(call(site, "reconcile", "--json", "--apply"))[0]["category"] == "waiting"
    assert (site.parent / "bucket/run/scan.dat").exists()
    done = call(site, "reconcile", "--apply", "--grace-days", "0")
    assert done.exit_code == 0, done.output
    assert not (site.parent / "bucket/run/scan.dat").exists()


def test_content_that_is_missing_is_told_by_the_exit_code(site: Path) -> None:
    (site.parent / "bucket/run/scan.dat").unlink()
    done = call(site, "reconcile")
    assert (done.exit_code, "missing  run/scan.dat" in done.output) == (6, True)


def test_a_removed_folder_is_made_again(site: Path) -> None:
    path = site / "run/scan.dat"
    assert call(site, "delete", "-r", str(site / "run")).exit_code == 0
    assert not path.parent.exists()
    assert call(site, "undelete", "-r", "--list", str(site / "run")).stdout == f"{path}\n"
    assert call(site, "undelete", "-r", "-H", str(site / "run")).exit_code == 0
    assert path.read_bytes() == b"content" * 10_000


def test_a_folder_that_is_gone_for_good_can_be_forgotten(site: Path) -> None:
    said = told(call(site, "reconcile", "--forget", "0" * 32, "--json"))
    assert said == [{"category": "unknown-folder", "about": "0" * 32}]
