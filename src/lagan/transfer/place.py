"""The duties of a remote place: one folder on some machine, seen and read but never written.

Paths are relative to the place's top, with slashes; "" is the top itself. Bytes of names that are
no UTF-8 are kept as surrogates (PEP 383), so that every name is text and comes back as it was.
Links are told, never followed: what lies beyond one is refused (OutsideTop). Every call may raise
Unreachable, which says that trying again could help.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from lagan.kit.errors import LaganError

Kind = Literal["file", "folder", "link", "other"]


@dataclass(frozen=True, slots=True)
class Item:
    """One name in a folder: size in bytes, time of its last change in ns since the epoch (whole
    seconds where the protocol knows no better)."""

    name: str
    kind: Kind
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Found:
    """An item that a walk came by, with its path beneath where the walk began."""

    path: str
    item: Item


@dataclass(frozen=True, slots=True)
class Whole:
    """A small file as it was read at once."""

    data: bytes
    mtime_ns: int


class Place(Protocol):
    """A top folder on some machine. One thread at a time; close it in the end."""

    def items(self, folder: str = "") -> Iterator[Item]:
        """What lies directly in a folder, in no promised order, as it comes. NoSuchPath,
        NotReadable, OutsideTop."""

    def stat(self, path: str = "") -> Item:
        """One item; a link is told as such. NoSuchPath, OutsideTop."""

    def read(self, path: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes of a file from `offset`, in pieces of about 1 MiB; its end comes earlier when
        the file is shorter. NoSuchPath, NotReadable, OutsideTop."""

    def read_small(self, paths: Sequence[str], limit: int) -> list[Whole | LaganError]:
        """Several small files at once, in order, each with its own outcome; what takes long on the
        way is overlapped. ChangedWhileRead for one that is larger than `limit` bytes or that
        changed meanwhile."""

    def walk(self, path: str = "") -> Iterator[Found | tuple[str, LaganError]]:
        """Everything beneath a folder but the folders, deep ones included, folder by folder; of a
        file just itself, with its name as path. A folder that cannot be listed comes as its path
        and why. Memory holds the folders that wait and one folder's names."""

    def close(self) -> None:
        """Let go of the connection. May be called more than once."""
