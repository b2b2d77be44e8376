"""Whoever opens a file reaches us as a process: its program, its user."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Asker:
    """A process that wants a file. `names` are those that a rule may know its program by: its own
    short name, the path and the last part of the path of what it runs. `user` is None where that
    cannot be seen."""

    process: int
    names: frozenset[str]
    user: int | None

    @property
    def shown(self) -> str:
        """For people."""
        paths = sorted(name for name in self.names if name.startswith("/"))
        return next(iter(paths), None) or next(iter(sorted(self.names)), "?")


def asker(process: int) -> Asker:
    """Who a process is, as far as that can be seen."""
    names: set[str] = set()
    folder = f"/proc/{process}"
    with suppress(OSError):
        program = str(Path(f"{folder}/exe").readlink()).removesuffix(" (deleted)")
        names |= {program, program.rpartition("/")[2]}
    with suppress(OSError):
        names.add(_content(f"{folder}/comm").rstrip("\n"))
    return Asker(process, frozenset(names), _user(f"{folder}/status"))


def _user(path: str) -> int | None:
    """The user that files are opened as."""
    with suppress(OSError, ValueError, IndexError):
        for line in _content(path).splitlines():
            if line.startswith("Uid:"):
                return int(line.split()[4])
    return None


def _content(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
        return file.read(1 << 16)
