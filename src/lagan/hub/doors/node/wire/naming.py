"""How a file is named in messages."""

from __future__ import annotations


def named(file_id: str, version: int | None = None, disk_id: str = "") -> str:
    """`<id>[/Version: <n>][/Disk ID: <id>]`."""
    return "".join(
        [
            file_id,
            "" if version is None else f"/Version: {version}",
            f"/Disk ID: {disk_id}" if disk_id else "",
        ]
    )
