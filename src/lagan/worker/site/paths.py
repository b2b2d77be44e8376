"""A path that a job names leads to one place beneath the site's roots, or is refused: nothing is
opened through a link, above a root, or among our own notes.

Paths are written as people write them, absolute (`/mmfs1/data/x`); bytes that are no UTF-8 are kept
as surrogates (PEP 383). Everybody at a site opens through here. What the system refuses (OSError)
is let through; `lagan.worker.site.refusals` has words for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from lagan.hsm.errors import Unsupported
from lagan.hsm.gate.asked import quietly
from lagan.kit.errors import BadPath, Unavailable
from lagan.kit.paths import check_relative, open_beneath
from lagan.worker import place

OURS = ".lagan"
"""The folder of our own notes in a root: no job sees it."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A checked path: `path` as jobs name it, `relative` what of it lies beneath `root`; empty for
    the root itself."""

    path: str
    root: Path
    relative: str

    @property
    def name(self) -> str:
        """Its last part; empty for a root."""
        return self.relative.rpartition("/")[2]


def locate(path: str) -> Spot:
    """Where `path` is. BadPath with the fact `reason`: relative, outside (of every root), ours, or
    those of `kit.paths.check_relative` (parent, nul, long, encoding ...). Slashes that are doubled
    or at the end do not count. Looks at no file."""
    clean = tidy(path)
    root, relative = _beneath_root(clean)
    if relative:
        check_relative(relative, native=True)
    if is_ours(clean):
        raise _refused(path, "ours")
    return Spot(clean, root, relative)


def tidy(path: str) -> str:
    """`path` without slashes that mean nothing; BadPath for one that is not absolute."""
    if not path.startswith("/"):
        raise _refused(path, "relative" if path else "empty")
    return "/" + "/".join(part for part in path.split("/") if part)


def is_ours(path: str) -> bool:
    """Whether a tidy path is of our own notes: `.lagan` in a root, the worker's state folder."""
    here = place.current()
    if here.state is not None and _below(path, str(here.state)) is not None:
        return True
    return any(
        rest is not None and rest.split("/", 1)[0] == OURS
        for rest in (_below(path, _named(root)) for root in here.roots)
    )


def ours_in(folder: str) -> frozenset[str]:
    """The names in a tidy folder that are of our own notes."""
    here = place.current()
    found = {OURS for root in here.roots if _named(root) == folder}
    if here.state is not None and str(here.state.parent) == folder:
        found.add(here.state.name)
    return frozenset(found)


def opened(path: str | Spot, flags: int, mode: int = 0o666) -> int:
    """A new descriptor of what is at `path`, with the flags of `os.open`; O_CLOEXEC is added.
    BadPath (`link`) where a link stands in the way or is what is there; else the system's OSError.
    """
    spot = path if isinstance(path, Spot) else locate(path)
    top = open_root(spot.root)
    try:
        if not spot.relative:
            return os.open(".", flags | os.O_CLOEXEC, dir_fd=top)
        return open_beneath(top, spot.relative, flags, mode, native=True)
    finally:
        os.close(top)


@contextmanager
def open_at(path: str | Spot, flags: int, mode: int = 0o666) -> Iterator[int]:
    """As `opened`, closed at the end of the block."""
    descriptor = opened(path, flags, mode)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def open_quietly(
    spot: Spot, flags: int, *, letting_go: bool = False, cuts: bool = False
) -> Iterator[int]:
    """Open a file whose content is to be moved: where reading brings content back by itself,
    opening it like this does not.

    A gate that serves its filesystem (`lagan recalld`) opens it for us, for reading and writing,
    and keeps watch on it until the end of the block. Unsupported for `letting_go` without one where
    the site needs one; Busy, Unavailable as the gate says. Who changes its size `cuts` it.
    """
    gate = place.current().gate
    with (
        open_at(spot, os.O_PATH | os.O_NOFOLLOW) as found,
        quietly(gate.door, found, cuts=cuts) as served,
    ):
        if served is not None:
            yield served
            return
        if letting_go and gate.required:
            raise Unsupported(
                "No gate serves this file's filesystem, and this site lets go of content only "
                "where one does (recall_gate = required)."
            )
    with open_at(spot, flags) as descriptor:
        yield descriptor


