"""Where an archived file lies on its volume: the archive server's own layout, so that its disks
and ours are alike.

`<PathPrefix>/<UTC date>/<version>/<base name>[.<extension>]`. Source: reference/ngas-http.md
section 5.2. One thing is better: where that server lets two ids with one base name share a file,
the later gets a folder of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit
from uuid import UUID

from lagan.kit.errors import BadInput

LONGEST_NAME = 200
"""Bytes of a base name: with an extension and a temporary prefix it stays a name."""


def base_name(uri: str) -> str:
    """The last part of a file URI or path, as one safe name. BadInput when there is none."""
    path = urlsplit(uri).path if "://" in uri else uri
    name = unquote(path).replace("\\", "/").rstrip("/").rpartition("/")[2]
    clean = "".join(each if each.isprintable() else "_" for each in name).strip()
    if clean in ("", ".", ".."):
        raise BadInput(f"The file URI {uri[:100]!r} names no file.", uri=uri[:200])
    # A hidden name would hide the file from whoever reads the disk without us.
    clean = "_" + clean[1:] if clean.startswith(".") else clean
    return _cut(clean, LONGEST_NAME)


def _cut(name: str, most: int) -> str:
    """At most so many bytes, its extension kept."""
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension.encode()) > 20:
        stem, dot, extension = name, "", ""
    room = most - len((dot + extension).encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + extension


def with_extension(name: str, mime_type: str, extensions: Mapping[str, str]) -> str:
    """The name with the extension that is mapped to its type, unless it ends in it; a last
    extension that came twice comes once. `extensions` are MIME types by extension."""
    fitting = [each for each, known in extensions.items() if known == mime_type]
    if fitting and not any(name.endswith(f".{each}") for each in fitting):
        name = f"{name}.{fitting[0]}"
    stem, _, last = name.rpartition(".")
    return stem if last and stem.endswith(f".{last}") else name


def type_of(name: str, extensions: Mapping[str, str]) -> str | None:
    """The MIME type that a name's extension is mapped to; the longest extension that fits wins."""
    for extension in sorted(extensions, key=len, reverse=True):
        if name.endswith(f".{extension}"):
            return extensions[extension]
    return None


def object_path(*, prefix: str, day: date, version: int, name: str, apart: UUID | None) -> str:
    """The object's name on its volume; `apart` makes it one of its own where the usual one is
    taken."""
    parts = [prefix.strip("/"), day.isoformat(), str(version), apart.hex if apart else "", name]
    return str(PurePosixPath(*(each for each in parts if each)))
