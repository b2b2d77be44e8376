"""What a killed writer left of an object is finished: a version that is whole gets its inventory.

A version is put in place before the inventory of the object says so, as the implementation notes
advise (https://ocfl.io/1.1/implementation-notes/, "Transactional updates").
"""

from __future__ import annotations

from pathlib import Path

from lagan.kit.files import write_atomically
from lagan.ocfl.errors import Damaged
from lagan.ocfl.inventory import ALGORITHM
from lagan.ocfl.terms import INVENTORY, NUMBER, digest_of, sidecar


def settle(place: Path, staging: Path) -> bytes:
    """The text of the object's inventory, brought up to its newest version. Damaged when what is
    there is not what a writer leaves."""
    here = _read(place / INVENTORY)
    whole = _is_whole(place, here)
    newest = _newest(place)
    there = _read(place / f"v{newest}" / INVENTORY)
    if whole and here == there:
        return here
    before = _read(place / f"v{newest - 1}" / INVENTORY) if newest > 1 else None
    if _is_whole(place / f"v{newest}", there) and here in (there, before):
        put_inventory(place, there, staging)
        return there
    raise Damaged(f"{place} is not what its inventory says; check it first.")


def put_inventory(place: Path, text: bytes, staging: Path) -> None:
    """Make this the object's inventory: the file, then its digest."""
    name, beside = sidecar(digest_of(text, ALGORITHM), ALGORITHM)
    write_atomically(place / INVENTORY, text, staging=staging)
    write_atomically(place / name, beside, staging=staging)


def _is_whole(folder: Path, text: bytes) -> bool:
    name, beside = sidecar(digest_of(text, ALGORITHM), ALGORITHM)
    try:
        return (folder / name).read_bytes() == beside
    except OSError:
        return False


def _newest(place: Path) -> int:
    matches = (NUMBER.fullmatch(each.name) for each in place.iterdir() if each.is_dir())
    numbers = [int(match[2]) for match in matches if match]
    if not numbers:
        raise Damaged(f"{place} has no version.")
    return max(numbers)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        raise Damaged(f"{file} cannot be read; check the object first.") from None
