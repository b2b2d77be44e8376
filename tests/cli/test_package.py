"""`lagan package` makes bags and tells what is wrong with them, by words and exit codes."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
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


@pytest.mark.parametrize(
    ("asked", "called", "length"),
    [("sha3-256", "sha3256", 64), ("SHA3-512", "sha3512", 128), ("blake2b-512", "blake2b512", 128),
     ("blake2b-256", "blake2b256", 64), ("blake2s", "blake2s", 64)],
)  # fmt: skip
@pytest.mark.parametrize("target", ["bag.zip", "bag"])
def test_newer_checksums_are_there_on_request(
    source: Path, asked: str, called: str, length: int, target: str
):
    bag = source.parent / target
    package("make", source, "--to", bag, "--algorithm", asked)
    verdict = json.loads(package("check", bag, "--json").output)
    assert verdict["facts"]["manifests"] == {called: 2}
    line = read_in(bag, f"manifest-{called}.txt").splitlines()[0]
    digest = digests()[called](b"alpha")
    assert line == f"{digest}  data/a.txt"
    assert len(digest) == length
    spoil(bag, digest)
    told = json.loads(package("check", bag, "--json", code=7).stdout)
    assert "file-checksum" in {each["code"] for each in told["errors"]}


def digests() -> dict[str, Callable[[bytes], str]]:
    """As hashlib takes them, by their names in a bag."""
    return {
        "sha3256": lambda data: hashlib.sha3_256(data).hexdigest(),
        "sha3512": lambda data: hashlib.sha3_512(data).hexdigest(),
        "blake2b512": lambda data: hashlib.blake2b(data).hexdigest(),
        "blake2b256": lambda data: hashlib.blake2b(data, digest_size=32).hexdigest(),
        "blake2s": lambda data: hashlib.blake2s(data).hexdigest(),
    }


def read_in(bag: Path, name: str) -> str:
    if bag.is_dir():
        return (bag / name).read_text()
    with zipfile.ZipFile(bag) as archive:
        return archive.read(name).decode()


def spoil(bag: Path, digest: str) -> None:
    """Another first letter of the digest; a zip is made anew, so that its own checksums fit."""
    wrong = f"{'0' if digest[0] != '0' else '1'}{digest[1:]}"
    if bag.is_dir():
        for each in bag.glob("manifest-*.txt"):
            each.write_text(each.read_text().replace(digest, wrong))
        return
    with zipfile.ZipFile(bag) as archive:
        content = {each: archive.read(each) for each in archive.namelist()}
    with zipfile.ZipFile(bag, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data.replace(digest.encode(), wrong.encode()))


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
