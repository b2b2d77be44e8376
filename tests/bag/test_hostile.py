"""Archives that play tricks are refused with the reason, whatever they hold (R9)."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from lagan.bag import BytesReader, Limits, judge
from lagan.kit.sizes import MIB
from tests.bag.building import Raw, as_tar, as_zip, raw_members, raw_zip, right, seal

BAG = right()


def codes(archive: bytes, **options: Any) -> set[str]:
    verdict = judge(BytesReader(archive), **options)
    return {each.code for each in verdict.errors}


def with_member(*more: Raw) -> bytes:
    return raw_zip([*raw_members(BAG), *more])


def with_name(name: bytes, **fields: Any) -> bytes:
    return with_member(Raw(name, b"1", **fields))


NAMES = {
    "absolute": b"/etc/passwd",
    "up": b"../x",
    "up within": b"data/../../x",
    "drive": b"C:/x",
    "drive without a slash": b"c:x",
    "backslash": b"data\\x",
    "backslashes up": b"..\\..\\x",
    "UNC": b"\\\\server\\share",
    "NUL": b"data/a\0.txt",
    "empty": b"",
    "dot": b"./x",
    "double slash": b"data//x",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_zip_with_a_name_that_leaves_it_is_refused(name: bytes):
    assert codes(with_name(name)) == {"member-name"}


@pytest.mark.parametrize("name", [b"/etc/x", b"../x", b"data/../../x", b"C:/x", b"a\\..\\b"])
def test_so_is_a_tar(name: bytes):
    assert codes(as_tar(BAG | {name.decode(): b"1"})) == {"member-name"}


KINDS = {"link": 0o120777, "device": 0o020666, "block": 0o060666, "pipe": 0o010666, "s": 0o140666}


@pytest.mark.parametrize("mode", KINDS.values(), ids=KINDS)
def test_a_zip_with_anything_but_files_and_folders_is_refused(mode: int):
    assert codes(with_name(b"data/x", attributes=mode << 16)) == {"member-kind"}


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE,
             tarfile.GNUTYPE_SPARSE, b"Z"])  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_so_is_a_tar_with_them(kind: bytes, packed: bool):
    def put(archive: tarfile.TarFile) -> None:
        member = tarfile.TarInfo("data/x")
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)

    archive = tar_with(put)
    found = codes(gzip.compress(archive) if packed else archive)
    assert found == ({"tar-sparse"} if kind == tarfile.GNUTYPE_SPARSE else {"member-kind"})


def tar_with(put: Callable[[tarfile.TarFile], None], **options: object) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", **options) as archive:  # type: ignore[call-overload]
        for name, data in BAG.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        put(archive)
    return held.getvalue()


def zip64_lie() -> bytes:
    archive = as_zip(BAG)
    end = archive.rfind(b"PK\5\6")
    _, _, _, count, _, size, offset, _ = struct.unpack("<4s4H2LH", archive[end:])
    record = struct.pack(
        "<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count + 1, count + 1, size, offset
    )
    return archive[:end] + record + struct.pack("<4sLQL", b"PK\6\7", 0, end, 1) + archive[end:]


def zip64_without_record() -> bytes:
    archive = bytearray(as_zip(BAG))
    end = archive.rfind(b"PK\5\6")
    archive[end + 16 : end + 20] = b"\xff" * 4
    return bytes(archive)


def descriptor(raw: Raw, form: str = "<4s3L", wrong: int = 0) -> Raw:
    values = (b"PK\7\10", zlib.crc32(raw.data) ^ wrong, len(raw.data), len(raw.data))
    raw.flags, raw.local_crc, raw.local_size = 8, 0, 0
    raw.after = struct.pack(form, *values)
    return raw


ZIPS: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "a name twice": (lambda: with_name(b"data/a.txt"), {"member-duplicate"}),
    "a file beneath a file": (lambda: with_name(b"data/a.txt/b"), {"member-duplicate"}),
    "a file that is a folder too": (
        lambda: with_member(Raw(b"data/a.txt/", attributes=0o040755 << 16)), {"member-duplicate"}),
    "two members in one place": (
        lambda: raw_zip([*raw_members(BAG), Raw(b"data/x", b"1", at=0)]), {"zip-overlap"}),
    "a member within another": (
        lambda: raw_zip([Raw(b"x", b"y" * 99), Raw(b"a", b"1", at=40)]), {"zip-overlap"}),
    "a size beyond the directory": (
        lambda: with_member(Raw(b"data/x", b"1", packed=9999, size=9999)), {"zip-overlap"}),
    "another name in the local header": (
        lambda: with_member(Raw(b"x", b"1", local_name=b"y")), {"zip-local"}),
    "another CRC in the local header": (
        lambda: with_member(Raw(b"x", b"1", local_crc=1)), {"zip-local"}),
    "another size in the local header": (
        lambda: with_member(Raw(b"x", b"1", method=8, local_size=9)), {"zip-local"}),
    "other flags in the local header": (
        lambda: with_member(Raw(b"x", b"1", local_flags=0x800)), {"zip-local"}),
    "a wrong CRC": (lambda: with_member(Raw(b"x", b"1", crc=1)), {"zip-crc"}),
    "more bytes than announced": (
        lambda: with_member(Raw(b"x", b"1" * 99, method=8, size=9)), {"zip-size"}),
    "fewer bytes than announced": (
        lambda: with_member(Raw(b"x", b"1" * 99, method=8, size=999)), {"zip-size"}),
    "stored, with two sizes": (
        lambda: with_member(Raw(b"x", b"1", size=2)), {"zip-size"}),
    "bytes after the compressed content": (
        lambda: with_member(Raw(b"x", zlib.compress(b"", wbits=-15) + b"junk", method=8)),
        set()),
    "encrypted": (lambda: with_member(Raw(b"x", b"1", flags=1)), {"zip-encrypted"}),
    "strongly encrypted": (lambda: with_member(Raw(b"x", b"1", flags=0x41)), {"zip-encrypted"}),
    "bzip2": (lambda: with_member(Raw(b"x", b"1", method=12)), {"zip-method"}),
    "lzma": (lambda: with_member(Raw(b"x", b"1", method=14)), {"zip-method"}),
    "patched data": (lambda: with_member(Raw(b"x", b"1", flags=0x20)), {"zip-method"}),
    "a folder with content": (
        lambda: with_member(Raw(b"x/", b"1", attributes=0o040755 << 16)), {"member-kind"}),
    "a folder that says it is a file": (lambda: with_member(Raw(b"x/")), {"member-kind"}),
    "a file that says it is a folder": (
        lambda: with_member(Raw(b"x", b"1", attributes=0o040755 << 16)), {"member-kind"}),
    "bytes before": (lambda: raw_zip(raw_members(BAG), before=b"#!/bin/sh\n"), {"archive-junk"}),
    "bytes before, offsets shifted": (lambda: b"#!" + as_zip(BAG), {"archive-junk"}),
    "bytes between members": (
        lambda: raw_zip([Raw(b"x", b"1", after=b"hidden"), *raw_members(BAG)]), {"archive-junk"}),
    "bytes before the directory": (
        lambda: raw_zip(raw_members(BAG), between=b"hidden"), {"archive-junk"}),
    "bytes after": (lambda: as_zip(BAG) + b"hidden", {"archive-junk"}),
    "two zips": (lambda: as_zip(BAG) + as_zip(BAG), {"archive-junk"}),
    "a comment is no junk": (lambda: raw_zip(raw_members(BAG), comment=b"hello"), set()),
    "no end": (lambda: as_zip(BAG)[:-1], {"archive-truncated"}),
    "half of it": (lambda: as_zip(BAG)[: len(as_zip(BAG)) // 2], {"archive-truncated"}),
    "an end alone": (lambda: raw_zip([]), {"bagit-missing"}),
    "too many members told": (lambda: raw_zip(raw_members(BAG), count=9), {"zip-directory"}),
    "too few members told": (lambda: raw_zip(raw_members(BAG), count=2), {"zip-directory"}),
    "far too many members told": (
        lambda: raw_zip(raw_members(BAG), count=60000), {"zip-directory"}),
    "a member on another disk": (lambda: with_member(Raw(b"x", b"1", disk=1)), {"zip-disks"}),
    "a zip64 record that tells another count": (zip64_lie, {"zip-zip64"}),
    "a zip64 record that is not there": (zip64_without_record, {"zip-directory", "zip-zip64"}),
    "an extra field too long": (
        lambda: with_member(Raw(b"x", b"1", extra=b"\1\0\xff\xff")), {"zip-directory"}),
    "a zip64 field too short": (
        lambda: with_member(Raw(b"x", b"1", size=0xFFFFFFFF, extra=b"\1\0\1\0x")), {"zip-zip64"}),
    "a zip64 size that lies": (
        lambda: with_member(Raw(b"x", b"1", size=0xFFFFFFFF, extra=struct.pack("<2HQ", 1, 8, 9))),
        {"zip-size"}),
    "a data descriptor": (lambda: with_member(descriptor(Raw(b"x", b"1"))), set()),
    "a data descriptor of zip64": (
        lambda: with_member(descriptor(Raw(b"x", b"1"), "<4sL2Q")), set()),
    "a data descriptor that lies": (
        lambda: with_member(descriptor(Raw(b"x", b"1"), wrong=1)), {"zip-descriptor"}),
    "no data descriptor": (
        lambda: with_member(Raw(b"x", b"1", flags=8)), {"zip-descriptor"}),
    "a name that is not UTF-8": (
        lambda: with_member(Raw(b"x\xff", b"1", flags=0x800)), {"member-encoding"}),
    "a name in cp437": (lambda: with_member(Raw(b"x\x81", b"1", system=0)), set()),
    "a name in UTF-8, unmarked": (lambda: with_member(Raw("xü".encode(), b"1")), set()),
    "two bags": (
        lambda: as_zip({f"{top}/{n}": d for top in "ab" for n, d in BAG.items()}),
        {"base-several"}),
    "files beside the bag": (
        lambda: as_zip({f"b/{n}": d for n, d in BAG.items()} | {"__MACOSX/x": b"1"}),
        {"base-beside"}),
    "a bag too deep": (lambda: as_zip(BAG, base="a/b/"), {"bagit-missing"}),
    "no archive": (lambda: b"Hello, I am a text and no archive.\n", {"archive-unknown"}),
    "nothing": (lambda: b"", {"archive-unknown"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_that_lies_is_refused_for_what_it_does(name: str):
    make, expected = ZIPS[name]
    found = codes(make())
    assert found == expected or (len(expected) > 1 and found <= expected)
    assert bool(found) is bool(expected)


def padded(records: dict[str, str]) -> bytes:
    def put(archive: tarfile.TarFile) -> None:
        member = tarfile.TarInfo("x")
        member.size, member.pax_headers = 1, records
        archive.addfile(member, io.BytesIO(b"1"))

    return tar_with(put, format=tarfile.PAX_FORMAT)


def negative() -> bytes:
    archive = bytearray(as_tar(BAG))
    at = archive.index(b"data/a.txt")
    archive[at + 124 : at + 136] = b"-0000000001\0"
    archive[at + 148 : at + 156] = b" " * 8
    archive[at + 148 : at + 156] = b"%06o\0 " % sum(archive[at : at + 512])
    return bytes(archive)


TARS: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "a name twice": (lambda: tar_with(lambda a: a.addfile(tarfile.TarInfo("data/a.txt"))),
                     {"member-duplicate"}),
    "a size in the records that lies": (lambda: padded({"size": "9"}), {"tar-records"}),
    "a sparse file of GNU": (lambda: padded({"GNU.sparse.major": "1"}), {"tar-sparse"}),
    "a negative size": (negative, {"tar-header"}),
    "a global header that renames all": (
        lambda: as_tar(BAG) and tar_with(lambda a: None, format=tarfile.PAX_FORMAT,
                                         pax_headers={"path": "x"}), {"tar-records"}),
    "a global comment": (
        lambda: tar_with(lambda a: None, format=tarfile.PAX_FORMAT,
                         pax_headers={"comment": "x"}), set()),
    "half of it": (lambda: as_tar(BAG)[:5000], {"archive-truncated"}),
    "no end blocks": (lambda: as_tar(BAG).rstrip(b"\0") + bytes(99), {"archive-truncated"}),
    "bytes after the end": (lambda: as_tar(BAG) + b"hidden".ljust(512, b"\0"), {"archive-junk"}),
    "two tars": (lambda: as_tar(BAG) * 2, {"archive-junk"}),
    "a damaged header": (lambda: as_tar(BAG).replace(b"data/a.txt", b"data/b.txt", 1),
                         {"tar-header"}),
    "GNU long names": (lambda: tar_with(lambda a: a.addfile(tarfile.TarInfo("meta/" + "n" * 150)),
                                        format=tarfile.GNU_FORMAT), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", TARS)
def test_a_tar_that_lies_is_refused_for_what_it_does(name: str):
    make, expected = TARS[name]
    archive = make()
    assert codes(archive) == expected
    assert codes(gzip.compress(archive)) == expected


def test_a_gzip_is_read_to_its_end():
    packed = gzip.compress(as_tar(BAG))
    assert codes(packed) == set()
    assert codes(packed[:-9]) == {"archive-truncated"}
    assert codes(packed + b"junk" * 9) == {"gzip-data"}
    assert codes(packed[:-6] + b"\0" + packed[-5:]) == {"gzip-data"}
    half = len(as_tar(BAG)) // 2
    pieces = (as_tar(BAG)[:half], as_tar(BAG)[half:])
    assert codes(b"".join(map(gzip.compress, pieces))) == set()


BOMB = seal(right(payload={"data/zeros": bytes(8 * MIB)}))
LOW = Limits(ratio=50, ratio_from=MIB)


def test_a_bomb_is_refused_by_its_ratio():
    for bomb in (as_zip(BOMB, deflate=True), as_tar(BOMB, mode="w:gz")):
        assert codes(bomb) == set()
        assert codes(bomb, limits=LOW) == {"limit-ratio"}
    assert codes(as_zip(BOMB), limits=LOW) == set()


def test_a_bomb_is_refused_by_what_it_would_be_in_all():
    low = Limits(total=MIB)
    for bomb in (as_zip(BOMB, deflate=True), as_tar(BOMB, mode="w:gz"), as_tar(BOMB)):
        assert codes(bomb, limits=low) == {"limit-total"}


@pytest.mark.parametrize("pack", [as_zip, as_tar])
def test_so_are_too_many_members_and_too_long_names(pack: Callable[..., bytes]):
    assert codes(pack(BAG), limits=Limits(members=3)) == {"limit-members"}
    assert codes(pack(BAG | {"n" * 300: b""}), limits=Limits(name=200)) == {"limit-name"}
    assert codes(pack(BAG), limits=Limits(tag_file=20)) >= {"limit-tag-file"}
    assert codes(pack(BAG | {"a/" * 300 + "b": b""})) == {"limit-name"}


def test_many_tag_files_share_one_limit():
    many = BAG | {f"manifest-{n}.txt": bytes(100) for n in range(20)}
    for archive in (as_tar(many, mode="w:gz"), as_zip(right(algorithms=["md5", "sha1", "sha256"]))):
        assert codes(archive, limits=Limits(tag_file=700)) >= {"limit-tag-file"}


def test_findings_can_be_kept_anywhere():
    archive = with_name(b"data/a\0.txt")
    (error,) = judge(BytesReader(archive)).errors
    assert error.file == "data/a\\x00.txt"


def test_a_link_is_one_whatever_system_says_so():
    assert codes(with_name(b"data/x", attributes=0o120777 << 16, system=0)) == {"member-kind"}


def test_findings_are_listed_up_to_a_limit_and_counted_beyond():
    bag = right(payload={f"data/{number}": b"" for number in range(50)})
    bag = {name: data or b"wrong" for name, data in bag.items()}
    verdict = judge(BytesReader(as_zip(bag)), limits=Limits(findings=10))
    assert len(verdict.errors) == 10
    assert verdict.left_out == 40
    assert not verdict.valid
