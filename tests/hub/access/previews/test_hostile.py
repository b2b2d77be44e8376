"""Damaged and hostile files cost little and end in a note, never in a fault."""

from __future__ import annotations

import io
import os
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from lagan.hub.access.previews import running
from lagan.hub.access.previews.blocks import Drawn
from tests.hub.access.previews.conftest import Shelf
from tests.hub.access.previews.test_kinds import blocks, notes
from tests.previewed import SAMPLES, sample

pytestmark = pytest.mark.slow
Draw = Callable[..., Drawn]
GIVEN_UP = {"unreadable", "too-large", "too-slow", "damaged-after", "no-picture", "no-frame"}


def worked() -> float:
    """Seconds of the processor that this process and its ended children took."""
    return sum(os.times()[:4])


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"run.log", "force.csv", "readout.dat"}))
def test_a_file_cut_in_the_middle(drawn: Draw, name: str) -> None:
    data = sample(name)
    found = drawn(name, data[: len(data) // 2])
    assert found.blocks


@pytest.mark.parametrize(
    "name", ["x.pdf", "x.h5", "x.fits", "x.dcm", "x.nii", "x.zip", "x.tar", "x.png"]
)
def test_noise_under_a_known_name(drawn: Draw, name: str) -> None:
    assert notes(drawn(name, random.Random(name).randbytes(50_000))) & GIVEN_UP


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and has hardly any bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    lines = zlib.compress(bytes(10_000_000), 9)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def test_a_decompression_bomb_is_not_unpacked(drawn: Draw) -> None:
    began = worked()
    assert notes(drawn("x.png", png_of(60_000, 60_000))) == {"too-large"}
    assert worked() - began < 10


def test_a_zip_bomb_is_listed_and_not_unpacked(drawn: Draw) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(20):
            archive.writestr(f"{n}.bin", bytes(5_000_000))
    found = drawn("bomb.zip", out.getvalue())
    assert ["Bytes unpacked", "100000000"] in blocks(found, "facts")[0]["rows"]


def test_a_tar_that_never_ends_is_left_after_a_while(
    drawn: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gzip
    import tarfile

    told = tarfile.TarInfo("zeros")
    told.size = 3 << 30
    packed = gzip.compress(bytes(32 << 20), 1) * 24
    found = drawn("x.tar.gz", gzip.compress(told.tobuf()) + packed)
    assert notes(found) & {"first-members", "damaged-after"} | GIVEN_UP & notes(found)


def test_one_long_line_of_quotes_is_no_work(drawn: Draw) -> None:
    began = worked()
    assert drawn("x.csv", b'"' * 400_000 + b",a" * 100_000).blocks
    assert drawn("x.csv", b"a" * 400_000).blocks
    assert drawn("x.json", b"[" * 1_000_000).blocks
    assert worked() - began < 15


def test_hdf5_reads_no_file_beside_itself(drawn: Draw, tmp_path: Path) -> None:
    import h5py

    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["hidden"] = [1, 2, 3]
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        layout = h5py.VirtualLayout((3,), "i8")
        layout[:] = h5py.VirtualSource(str(secret), "hidden", (3,))
        file.create_virtual_dataset("virtual", layout)
        file["linked"] = h5py.ExternalLink(str(secret), "/hidden")
        file.create_dataset("outside", (3,), "u1", external=[(str(secret), 0, 3)])
    (tree,) = blocks(drawn("x.h5", out.getvalue()), "tree")
    told = {each["name"]: each["what"] for each in tree["nodes"]}
    assert told["linked"].startswith("→")
    assert told["virtual"].startswith("3, int64")
    assert told["outside"].startswith("3, uint8")


def test_hdf5_that_goes_round_and_deep(drawn: Draw) -> None:
    import h5py

    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        group = file
        for _ in range(60):
            group = group.create_group("deeper")
            group["top"] = file["/"]
        for n in range(3000):
            file.create_group(f"wide{n}")
    found = drawn("x.h5", out.getvalue())
    assert len(blocks(found, "tree")[0]["nodes"]) <= 400
    assert "first-nodes" in notes(found)


def test_a_hundred_gigabytes_are_read_by_ranges(drawn: Draw, shelf: Shelf) -> None:
    import h5py

    place = shelf.folder / "object"
    with h5py.File(place, "w", userblock_size=512) as file:
        file.create_dataset("small", data=[1, 2])
    data = place.read_bytes()[512:]
    with place.open("wb") as whole:
        whole.write(b"before" + data)
        whole.truncate(100 << 30)
    found = drawn("large.h5", None)
    assert "small" in [each["name"] for each in blocks(found, "tree")[0]["nodes"]]
    assert shelf.read_bytes < 8 << 20


def test_a_copy_that_cannot_be_read_says_so(drawn: Draw, shelf: Shelf) -> None:
    place = shelf.folder / "object"
    place.write_bytes(b"before" + b"x" * 100)

    def gone(*_: object) -> None:
        from lagan.kit.errors import Unavailable

        raise Unavailable("The disk is away.")

    shelf.read = gone  # type: ignore[assignment, method-assign]
    assert notes(drawn("x.txt", None)) == {"out-of-reach"}


def test_what_takes_too_long_is_ended(drawn: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PATIENCE", 0.01)
    assert notes(drawn("coffee.png", sample("coffee.png"))) == {"too-slow"}


def test_a_process_that_says_nonsense_is_not_believed(
    drawn: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_PROGRAM", "this")  # prints, and never speaks on the socket
    assert notes(drawn("coffee.png", sample("coffee.png"))) == {"unreadable"}
