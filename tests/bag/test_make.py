"""Bags that are made are right, the same each time, and hold what they were made from."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bagit
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lagan.bag import BytesReader, Unbaggable, judge, make_bag
from lagan.kit.errors import BadInput, Conflict, NotFound
from lagan.kit.sizes import MIB

NAMES = ("a.txt", "sub/deep/b.bin", "100%.txt", "line\nend", "ünï", "data/bagit.txt", "end ")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    for name in NAMES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode() * 100)
    (root / "large").write_bytes(os.urandom(9 * MIB + 5))
    (root / "nothing here").mkdir()
    return root


def held(root: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in sorted(root.rglob("*"))
    }


def told(path: Path) -> set[str]:
    verdict = judge(path)
    assert verdict.errors == ()
    return {each.code for each in verdict.warnings}


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("base", ["", "my bag"])
def test_a_zip_holds_the_folder(source: Path, tmp_path: Path, compress: bool, base: str):
    target = tmp_path / "out" / "bag.zip"
    made = make_bag(source, target, base=base, compress=compress, algorithms=["SHA-256", "md5"])
    assert told(target) == {"name-windows"}
    start = f"{base}/data/" if base else "data/"
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        for name, data in held(source).items():
            if data is not None:
                assert archive.read(start + name) == data
        assert f"{start}nothing here/" in archive.namelist()
    assert made.files == len(NAMES) + 1
    assert judge(target).facts.oxum == made.oxum
    assert set(made.checksums["data/a.txt"]) == {"sha256", "md5"}
    assert subprocess.run(["unzip", "-tqq", target], check=False).returncode == 0


def test_a_new_folder_holds_it_and_the_source_stays(source: Path, tmp_path: Path):
    before = held(source)
    make_bag(source, tmp_path / "bag", tag_files={"meta/x.xml": b"<x/>"})
    assert told(tmp_path / "bag") == {"name-windows"}
    assert held(tmp_path / "bag" / "data") == before == held(source)
    assert (tmp_path / "bag/meta/x.xml").read_bytes() == b"<x/>"


def test_the_same_content_gives_the_same_bytes(source: Path, tmp_path: Path):
    for compress in (False, True):
        first, second = tmp_path / "1.zip", tmp_path / "2.zip"
        make_bag(source, first, compress=compress, info=[("Contact-Name", "A")])
        for path in source.rglob("*"):
            os.utime(path, (1, 1))
        make_bag(source, second, compress=compress, info=[("Contact-Name", "A")])
        assert first.read_bytes() == second.read_bytes()
        first.unlink()
        second.unlink()


def test_files_may_come_from_anywhere_in_any_order_and_pieces(tmp_path: Path):
    content = os.urandom(10 * MIB)

    def pieces(step: int) -> Iterator[bytes]:
        yield from (content[at : at + step] for at in range(0, len(content), step))

    one, other = tmp_path / "1.zip", tmp_path / "2.zip"
    make_bag([("b", lambda: [b"1"]), ("a", lambda: pieces(MIB))], one, compress=True)
    make_bag([("a", lambda: pieces(77777)), ("b", lambda: [b"1"])], other, compress=True)
    assert one.read_bytes() == other.read_bytes()
    assert told(one) == set()


def test_an_empty_bag_is_right(tmp_path: Path):
    for target in (tmp_path / "bag.zip", tmp_path / "bag"):
        make_bag([], target)
        assert told(target) == set()


def test_the_package_bagit_takes_what_was_made(source: Path, tmp_path: Path):
    for name in ("100%.txt", "end "):
        (source / name).unlink()  # see docs/internals/bag.md: it reads neither
    make_bag(source, tmp_path / "bag", info=[("Contact-Name", "A"), ("Contact-Name", "B")])
    logging.disable()
    bag = bagit.Bag(str(tmp_path / "bag"))
    assert bag.validate()
    assert bag.info["Contact-Name"] == ["A", "B"]
    logging.disable(logging.NOTSET)


def test_metadata_comes_back_word_for_word(tmp_path: Path):
    info = [
        ("External-Description", "many words " * 30 + "end"),
        ("Two  spaces", "a  b" * 40),
        ("Lines", "one\ntwo\r\n  three"),
        ("Empty", ""),
        ("Contact-Name", "Ünï: with a colon"),
        ("Contact-Name", "x" * 200),
    ]
    make_bag([("a", lambda: [b"1"])], tmp_path / "bag.zip", info=info)
    read = judge(tmp_path / "bag.zip").facts.info
    expected = [(label, value.replace("\r\n", "\n")) for label, value in info]
    expected[2] = ("Lines", "one two three")
    assert [*expected, ("Payload-Oxum", "1.1")] == list(read)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)))
def test_any_name_comes_back_or_is_refused_by_name(tmp_path: Path, names: list[str]):
    target = tmp_path / "bag.zip"
    target.unlink(missing_ok=True)
    try:
        make_bag([(name, lambda name=name: [name.encode()]) for name in names], target)  # type: ignore[misc]
    except Unbaggable:
        assert not target.exists()
        return
    assert judge(target).errors == ()
    with zipfile.ZipFile(target) as archive:
        payload = {name for name in archive.namelist() if name.startswith("data/")} - {"data/"}
    assert payload == {f"data/{name}" for name in names}


@pytest.mark.parametrize("name", [b"caf\xe9", b"\xff"])
def test_names_that_are_no_utf8_are_refused(tmp_path: Path, name: bytes):
    (tmp_path / "s").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "s") + b"/" + name)).write_bytes(b"1")
    with pytest.raises(Unbaggable, match="UTF-8"):
        make_bag(tmp_path / "s", tmp_path / "bag")
    assert not (tmp_path / "bag").exists()


def test_links_pipes_and_sockets_are_refused(tmp_path: Path):
    root = tmp_path / "s"
    root.mkdir()
    (root / "link").symlink_to("/etc/passwd")
    os.mkfifo(root / "pipe")
    (root / "below").mkdir()
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(root / "below" / "s"))
    with pytest.raises(Unbaggable, match="3 of these") as refusal:
        make_bag(root, tmp_path / "bag.zip")
    assert [each.split(":")[0] for each in refusal.value.facts["names"]] == [
        "link", "pipe", "below/s"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "names", [["a", "a"], ["é", "e\u0301"], ["a", "a/b"], ["/a"], ["../a"], [""], ["a//b"]]
)
def test_names_that_are_one_or_lead_out_are_refused(tmp_path: Path, names: list[str]):
    with pytest.raises(Unbaggable):
        make_bag([(name, lambda: [b"1"]) for name in names], tmp_path / "bag.zip")
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_overwritten(source: Path, tmp_path: Path):
    for target in (tmp_path / "x.zip", tmp_path / "x"):
        target.write_bytes(b"mine")
        with pytest.raises(Conflict):
            make_bag(source, target)
        assert target.read_bytes() == b"mine"


def test_a_broken_source_leaves_nothing_behind(tmp_path: Path):
    def broken() -> Iterator[bytes]:
        yield b"1"
        raise OSError(5, "gone")

    for target in (tmp_path / "x.zip", tmp_path / "x"):
        with pytest.raises(OSError, match="gone"):
            make_bag([("a", lambda: [b"1"]), ("b", broken)], target)
    assert list(tmp_path.iterdir()) == []


def test_bad_arguments_are_refused(source: Path, tmp_path: Path):
    target = tmp_path / "x.zip"
    wrong: tuple[dict[str, Any], ...] = (
        {"algorithms": ["crc32"]}, {"algorithms": []}, {"info": [("a:b", "1")]},
        {"info": [("Payload-Oxum", "1.1")]}, {"info": [(" a", "1")]}, {"base": "a/b"},
        {"base": ".."}, {"tag_files": {"data/x": b""}}, {"tag_files": {"bagit.txt": b""}},
        {"tag_files": {"../x": b""}}, {"in_place": True},
    )  # fmt: skip
    for options in wrong:
        with pytest.raises(BadInput):
            make_bag(source, target, **options)
    with pytest.raises(BadInput):
        make_bag(source)
    with pytest.raises(NotFound):
        make_bag(tmp_path / "none", target)
    assert not target.exists()


def test_progress_is_told(source: Path, tmp_path: Path):
    seen: list[tuple[int, int | None]] = []
    made = make_bag(source, tmp_path / "b.zip", progress=lambda *each: seen.append(each))
    assert seen[-1] == (made.bytes, made.bytes)
    judged: list[tuple[int, int]] = []
    judge(tmp_path / "b.zip", progress=lambda *each: judged.append(each))
    size = (tmp_path / "b.zip").stat().st_size
    assert judged[-1] == (size, size)


def test_a_made_zip_is_judged_the_same_from_memory(source: Path, tmp_path: Path):
    make_bag(source, tmp_path / "b.zip")
    assert judge(BytesReader((tmp_path / "b.zip").read_bytes())) == judge(tmp_path / "b.zip")
