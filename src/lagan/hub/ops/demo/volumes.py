"""What really lies on a volume, read without the hub: its journal says where, plain files and
`tarfile` say what."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from lagan.hub.ops.demo.errors import Broken
from lagan.store import Damage, FileLine, Journal, VoidLine, open_volume

Key = tuple[str, str]
"""A dataset's id and a path in it."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a file: `length` bytes from `offset` of `object`, beneath `root`."""

    root: Path
    object: str
    offset: int
    length: int

    @property
    def is_packed(self) -> bool:
        """Whether other files lie in the same object."""
        return self.object.endswith(".tar") and self.object.startswith("packs/")

    @property
    def place(self) -> Path:
        """The file on the disk that holds it."""
        return self.root / self.object


@dataclass
class OnVolume:
    """The copies on one volume, as its journal has them."""

    root: Path
    _packs: dict[Path, dict[int, tarfile.TarInfo]] = field(default_factory=dict)

    @cached_property
    def copies(self) -> dict[Key, list[Copy]]:
        """Where each file lies: one place, or the journal has it twice. Broken when a line of it
        is damaged."""
        lines: dict[UUID, FileLine] = {}
        for entry in Journal(open_volume(f"posix:{self.root}")).entries():
            match entry:
                case FileLine():
                    lines[entry.id] = entry
                case VoidLine():
                    lines.pop(entry.id, None)
                case Damage():
                    place = f"{entry.place} line {entry.line}"
                    raise Broken(f"The journal of {self.root}", expected="whole", found=place)
        found: dict[Key, list[Copy]] = {}
        for line in lines.values():
            key = str(line.belongs["dataset"]), str(line.belongs["path"])
            copy = Copy(self.root, line.object, line.offset, line.length)
            found.setdefault(key, []).append(copy)
        return found

    @contextmanager
    def opened(self, copy: Copy) -> Iterator[BinaryIO]:
        """The bytes of a copy: a whole file, or a member of a tar. Broken when they are not
        there."""
        try:
            if not copy.is_packed:
                with copy.place.open("rb") as file:
                    yield file
                return
            with tarfile.open(copy.place) as pack:
                member = self._members(copy.place, pack).get(copy.offset)
                if member is None:
                    raise Broken(
                        f"{copy.place}", expected=f"a member at {copy.offset}", found="none"
                    )
                yield pack.extractfile(member) or io.BytesIO()  # type: ignore[misc]
        except (tarfile.TarError, FileNotFoundError) as error:
            raise Broken(f"{copy.place}", expected="a readable object", found=error) from None

    def _members(self, place: Path, pack: tarfile.TarFile) -> dict[int, tarfile.TarInfo]:
        if place not in self._packs:
            self._packs[place] = {each.offset_data: each for each in pack}
        return self._packs[place]


def flip(copy: Copy) -> None:
    """Change one bit in the middle of a copy, as a failing disk does."""
    mode = copy.place.stat().st_mode
    copy.place.chmod(0o600)
    with copy.place.open("r+b") as file:
        file.seek(copy.offset + copy.length // 2)
        byte = file.read(1)[0]
        file.seek(-1, io.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    copy.place.chmod(mode)
