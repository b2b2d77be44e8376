"""Archives as other programs write them are taken: streams, zip64 where none is needed, every
dialect of tar."""

from __future__ import annotations

import io
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lagan.bag import BytesReader, FileReader, Limits, judge
from lagan.bag.verdict import Findings
from lagan.bag.zip_directory import read_directory
from lagan.bag.zip_writing import ZipWriter
from lagan.kit.files import Draft
from tests.bag.building import as_folder, right

NAMES = {"data/a.txt": b"alpha", "data/ünï/" + "n" * 120: b"beta" * 5000, "data/empty": b""}
BAG = right(payload=NAMES)


class Pipe(io.RawIOBase):
    """Takes bytes and cannot go back in them."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self.data += piece
        return len(piece)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_that_was_streamed(method: int):
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", method) as archive:
        for name, data in BAG.items():
            archive.writestr(name, data)
    assert judge(BytesReader(bytes(pipe.data))).errors == ()


@pytest.mark.parametrize("seekable", [False, True])
def test_a_zip_with_zip64_headers_where_none_are_needed(seekable: bool):
    target = io.BytesIO() if seekable else Pipe()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in BAG.items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(data)
    data = target.getvalue() if isinstance(target, io.BytesIO) else bytes(target.data)
    assert judge(BytesReader(data)).errors == ()


@pytest.mark.slow
def test_a_zip_with_more_members_than_the_old_end_record_counts(tmp_path: Path):
    draft = Draft.create(tmp_path / "z")
    writer = ZipWriter(draft, compress=False)
    for number in range(65_540):
        writer.folder(str(number))
    writer.finish()
    draft.close()
    found = Findings(10)
    with FileReader(tmp_path / "z") as reader, zipfile.ZipFile(tmp_path / "z") as archive:
        members = read_directory(reader, Limits(), found)
        assert len(members) == len(archive.infolist()) == 65_540
    assert found.errors == []


@pytest.mark.parametrize(
    ("words", "streamed"),
    # Streamed with -fz, zip 3.0 writes what neither unzip nor Python reads.
    [("-qr", False), ("-qr", True), ("-qr0", False), ("-qr0", True), ("-qrfz", False),
     ("-qrD", True)],
)  # fmt: skip
def test_zips_of_info_zip(tmp_path: Path, words: str, streamed: bool):
    folder = as_folder(BAG, tmp_path / "bag")
    target = tmp_path / "bag.zip"
    where = "-" if streamed else str(target)
    done = subprocess.run(
        ["zip", words, where, "."], cwd=folder, capture_output=True, check=True,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    if streamed:
        target.write_bytes(done.stdout)
    assert judge(target).errors == ()


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("mode", ["w", "w:gz", "w|gz"])
def test_tars_of_python(form: int, mode: str):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        for name, data in BAG.items():
            member = tarfile.TarInfo(f"b/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    assert judge(BytesReader(target.getvalue())).errors == ()


@pytest.mark.parametrize("form", ["gnu", "oldgnu", "pax"])
@pytest.mark.parametrize("where", [".", "bag"])
def test_tars_of_gnu_tar(tmp_path: Path, form: str, where: str):
    folder = as_folder(BAG, tmp_path / "bag")
    start = folder if where == "." else tmp_path
    subprocess.run(
        ["tar", f"--format={form}", "-czf", tmp_path / "b.tgz", where], cwd=start, check=True
    )
    assert judge(tmp_path / "b.tgz").errors == ()
