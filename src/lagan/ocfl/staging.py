"""Content on its way into an object: written once while its digests are taken, kept when it is new,
and found again when an export was killed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from lagan.kit.digests import Buffer
from lagan.kit.errors import BadInput, DigestMismatch, LaganError, NoSpace
from lagan.ocfl.inventory import ALGORITHM
from lagan.ocfl.terms import DIGESTS

Opener = Callable[[], Iterable[Buffer]]
Progress = Callable[[int], object]
"""Told how many bytes more are done."""
PIECE = 1 << 20
_SMALL = 1 << 16
"""Bytes below which a thread costs more than it gives."""
ALWAYS = frozenset({ALGORITHM, "sha256"})


@dataclass(frozen=True, slots=True)
class Content:
    """A file of a version. `digests` are what is known of it, by algorithm, in hex: they are
    compared, and spare reading what the object has already. One that is `aside` goes into a version
    that is made, but makes none by itself."""

    path: str
    open: Opener
    digests: Mapping[str, str] = field(default_factory=dict)
    aside: bool = False


class Staging:
    """A folder of files by logical path, all of them whole."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self.folder = folder
        self._progress = progress
        self._part = folder.with_name(f"{folder.name}.part")

    def keep_only(self, contents: Iterable[Content]) -> None:
        """Remove what an earlier export left that is not wanted now, or cannot be known again."""
        wanted = {str(self.folder / each.path) for each in contents if each.digests.get("sha256")}
        self._part.unlink(missing_ok=True)
        for place, folders, names in os.walk(self.folder, topdown=False):
            for name in names:
                if os.path.join(place, name) not in wanted:  # noqa: PTH118 - of many files
                    Path(place, name).unlink()
            for name in folders:
                remove_if_empty(Path(place, name))

    def take(self, content: Content, pool: ThreadPoolExecutor) -> dict[str, str]:
        """Have the content here, read from its source or found here; its digests. DigestMismatch
        when they are not those that are known."""
        place = self.folder / content.path
        algorithms = ALWAYS | {each for each in content.digests if each in DIGESTS}
        if place.is_file():
            found = self._read(_pieces(place), algorithms, pool)
            if _differing(found, content) is None:
                return found
            place.unlink()
        return self._write(content, place, algorithms, pool)

    def drop(self, path: str) -> None:
        """Remove one again: the object has its content."""
        place = self.folder / path
        place.unlink()
        while (place := place.parent) != self.folder and remove_if_empty(place):
            pass

    def _write(
        self, content: Content, place: Path, algorithms: frozenset[str], pool: ThreadPoolExecutor
    ) -> dict[str, str]:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            self._part.unlink(missing_ok=True)
            with self._part.open("xb") as file:
                found = self._read(_written(content.open(), file.write), algorithms, pool)
            if name := _differing(found, content):
                raise DigestMismatch(f"{content.path!r} came with another {name}.")
            self._part.replace(place)
        except OSError as error:
            raise refusal(error, place) from None
        return found

    def _read(
        self, pieces: Iterable[Buffer], algorithms: frozenset[str], pool: ThreadPoolExecutor
    ) -> dict[str, str]:
        running = {name: DIGESTS[name]() for name in sorted(algorithms)}
        for piece in pieces:
            if len(piece) < _SMALL:
                for each in running.values():
                    each.update(piece)
            else:  # hashlib lets go of the GIL
                list(pool.map(lambda each, piece=piece: each.update(piece), running.values()))
            self._progress(len(piece))
        return {name: each.hexdigest() for name, each in running.items()}


def refusal(error: OSError, place: Path) -> LaganError:
    """What an error of the disk means to who asked."""
    kind = NoSpace if error.errno in _FULL else BadInput
    return kind(f"{error.filename or place} cannot be written: {error.strerror}.")


def remove_if_empty(folder: Path) -> bool:
    """Whether it was."""
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


def _differing(found: Mapping[str, str], content: Content) -> str | None:
    for name, digest in content.digests.items():
        if name in found and found[name] != digest.lower():
            return name
    return None


def _written(pieces: Iterable[Buffer], write: Callable[[Buffer], object]) -> Iterator[Buffer]:
    for piece in pieces:
        write(piece)
        yield piece


def _pieces(place: Path) -> Iterator[bytes]:
    with place.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
