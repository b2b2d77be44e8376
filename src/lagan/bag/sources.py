"""What goes into a bag: files with names that a bag can carry, or a refusal that names the
others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lagan.bag.errors import Unbaggable
from lagan.bag.folder import show, walk
from lagan.bag.limits import DEFAULT_LIMITS
from lagan.bag.names import nfc
from lagan.bag.reader import BLOCK
from lagan.bag.verdict import Findings
from lagan.kit.digests import Buffer
from lagan.kit.errors import BadPath, NotFound, Unavailable
from lagan.kit.paths import check_relative, open_beneath

Opener = Callable[[], Iterable[Buffer]]
"""Gives a file's content in pieces, from the start each time."""
_NAMED = 20
"""Names that one refusal tells."""


@dataclass(frozen=True, slots=True)
class Content:
    """A payload file; `path` is relative to data/, `mtime_ns` where it is known."""

    path: str
    open: Opener
    mtime_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """The whole payload in the order of names, and folders with nothing in them."""

    files: tuple[Content, ...]
    empty_folders: tuple[str, ...] = ()
    size: int | None = None
    """Bytes in all, where that is known before they are read."""


def from_folder(root: Path) -> Contents:
    """All files beneath `root`. NotFound, or Unbaggable for links, devices and names."""
    if not root.is_dir():
        raise NotFound(f"There is no folder {root}.")
    found = Findings(DEFAULT_LIMITS.findings)
    members = list(walk(root, found))
    if found.errors:
        _refuse([f"{each.file}: {each.reason}" for each in found.errors])
    files = [
        Content(each.name, _opener(root, each.name), each.mtime_ns)
        for each in members
        if not each.folder
    ]
    held = {each.name.rpartition("/")[0] for each in members}
    empty = sorted(each.name for each in members if each.folder and each.name not in held)
    size = sum(each.size for each in members)
    return Contents(_checked(files), tuple(empty), size)


def from_openers(files: Iterable[tuple[str, Opener]]) -> Contents:
    """Files from anywhere, by relative path. Unbaggable."""
    return Contents(_checked([Content(path, opener) for path, opener in files]))


def _opener(root: Path, name: str) -> Opener:
    def pieces() -> Iterator[Buffer]:
        try:
            descriptor = open_beneath(root, name, os.O_RDONLY | os.O_NOFOLLOW, native=True)
            try:
                while piece := os.read(descriptor, BLOCK):
                    yield piece
            finally:
                os.close(descriptor)
        except OSError as error:
            raise Unavailable(f"{show(name)!r} cannot be read: {error.strerror}.") from error

    return pieces


def _checked(files: list[Content]) -> tuple[Content, ...]:
    refused = []
    kinds: dict[str, str] = {}
    for each in files:
        reason = _objection(each.path)
        other = kinds.setdefault(nfc(each.path), each.path) if reason is None else each.path
        if reason is None and other != each.path:
            reason = f"It differs from {other!a} in Unicode normalisation only."
        if reason is not None:
            refused.append(f"{show(each.path)}: {reason}")
    paths = {each.path for each in files}
    if len(paths) != len(files):
        refused.append("A name is there twice.")
    refused += [
        f"{path}: A part of it is a file." for path in paths if _beneath_a_file(path, paths)
    ]
    if refused:
        _refuse(refused)
    return tuple(sorted(files, key=lambda each: each.path.encode()))


def _objection(path: str) -> str | None:
    try:
        path.encode()
    except UnicodeEncodeError:
        return "The name is not UTF-8."
    try:
        check_relative(path, native=True)
    except BadPath as refusal:
        return refusal.sentence
    return None


def _beneath_a_file(path: str, paths: set[str]) -> bool:
    return any(character == "/" and path[:at] in paths for at, character in enumerate(path))


def _refuse(reasons: list[str]) -> None:
    shown = " ".join(reasons[:_NAMED])
    more = f" And {len(reasons) - _NAMED} more." if len(reasons) > _NAMED else ""
    raise Unbaggable(f"A bag cannot carry {len(reasons)} of these: {shown}{more}", names=reasons)
