"""Bags as the seed's tools make them, for tests of deposits."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from hashlib import md5

DECLARATION = b"BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n"


def bag_zip(files: Mapping[str, bytes] | None = None, *, leave_out: str = "") -> bytes:
    """A bag as `bagit.py --md5` and `zip -r` make it; one of its files may be missing."""
    payload = {"data/a.txt": b"one\n", "data/b/c.bin": bytes(range(256))} | dict(files or {})
    lines = "".join(f"{md5(data).hexdigest()}  {name}\n" for name, data in payload.items())
    members = {"bagit.txt": DECLARATION, "manifest-md5.txt": lines.encode(), **payload}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, data in members.items():
            if name != leave_out:
                made.writestr(zipfile.ZipInfo(name), data)  # without the time: the same each time
    return packed.getvalue()
