"""The maker: bags of BagIt 1.0 from a folder or from files of anywhere, to a zip or a new folder;
the same content gives the same bytes."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lagan.bag.algorithms import normalise_all
from lagan.bag.container import objection
from lagan.bag.crate import NAME as CRATE
from lagan.bag.crate import Crate, Described, check_crate, crate_pieces
from lagan.bag.digesting import Digesting
from lagan.bag.errors import Unbaggable
from lagan.bag.in_place import bag_in_place
from lagan.bag.sources import Contents, Opener, from_folder, from_openers
from lagan.bag.tag_texts import Info, check_info, check_tag_files, tag_texts
from lagan.bag.zip_writing import ZipWriter
from lagan.kit.digests import Buffer
from lagan.kit.errors import BadInput, Conflict
from lagan.kit.files import Draft, make_folders, move_in, sync_folder

Progress = Callable[[int, int | None], None]
"""Told payload bytes done and, where that is known, in all."""
DEFAULT = ("sha512",)
"""What RFC 8493, 2.4 recommends."""


@dataclass(frozen=True, slots=True)
class Made:
    """A bag that was made."""

    path: Path
    files: int
    bytes: int
    checksums: Mapping[str, Mapping[str, str]]
    """Of each payload file, by path from the base folder and algorithm, in hex."""

    @property
    def oxum(self) -> str:
        """Octets and files of the payload."""
        return f"{self.bytes}.{self.files}"


def make_bag(
    source: Path | Iterable[tuple[str, Opener]],
    target: Path | None = None,
    *,
    in_place: bool = False,
    algorithms: Collection[str] = DEFAULT,
    info: Info = (),
    tag_files: Mapping[str, bytes] | None = None,
    crate: Crate | None = None,
    base: str = "",
    compress: bool = False,
    progress: Progress | None = None,
    threads: int | None = None,
) -> Made:
    """Make a bag of a folder, or of pairs of a relative path and what opens the file.

    `target` is a new zip when its name ends in `.zip`, else a new folder; it appears whole or not
    at all. In a zip the bag is at the top, or in the folder `base`; content is stored, or deflated
    with `compress`. With `in_place` the folder itself becomes the bag: see `in_place.py`. `info`
    are labels and values of bag-info.txt, to which only Payload-Oxum is added; `tag_files` more
    tag files by path. With a `crate` the payload gets its RO-Crate metadata file (not in place).
    Unbaggable for what a bag cannot carry, Conflict when the target exists.
    """
    extra = dict(tag_files or {})
    names = normalise_all(algorithms)
    check_info(info)
    check_tag_files(extra)
    contents = from_folder(source) if isinstance(source, Path) else from_openers(source)
    if crate is not None:
        check_crate(crate, {each.path: each.mtime_ns for each in contents.files})
    recipe = _Recipe(contents, names, info, extra, crate, progress, threads)
    if in_place:
        if crate is not None:
            raise BadInput("In place nothing is added to the payload: make the crate elsewhere.")
        if not isinstance(source, Path) or target is not None:
            raise BadInput("In place only a folder can become a bag, and it has no other target.")
        bag_in_place(source, lambda: recipe.fill(_Nowhere()))
        return recipe.made(source)
    if target is None:
        raise BadInput("Name the zip or folder to make.")
    if target.suffix.lower() == ".zip":
        _to_zip(recipe, target, base, compress)
    else:
        _to_folder(recipe, target)
    return recipe.made(target)


Checksums = dict[str, dict[str, str]]


class Sink(Protocol):
    """Where the files of a bag go."""

    def file(self, path: str, pieces: Iterable[Buffer]) -> Iterator[Buffer]:
        """Write a file while its pieces are taken."""

    def folder(self, path: str) -> None:
        """Make an empty folder."""


class _Nowhere:
    """Content stays where it is."""

    def file(self, path: str, pieces: Iterable[Buffer]) -> Iterator[Buffer]:
        return iter(pieces)

    def folder(self, path: str) -> None:
        pass


class _Recipe:
    """All that is known of a bag before it is made."""

    def __init__(
        self,
        contents: Contents,
        algorithms: Collection[str],
        info: Info,
        extra: Mapping[str, bytes],
        crate: Crate | None,
        progress: Progress | None,
        threads: int | None,
    ) -> None:
        self.contents, self._algorithms = contents, algorithms
        self._info, self._extra, self._crate = info, extra, crate
        self._progress, self._threads = progress, threads
        self._size = 0
        self._checksums: Checksums = {}

    def fill(self, sink: Sink) -> dict[str, bytes]:
        """Bring the payload into the sink; the tag files that go with it."""
        self._checksums = {f"data/{each.path}": {} for each in self.contents.files}
        wanted = {*self._algorithms, *(["sha256"] if self._crate else [])}
        sizes = []
        with Digesting(self._threads) as digesting:
            for each in self.contents.files:
                path = f"data/{each.path}"
                pieces = sink.file(path, self._counted(each.open()))
                sizes.append(digesting.take(wanted, pieces, self._checksums[path].update))
            digesting.finish()
            if self._crate is not None:
                self._describe(self._crate, sizes, sink, digesting)
        for folder in self.contents.empty_folders:
            sink.folder(f"data/{folder}")
        if not self.contents.files and not self.contents.empty_folders:
            sink.folder("data")
        oxum = f"{self._size}.{len(self._checksums)}"
        return tag_texts(self._checksums, self._algorithms, self._info, self._extra, oxum)

    def made(self, path: Path) -> Made:
        """What became of it."""
        return Made(path, len(self._checksums), self._size, self._checksums)

    def _describe(
        self, crate: Crate, sizes: Sequence[int], sink: Sink, digesting: Digesting
    ) -> None:
        """Bring in the metadata file, as the last of the payload."""
        files = [
            Described(
                each.path, size, self._checksums[f"data/{each.path}"]["sha256"], each.mtime_ns
            )
            for each, size in zip(self.contents.files, sizes, strict=True)
        ]
        path = f"data/{CRATE}"
        self._checksums[path] = {}
        pieces = sink.file(path, self._counted(crate_pieces(crate, files)))
        digesting.take(self._algorithms, pieces, self._checksums[path].update)
        digesting.finish()

    def _counted(self, pieces: Iterable[Buffer]) -> Iterator[Buffer]:
        for piece in pieces:
            self._size += len(piece)
            if self._progress is not None:
                self._progress(self._size, self.contents.size)
            yield piece


def _to_zip(recipe: _Recipe, target: Path, base: str, compress: bool) -> None:
    if base and (objection(base) is not None or "/" in base):
        raise BadInput(f"Not a name for the base folder: {base[:80]!r}.")
    _refuse_backslashes(recipe)
    _refuse_existing(target)
    to_flush = make_folders(target.parent)
    draft = Draft.create(target.parent / f".{target.name[:80]}.{secrets.token_hex(8)}.tmp")
    try:
        sink = _Prefixed(ZipWriter(draft, compress=compress), f"{base}/" if base else "")
        sink.fill(recipe)
        draft.flush()
        draft.close()
        _move(draft.path, target)
    except BaseException:
        draft.discard()
        raise
    for folder in dict.fromkeys([target.parent, *to_flush]):
        sync_folder(folder)


class _Prefixed:
    """A zip whose members all lie in the base folder."""

    def __init__(self, writer: ZipWriter, prefix: str) -> None:
        self._writer, self._prefix = writer, prefix

    def fill(self, recipe: _Recipe) -> None:
        for path, text in recipe.fill(self).items():
            for _ in self._writer.file(self._prefix + path, [text]):
                pass
        self._writer.finish()

    def file(self, path: str, pieces: Iterable[Buffer]) -> Iterator[Buffer]:
        return self._writer.file(self._prefix + path, pieces)

    def folder(self, path: str) -> None:
        self._writer.folder(self._prefix + path)


def _refuse_backslashes(recipe: _Recipe) -> None:
    names = [each.path for each in recipe.contents.files if "\\" in each.path]
    if names:
        raise Unbaggable(
            f"A zip cannot carry a backslash in a name: {names[0]!a}"
            f"{f' and {len(names) - 1} more' if len(names) > 1 else ''}.",
            names=names,
        )


class _Tree:
    """A folder that grows under a temporary name."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def file(self, path: str, pieces: Iterable[Buffer]) -> Iterator[Buffer]:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            for piece in pieces:
                file.write(piece)
                yield piece

    def folder(self, path: str) -> None:
        (self.root / path).mkdir(parents=True, exist_ok=True)


def _to_folder(recipe: _Recipe, target: Path) -> None:
    _refuse_existing(target)
    make_folders(target.parent)
    tree = _Tree(target.parent / f".{target.name[:80]}.{secrets.token_hex(8)}.tmp")
    tree.root.mkdir()
    try:
        for path, text in recipe.fill(tree).items():
            for _ in tree.file(path, [text]):
                pass
        os.sync()  # one flush for all: a flush of each file would take most of the time
        _move(tree.root, target)
    except BaseException:
        shutil.rmtree(tree.root, ignore_errors=True)
        raise
    sync_folder(target.parent)


def _refuse_existing(target: Path) -> None:
    if os.path.lexists(target):
        raise Conflict(f"{target} is there already.")


def _move(source: Path, target: Path) -> None:
    try:
        move_in(source, target)
    except FileExistsError:
        raise Conflict(f"{target} is there already.") from None