@contextmanager
def beside(path: str | Spot) -> Iterator[tuple[int, str]]:
    """The open folder that `path` is in (for `dir_fd`, and for fsync), and its last part: for what
    goes by name, like unlink, rename, link, readlink. BadPath (`root`) for a root."""
    spot = path if isinstance(path, Spot) else locate(path)
    if not spot.relative:
        raise _refused(spot.path, "root")
    with open_at(above(spot), os.O_RDONLY | os.O_DIRECTORY) as folder:
        yield folder, spot.name


def stat(path: str | Spot) -> os.stat_result:
    """The facts of what is at `path`, of a link itself."""
    spot = path if isinstance(path, Spot) else locate(path)
    if not spot.relative:
        with open_at(spot, os.O_PATH) as root:
            return os.fstat(root)
    with open_at(above(spot), os.O_PATH | os.O_DIRECTORY) as folder:
        return os.stat(spot.name, dir_fd=folder, follow_symlinks=False)


def make_folders(path: str | Spot, mode: int = 0o777) -> None:
    """Make the folder `path` and whatever is missing above it, so that the names last. The system's
    FileExistsError or NotADirectoryError where something else has the name."""
    spot = path if isinstance(path, Spot) else locate(path)
    if not spot.relative:
        return
    try:
        os.close(opened(spot, os.O_PATH | os.O_DIRECTORY))
    except FileNotFoundError:
        make_folders(above(spot), mode)
        with beside(spot) as (folder, name):
            with suppress(FileExistsError):  # somebody else made it just now
                os.mkdir(name, mode, dir_fd=folder)
            os.fsync(folder)
        os.close(opened(spot, os.O_PATH | os.O_DIRECTORY))


def above(spot: Spot) -> Spot:
    """The folder that `spot` is in; a root is its own."""
    if not spot.relative:
        return spot
    parent = spot.relative.rpartition("/")[0]
    return Spot(join(str(spot.root), parent), spot.root, parent)


def join(folder: str, name: str) -> str:
    """The path of `name` in `folder`."""
    return f"{folder.rstrip('/')}/{name}" if name else folder


def open_root(root: Path) -> int:
    """A descriptor (O_PATH) of a root; Unavailable while it is not there: a filesystem that is not
    mounted is nothing that its files failed at."""
    try:
        return os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise Unavailable(
            f"The folder {root} of the site is not there: {error.strerror}."
        ) from None


def roots() -> list[str]:
    """The site's roots as jobs name them, in order; a root within another one is a folder there."""
    names = sorted({_named(root) for root in place.current().roots})
    return [each for each in names if not any(_is_above(other, each) for other in names)]


def _beneath_root(path: str) -> tuple[Path, str]:
    """The root that `path` lies beneath, and the rest; of several the innermost."""
    found = [
        (root, rest)
        for root in place.current().roots
        if (rest := _below(path, _named(root))) is not None
    ]
    if not found:
        raise _refused(path, "outside")
    return min(found, key=lambda each: len(each[1]))


def _below(path: str, folder: str) -> str | None:
    """What of `path` comes after `folder`; None when it is not there or beneath."""
    if path == folder:
        return ""
    start = folder.rstrip("/") + "/"
    return path[len(start) :] if path.startswith(start) else None


def _is_above(folder: str, path: str) -> bool:
    return folder != path and _below(path, folder) is not None


@lru_cache(maxsize=256)
def _named(root: Path) -> str:
    return str(PurePosixPath("/" + str(root).lstrip("/")))


_WORDS = {
    "empty": "a path is missing",
    "relative": "a path at a site is absolute",
    "outside": "it lies beneath none of the site's folders",
    "ours": "it is of Lagan's own notes",
    "root": "it is one of the site's folders itself",
}


def _refused(path: str, reason: str) -> BadPath:
    shown = ascii(path)
    shown = shown if len(shown) <= 120 else shown[:117] + "..."
    return BadPath(f"{shown} cannot be opened: {_WORDS[reason]}.", reason=reason)
