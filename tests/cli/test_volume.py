"""`lagan volume` prepares, shows and proves a place, and says what is wrong in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lagan.store import Journal, NoteLine, open_volume


def lagan(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from lagan.cli import main; main(prog_name='lagan')"]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def place(tmp_path: Path) -> str:
    (tmp_path / "disk").mkdir()
    return str(tmp_path / "disk")


def test_a_place_is_prepared_and_shown(place: str) -> None:
    made = lagan("volume", "prepare", place, "--name", "Disk 1", "--json")
    shown = lagan("volume", "show", place, "--json")
    assert (made.returncode, made.stderr) == (0, "")
    assert json.loads(made.stdout)["id"] == json.loads(shown.stdout)["id"]
    assert json.loads(shown.stdout)["name"] == "Disk 1"
    assert lagan("volume", "show", place).stdout.startswith("Disk 1")


def test_a_prepared_place_is_refused_in_one_line(place: str) -> None:
    lagan("volume", "prepare", place, "--name", "Disk 1")
    again = lagan("volume", "prepare", place, "--name", "Disk 2")
    assert again.returncode == 6
    assert len(again.stderr.splitlines()) == 1
    assert "already the volume Disk 1" in again.stderr


@pytest.mark.parametrize(
    ("location", "code"), [("/no/such/folder", 5), ("ftp://host/x", 2), ("s3://u:p@b/", 2)]
)
def test_a_location_that_is_none_is_refused_in_one_line(location: str, code: int) -> None:
    shown = lagan("volume", "show", location)
    assert (shown.returncode, shown.stdout) == (code, "")
    assert len(shown.stderr.splitlines()) == 1


def test_the_check_says_a_line_a_promise_and_leaves_nothing(place: str) -> None:
    from lagan.store.conformance import CHECKS

    done = lagan("volume", "check", place, "--big", "8 MiB", "--json")
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stdout + done.stderr
    assert [each["title"] for each in outcomes] == [check.title for check in CHECKS]
    assert {each["state"] for each in outcomes} == {"held"}
    assert not [path for path in Path(place).rglob("*") if not path.is_dir()]


def test_a_place_that_breaks_a_promise_fails_the_check(tmp_path: Path) -> None:
    """/dev/full refuses every byte; here a folder that refuses the volume's own folder does."""
    (tmp_path / ".lagan").write_text("in the way")
    done = lagan("volume", "check", str(tmp_path), "--big", "1 MiB")
    assert done.returncode == 1
    assert "broken" in done.stdout
    assert "promises broken" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_journal_is_printed_and_damage_named(place: str) -> None:
    Journal(open_volume(place)).append([NoteLine("hello", {"a": 1}, 0.0)])
    shown = lagan("volume", "journal", place)
    assert (shown.returncode, shown.stdout) == (0, '1970-01-01T00:00:00Z  note  hello  {"a": 1}\n')
    with (Path(place) / ".lagan/journal/000001.jsonl").open("ab") as file:
        file.write(b"00000000 {}\n")
    damaged = lagan("volume", "journal", place, "--json")
    assert damaged.returncode == 1
    assert json.loads(damaged.stdout.splitlines()[1])["entry"] == "Damage"
