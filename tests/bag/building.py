"""Bags and archives of the tests, made by other means than the code under test: dictionaries of
files, packed by the standard library or byte by byte."""

from __future__ import annotations

import hashlib
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Files = dict[str, bytes]
PAYLOAD: Mapping[str, bytes] = {"data/a.txt": b"alpha\n", "data/sub/b.bin": bytes(range(256)) * 8}


def digest(name: str, data: bytes) -> str:
    plain = {"sha3256": "sha3_256", "blake2b512": "blake2b"}.get(name, name)
    return hashlib.new(plain, data).hexdigest()


def manifest(
    files: Mapping[str, bytes], names: Iterable[str], algorithm: str, *, percent: bool = True
) -> str:
    def shown(name: str) -> str:
        name = name.replace("%", "%25") if percent else name
        return name.replace("\n", "%0A").replace("\r", "%0D")

    return "".join(f"{digest(algorithm, files[name])}  {shown(name)}\n" for name in names)


def right(
    *,
    version: str = "1.0",
    algorithms: Sequence[str] = ("sha256",),
    payload: Mapping[str, bytes] = PAYLOAD,
    info: str | None = "Contact-Name: A. Person\n",
    encoding: str = "UTF-8",
    more: Mapping[str, bytes] | None = None,
    tag_manifest: bool = True,
    ends: str = "\n",
) -> Files:
    """A right bag as files by path."""
    codec = encoding.lower()

    def text(plain: str) -> bytes:
        return plain.replace("\n", ends).encode(codec)

    bagit = f"BagIt-Version: {version}\nTag-File-Character-Encoding: {encoding}\n"
    files: Files = {"bagit.txt": bagit.replace("\n", ends).encode(), **payload, **(more or {})}
    if info is not None:
        name = "package-info.txt" if version in ("0.93", "0.94", "0.95") else "bag-info.txt"
        files[name] = text(info)
    for algorithm in algorithms:
        listed = manifest(files, payload, algorithm, percent=version == "1.0")
        files[f"manifest-{algorithm}.txt"] = text(listed)
    return seal(files, algorithms, codec) if tag_manifest else files


def seal(files: Files, algorithms: Iterable[str] | None = None, codec: str = "utf-8") -> Files:
    """Tag manifests of what is there now; without `algorithms` of those that there were."""
    if algorithms is None:
        algorithms = [name[12:-4] for name in files if name.startswith("tagmanifest-")]
    names = [name for name in files if not name.startswith(("data/", "tagmanifest-"))]
    texts = {each: manifest(files, names, each).encode(codec) for each in algorithms}
    return files | {f"tagmanifest-{name}.txt": text for name, text in texts.items()}


def as_zip(files: Mapping[str, bytes], *, base: str = "", deflate: bool = False) -> bytes:
    held = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(base + name), data, compress_type=method)
    return held.getvalue()


def as_tar(files: Mapping[str, bytes], *, base: str = "", mode: str = "w") -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode, format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(base + name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return held.getvalue()


def as_folder(files: Mapping[str, bytes], root: Path) -> Path:
    (root / "data").mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


@dataclass
class Raw:
    """One member of a zip written byte by byte; None means what is right."""

    name: bytes
    data: bytes = b""
    method: int = 0
    flags: int = 0
    attributes: int = 0o100644 << 16
    crc: int | None = None
    size: int | None = None
    packed: int | None = None
    local_name: bytes | None = None
    local_crc: int | None = None
    local_size: int | None = None
    local_flags: int | None = None
    extra: bytes = b""
    local_extra: bytes = b""
    after: bytes = b""
    at: int | None = None
    system: int = 3
    disk: int = 0


def raw_zip(
    members: Iterable[Raw],
    *,
    before: bytes = b"",
    between: bytes = b"",
    end: bytes | None = None,
    count: int | None = None,
    comment: bytes = b"",
) -> bytes:
    body, directory, number = bytearray(before), bytearray(), 0
    for each in members:
        number += 1
        packed = zlib.compressobj(9, zlib.DEFLATED, -15)
        content = each.data
        if each.method == 8:
            content = packed.compress(each.data) + packed.flush()
        crc = zlib.crc32(each.data) if each.crc is None else each.crc
        size = len(each.data) if each.size is None else each.size
        length = len(content) if each.packed is None else each.packed
        at = len(body) if each.at is None else each.at
        name = each.name if each.local_name is None else each.local_name
        flags = each.flags if each.local_flags is None else each.local_flags
        body += struct.pack(
            "<4s5H3L2H", b"PK\3\4", 20, flags, each.method, 0, 33,
            crc if each.local_crc is None else each.local_crc, length,
            size if each.local_size is None else each.local_size, len(name), len(each.local_extra),
        )  # fmt: skip
        body += name + each.local_extra + content + each.after
        directory += struct.pack(
            "<4s2B5H3L5H2L", b"PK\1\2", 20, each.system, 20, each.flags, each.method, 0, 33, crc,
            length, size, len(each.name), len(each.extra), 0, each.disk, 0, each.attributes, at,
        )  # fmt: skip
        directory += each.name + each.extra
    body += between
    number = number if count is None else count
    if end is None:
        end = struct.pack(
            "<4s4H2LH", b"PK\5\6", 0, 0, number, number, len(directory), len(body), len(comment)
        )
    return bytes(body + directory + end + comment)


def raw_members(files: Mapping[str, bytes]) -> list[Raw]:
    return [Raw(name.encode(), data) for name, data in files.items()]
