"""A package is judged wherever it lies, in memory that does not grow with it."""

from __future__ import annotations

import random
import subprocess
import sys
from functools import partial
from itertools import repeat
from pathlib import Path

import pytest

from lagan.bag import BytesReader, ObjectReader, judge, make_bag
from lagan.kit.errors import BadInput, NotFound, Unavailable
from lagan.kit.sizes import MIB
from lagan.store.memory import MemoryVolume
from tests.bag.building import as_folder, as_zip, digest, right

PEAK = """
import resource, sys
from pathlib import Path
from lagan.bag import judge
assert judge(Path(sys.argv[1]), threads=2).valid
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak(path: Path) -> int:
    """MiB of a process that judges it."""
    done = subprocess.run([sys.executable, "-c", PEAK, path], capture_output=True, check=True)
    return int(done.stdout)


def test_an_object_of_a_volume_is_judged_where_it_is():
    volume = MemoryVolume("bags")
    archive = as_zip(right())
    incoming = volume.receive("key")
    incoming.write([archive])
    volume.publish([(incoming, "a/bag.zip")])
    verdict = judge(ObjectReader(volume, "a/bag.zip"))
    assert verdict.valid
    assert verdict.facts.archive_size == len(archive)
    assert verdict == judge(BytesReader(archive))
    with pytest.raises(NotFound):
        ObjectReader(volume, "none.zip")


def test_the_digests_of_the_whole_come_with_every_verdict():
    archive = as_zip(right())
    for data in (archive, archive[:-9], b"nothing", b"PK\5\6"):
        outer = judge(BytesReader(data), outer=["sha256", "MD5"]).facts.outer
        assert outer == {name: digest(name, data) for name in ("md5", "sha256")}
    assert judge(BytesReader(archive), outer=[]).facts.outer == {}
    with pytest.raises(BadInput):
        judge(BytesReader(archive), outer=["crc32"])


def test_facts_tell_what_the_bag_is():
    bag = right(algorithms=["md5", "sha1"], info="A: 1\nB: 2\nA: 3\n", more={"meta/x": b""})
    facts = judge(BytesReader(as_zip(bag, base="the bag/"))).facts
    assert (facts.form, facts.base, facts.version, facts.encoding) == (
        "zip",
        "the bag",
        "1.0",
        "UTF-8",
    )
    assert (facts.files, facts.bytes, facts.oxum, facts.tag_files) == (2, 2054, "2054.2", 7)
    assert facts.manifests == {"md5": 2, "sha1": 2}
    assert facts.tag_manifests == {"md5": 5, "sha1": 5}
    assert facts.info == (("A", "1"), ("B", "2"), ("A", "3"))


def test_what_is_not_there_is_not_found(tmp_path: Path):
    with pytest.raises(NotFound):
        judge(tmp_path / "none")


def test_a_reader_that_fails_is_unavailable_not_a_verdict():
    class Broken(BytesReader):
        def read(self, offset: int, length: int) -> bytes:
            raise Unavailable("The volume is away.")

    with pytest.raises(Unavailable):
        judge(Broken(b"x" * 100))


def test_a_link_in_a_folder_is_an_error_and_is_not_followed(tmp_path: Path):
    bag = as_folder(right(), tmp_path / "bag")
    (bag / "data" / "a.txt").unlink()
    (bag / "data" / "a.txt").symlink_to("/etc/passwd")
    assert {each.code for each in judge(bag).errors} == {"member-kind", "file-missing"}


def test_a_file_of_a_folder_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch):
    bag = as_folder(right(), tmp_path / "bag")

    def refuse(root: object, name: str, *more: object, **options: object) -> int:
        raise PermissionError(13, "Permission denied", name)

    monkeypatch.setattr("lagan.bag.folder.open_beneath", refuse)
    verdict = judge(bag)
    assert {each.code for each in verdict.errors} >= {"file-unreadable"}


@pytest.mark.slow
@pytest.mark.parametrize("compress", [False, True])
def test_memory_is_flat_in_the_size_of_a_file(tmp_path: Path, compress: bool):
    block = random.Random(1).randbytes(MIB // 2).hex().encode()
    peaks = []
    for count in (16, 144):
        target = tmp_path / f"{count}.zip"
        make_bag([("a", partial(repeat, block, count))], target, compress=compress)
        peaks.append(peak(target))
        target.unlink()
    assert peaks[1] - peaks[0] < 40


@pytest.mark.slow
def test_memory_is_modest_in_the_number_of_files(tmp_path: Path):
    peaks = []
    for count in (1000, 11_000):
        target = tmp_path / f"{count}.zip"
        make_bag([(f"{n:06}", lambda: [b"x"]) for n in range(count)], target, algorithms=["sha256"])
        peaks.append(peak(target))
    assert peaks[1] - peaks[0] < 30, "3 KiB a file"
