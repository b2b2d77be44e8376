"""`.ngas_volume_info`: what a disk says of itself to the archive server, read and written in its
form.

Base64 of lines `Key = value`, sorted; disks move between that server and a node with it. Source:
reference/ngas-http.md section 11.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from lagan.kit.errors import BadInput, Conflict
from lagan.kit.files import write_atomically

NAME = ".ngas_volume_info"
_KEYS = {"DiskId": "disk_id", "Manufacturer": "manufacturer", "Type": "type"}


@dataclass(frozen=True, slots=True)
class VolumeInfo:
    """Who a disk is; what is unknown says `None`, as that server writes it."""

    disk_id: str
    manufacturer: str = "None"
    type: str = "None"


def encode(info: VolumeInfo) -> bytes:
    """The content of the file."""
    lines = [f"{key} = {getattr(info, name)}\n" for key, name in sorted(_KEYS.items())]
    return base64.encodebytes("".join(lines).encode())


def decode(content: bytes) -> VolumeInfo:
    """What the file says; comments and keys of others are passed over. BadInput."""
    try:
        text = base64.b64decode(content, validate=False).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise BadInput(f"{NAME} is not base64 of text.") from None
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, mark, value = line.partition("=")
        if mark and not line.lstrip().startswith("#") and key.strip() in _KEYS:
            found[_KEYS[key.strip()]] = value.strip()
    if not found.get("disk_id") or len(found["disk_id"]) > LONGEST_ID:
        raise BadInput(f"{NAME} names no DiskId of 1 to {LONGEST_ID} characters.")
    return VolumeInfo(**found)


LONGEST_ID = 128
"""Characters of a disk's id, as the archive server's catalogue holds it."""


def new_id(folder: Path) -> str:
    """An id for a disk at this place: 32 hexadecimal digits that no other disk has."""
    said = f"{socket.gethostname()}_{folder.absolute()}_{secrets.token_hex(16)}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def write(folder: Path, info: VolumeInfo, *, overwrite: bool = False) -> None:
    """Say it on the disk, durably; the folder is made if there is none. Conflict when something is
    said there already, BadInput for an id that cannot be one."""
    if not info.disk_id or len(info.disk_id) > LONGEST_ID or not info.disk_id.isprintable():
        raise BadInput(f"A DiskId has 1 to {LONGEST_ID} characters.", disk_id=info.disk_id[:200])
    if (folder / NAME).exists() and not overwrite:
        raise Conflict(f"{folder} is prepared already; -o prepares it anew.", folder=str(folder))
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    write_atomically(folder / NAME, encode(info))
    (folder / NAME).chmod(0o644)
