"""What each site's folder needs of a target, told at the target by the folder's own reconciling:
another site removes nothing that is needed there, or that nobody has looked for there since."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from lagan.hsm.roots import name_of
from lagan.kit.errors import NotFound
from lagan.store.volume import Volume

VERSION = 1
_ROOTS, _NEEDS = ".lagan/hsm-roots/", ".lagan/hsm-needs/"
SHARES = tuple(f"{number:02x}" for number in range(256))
"""Needs are told in shares, by the first two digits of the digest of the object's name."""


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that a site serves, by its own `name`, where it is, and when its last whole
    reconciling began (seconds since the epoch; 0 for never). One that is `gone` needs nothing."""

    name: str
    path: str = ""
    host: str = ""
    began: float = 0.0
    gone: bool = False


def register(volume: Volume, root: str | os.PathLike[str]) -> Root:
    """Have a target know that the files beneath `root` may need what it holds. OSError when the
    folder is not there."""
    name = name_of(root)
    known = find(volume, name)
    if known is None or known.gone:
        known = Root(name, os.fspath(root), socket.gethostname())
        _write(volume, known)
    return known


def roots(volume: Volume) -> Iterator[Root]:
    """All folders that a target knows."""
    for each in volume.list(_ROOTS):
        found = find(volume, each.name.removeprefix(_ROOTS).removesuffix(".json"))
        if found is not None:
            yield found


def find(volume: Volume, name: str) -> Root | None:
    """The folder of that name. One of which the target's note cannot be read was never looked
    through."""
    try:
        data = b"".join(bytes(each) for each in volume.read(f"{_ROOTS}{name}.json", 0, 1 << 16))
    except NotFound:
        return None
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        said = json.loads(data)
        if said.pop("v") == VERSION and isinstance(said["began"], int | float):
            return Root(**{**said, "name": name})
    return Root(name)


def looked_through(volume: Volume, name: str, path: str, began: float) -> None:
    """Tell that all that the folder needs, from `began` on, was told."""
    _write(volume, Root(name, path, socket.gethostname(), began))


def forget(volume: Volume, name: str) -> bool:
    """The folder is gone for good and needs nothing any more; whether it was known."""
    known = find(volume, name)
    if known is None:
        return False
    _write(volume, replace(known, gone=True))
    for share in SHARES:
        volume.delete(_share(name, share))
    return True


def told(volume: Volume, root: str, share: str) -> frozenset[str]:
    """Digests of the names of objects that a folder needs, of one share."""
    try:
        data = b"".join(bytes(each) for each in volume.read(_share(root, share)))
    except NotFound:
        return frozenset()
    return frozenset(data.decode("ascii", "replace").split())


def tell(volume: Volume, root: str, share: str, digests: Iterable[str]) -> None:
    """Tell one share of what a folder needs, in place of what was told before."""
    lines = sorted(digests)
    if lines:
        volume.replace(_share(root, share), ("\n".join(lines) + "\n").encode())
    else:
        volume.delete(_share(root, share))


def _share(root: str, share: str) -> str:
    return f"{_NEEDS}{root}/{share}"


def _write(volume: Volume, root: Root) -> None:
    data = json.dumps({"v": VERSION, **asdict(root)}) + "\n"
    volume.replace(f"{_ROOTS}{root.name}.json", data.encode())
