"""`lagan package` makes bags and tells what is wrong with them, by words and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lagan.cli import main


def package(*words: str | Path, code: int = 0) -> Result:
    done = CliRunner().invoke(main, ["package", *map(str, words)])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "run" / "sub").mkdir(parents=True)
    (tmp_path / "run" / "a.txt").write_text("alpha")
    (tmp_path / "run" / "sub" / "b.txt").write_text("beta")
    return tmp_path / "run"


@pytest.mark.parametrize("target", ["bag.zip", "bag"])
def test_a_bag_is_made_and_is_valid(source: Path, target: str):
    bag = source.parent / target
    words = ("--algorithm", "md5", "--algorithm", "sha256", "--info", "Contact-Name: A: B")
    assert "2 files, 9 B" in package("make", source, "--to", bag, *words).output
    assert "valid, BagIt 1.0, 2 files" in package("check", bag).output
    verdict = json.loads(package("check", bag, "--json").output)
    assert verdict["valid"] is True
    assert verdict["facts"]["oxum"] == "9.2"
    assert verdict["facts"]["info"][0] == ["Contact-Name", "A: B"]
    assert set(verdict["facts"]["manifests"]) == {"md5", "sha256"}


def test_a_wrong_bag_is_told_with_every_reason(source: Path):
    package("make", source, "--in-place")
    (source / "data" / "a.txt").write_text("other")
    (source / "data" / "line\nend").write_text("extra")
    done = package("check", source, code=7)
    assert "error: data/a.txt: Its sha512 is" in done.output
    assert r"error: data/line\nend: It is in the bag but not in" in done.output
    assert "not valid, 3 errors" in done.output
    told = json.loads(package("check", source, "--json", code=7).stdout)
    assert {each["code"] for each in told["errors"]} == {
        "file-checksum", "file-unlisted", "oxum-differs"
    }  # fmt: skip
    assert {each["clause"] for each in told["errors"]} == {"RFC 3", "RFC 2.2.2"}


def test_a_profile_is_asked(source: Path, tmp_path: Path):
    package("make", source, "--to", tmp_path / "b.zip")
    profile = tmp_path / "profile.json"
    profile.write_text('{"BagIt-Profile-Info": {"BagIt-Profile-Identifier": "http://x/"}}')
    done = package("check", tmp_path / "b.zip", "--profile", profile, code=7)
    assert "BagIt-Profile-Identifier is not http://x/" in done.output
    profile.write_text("{")
    assert package("check", tmp_path / "b.zip", "--profile", profile, code=2)


def test_a_folder_goes_there_and_back(source: Path):
    package("make", source, "--in-place")
    assert (source / "data" / "sub" / "b.txt").read_text() == "beta"
    package("make", source, "--undo")
    assert sorted(path.name for path in source.iterdir()) == ["a.txt", "sub"]


def test_wrong_words_are_refused(source: Path, tmp_path: Path):
    package("make", source, code=2)
    package("make", source, "--to", tmp_path / "b.zip", "--in-place", code=2)
    package("make", source, "--to", tmp_path / "b.zip", "--info", "nothing", code=2)
    package("make", source, "--to", tmp_path / "b.zip", "--algorithm", "crc32", code=2)
    package("make", tmp_path / "none", "--to", tmp_path / "b.zip", code=5)
    package("make", source, "--to", source, code=6)
    package("make", source, "--finish", code=5)
    package("check", tmp_path / "none.zip", code=5)
