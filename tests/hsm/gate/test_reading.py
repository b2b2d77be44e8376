"""Whatever a program does to a file that is away, it meets its content: on each filesystem."""

from __future__ import annotations

import mmap
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hsm.gate.conftest import Site, await_that, made

KINDS = ("ext4", "xfs", "btrfs", "tmpfs")
SIZE = 70_000
"""No whole number of blocks."""


@pytest.fixture(scope="module", params=KINDS)
def anywhere(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with made(tmp_path_factory.mktemp(request.param), request.param) as site:
        yield site.start()


def read_whole(path: Path, content: bytes, aside: Path) -> None:
    assert path.read_bytes() == content


def read_directly(path: Path, content: bytes, aside: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECT)
    with mmap.mmap(-1, 1 << 17) as buffer:
        assert os.readv(descriptor, [buffer]) == len(content)
        assert buffer[: len(content)] == content
    os.close(descriptor)


def read_the_middle(path: Path, content: bytes, aside: Path) -> None:
    with path.open("rb", buffering=0) as file:
        assert os.pread(file.fileno(), 100, 33_333) == content[33_333:33_433]


def map_for_reading(path: Path, content: bytes, aside: Path) -> None:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert mapped[:] == content


def map_for_writing(path: Path, content: bytes, aside: Path) -> None:
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        mapped[40_000:40_003] = b"new"
    assert path.read_bytes() == content[:40_000] + b"new" + content[40_003:]


def send_file(path: Path, content: bytes, aside: Path) -> None:
    with path.open("rb") as file, aside.open("wb") as copy:
        while os.sendfile(copy.fileno(), file.fileno(), None, SIZE):
            pass
    assert aside.read_bytes() == content


def copy_range(path: Path, content: bytes, aside: Path) -> None:
    beside = path.with_suffix(".range")
    with path.open("rb") as file, beside.open("wb") as copy:
        while os.copy_file_range(file.fileno(), copy.fileno(), SIZE):
            pass
    assert beside.read_bytes() == content


def splice(path: Path, content: bytes, aside: Path) -> None:
    out, into = os.pipe()
    with path.open("rb") as file:
        assert os.splice(file.fileno(), into, 4096) == 4096
    assert os.read(out, 4096) == content[:4096]
    os.close(out)
    os.close(into)


def append(path: Path, content: bytes, aside: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")
    assert path.read_bytes() == content + b"more"


def write_in_the_middle(path: Path, content: bytes, aside: Path) -> None:
    with path.open("r+b") as file:
        file.seek(12_345)
        file.write(b"new")
    assert path.read_bytes() == content[:12_345] + b"new" + content[12_348:]


def punch_a_hole(path: Path, content: bytes, aside: Path) -> None:
    command(["fallocate", "--punch-hole", "--offset", "4096", "--length", "4096", path])
    assert path.read_bytes() == content[:4096] + bytes(4096) + content[8192:]


def cat(path: Path, content: bytes, aside: Path) -> None:
    assert command(["cat", path]) == content


def copy(path: Path, content: bytes, aside: Path) -> None:
    command(["cp", path, aside])
    assert aside.read_bytes() == content


def copy_sparsely(path: Path, content: bytes, aside: Path) -> None:
    command(["cp", "--sparse=always", "-a", path, path.with_suffix(".copy")])
    assert path.with_suffix(".copy").read_bytes() == content


def copy_by_reference(path: Path, content: bytes, aside: Path) -> None:
    command(["cp", "--reflink=auto", path, path.with_suffix(".copy")])
    assert path.with_suffix(".copy").read_bytes() == content


def pack(path: Path, content: bytes, aside: Path) -> None:
    command(["tar", "-cf", aside, "-C", path.parent, path.name])
    assert unpacked(aside) == content


def pack_sparsely(path: Path, content: bytes, aside: Path) -> None:
    command(["tar", "-S", "-cf", aside, "-C", path.parent, path.name])
    assert unpacked(aside) == content


def seek_data(path: Path, content: bytes, aside: Path) -> None:
    with path.open("rb", buffering=0) as file:
        assert os.lseek(file.fileno(), 0, os.SEEK_DATA) == 0
        assert os.lseek(file.fileno(), 0, os.SEEK_HOLE) == len(content)


def cut_while_open(path: Path, content: bytes, aside: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(20_000)
    assert path.read_bytes() == content[:20_000]


def cut_by_name(path: Path, content: bytes, aside: Path) -> None:
    os.truncate(path, 20_000)
    assert path.read_bytes() == content[:20_000]


def cut_to_nothing(path: Path, content: bytes, aside: Path) -> None:
    os.truncate(path, 0)
    assert path.read_bytes() == b""


def lengthen_by_name(path: Path, content: bytes, aside: Path) -> None:
    os.truncate(path, 80_000)
    assert path.read_bytes() == content + bytes(80_000 - SIZE)


def overwrite(path: Path, content: bytes, aside: Path) -> None:
    path.write_bytes(b"other")
    assert path.read_bytes() == b"other"


def link_and_read(path: Path, content: bytes, aside: Path) -> None:
    other = path.with_suffix(".link")
    os.link(path, other)
    path.unlink()
    assert other.read_bytes() == content


OPERATIONS = (
    read_whole, read_directly, read_the_middle, map_for_reading, map_for_writing, send_file,
    copy_range, splice, append, write_in_the_middle, punch_a_hole, cat, copy, copy_sparsely,
    copy_by_reference, pack, pack_sparsely, seek_data, cut_while_open, cut_by_name, cut_to_nothing,
    lengthen_by_name, overwrite, link_and_read,
)  # fmt: skip
DIRECT = {"ext4", "xfs", "btrfs"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.__name__)
def test_an_operation_meets_the_content(
    anywhere: Site, operation: Callable[[Path, bytes, Path], None], tmp_path: Path
) -> None:
    name = f"{operation.__name__}.dat"
    path, content = anywhere.migrated(name, os.urandom(SIZE))
    assert path.stat().st_blocks <= 8
    operation(path, content, tmp_path / "aside")


def test_a_script_and_a_program_that_are_away_run(anywhere: Site) -> None:
    script, _ = anywhere.migrated("script", b"#!/bin/sh\necho ran\n" + b"#" * SIZE)
    program, _ = anywhere.migrated("program", Path("/bin/echo").read_bytes())
    for path in (script, program):
        path.chmod(0o755)
        assert command([path, "ran"]) == b"ran\n"


def test_looking_brings_nothing_back(anywhere: Site) -> None:
    path, _ = anywhere.migrated("looked-at.dat")
    for words in (["ls", "-l"], ["du"], ["stat"]):
        command([*words, path])
    os.getxattr(path, "user.lagan.hsm")
    moved = path.rename(path.with_suffix(".moved"))
    moved.chmod(0o600)
    assert anywhere.look(moved) == "migrated"


def test_what_comes_back_keeps_its_inode_and_time(anywhere: Site) -> None:
    path, content = anywhere.migrated("kept.dat")
    before = path.stat()
    assert path.read_bytes() == content
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    await_that(lambda: anywhere.state(path) == "premigrated")


def command(words: list[str | Path]) -> bytes:
    done = subprocess.run(words, capture_output=True, check=False, timeout=150)
    assert done.returncode == 0, done.stderr
    return done.stdout


def unpacked(archive: Path) -> bytes:
    with tarfile.open(archive) as tar:
        member = tar.extractfile(tar.getmembers()[0])
        assert member is not None
        return member.read()
