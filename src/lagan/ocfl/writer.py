"""Versions of objects are written into a storage root: whole, on stable storage, or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lagan.kit.errors import BadInput, Conflict
from lagan.kit.files import sync_folder
from lagan.kit.paths import check_relative
from lagan.ocfl.inventory import ALGORITHM, Inventory, read_inventory
from lagan.ocfl.layout import Layout
from lagan.ocfl.root import WORK, clear, held
from lagan.ocfl.settling import put_inventory, settle
from lagan.ocfl.staging import ALWAYS, Content, Progress, Staging, refusal, remove_if_empty
from lagan.ocfl.terms import CONTENT, EXTENSIONS, NUMBER, OBJECT, declaration


@dataclass(frozen=True, slots=True)
class About:
    """What a version says of itself: why it was made, by whom (`address`: mailto: or a URL), when
    (RFC 3339)."""

    message: str
    created: str
    name: str
    address: str = ""

    def as_json(self, state: dict[str, list[str]]) -> dict[str, Any]:
        """The version's block, without what it does not know."""
        user = {"name": self.name} | ({"address": self.address} if self.address else {})
        return {"message": self.message, "created": self.created, "user": user, "state": state}


@dataclass(frozen=True, slots=True)
class Added:
    """What became of an object: its folder, its newest version, whether that is new, how many files
    the version has, and how many of them brought content that was not there."""

    place: Path
    version: int
    new: bool
    files: int
    brought: int


@contextmanager
def writing(root: Path) -> Iterator[Writer]:
    """Write into a storage root, which is made when it is missing. NotARoot, InUse."""
    with held(root) as layout:
        yield Writer(root, layout)
        clear(root)


class Writer:
    """Adds versions to the objects of a root that is held."""

    def __init__(self, root: Path, layout: Layout) -> None:
        self._root, self._layout = root, layout
        self._work = root / EXTENSIONS / WORK

    def versions(self, id: str) -> int:
        """How many versions there are of an object; what was killed is finished. Damaged."""
        return self._found(id).number

    def lacks(self, id: str, sha256s: Collection[str]) -> set[str]:
        """Those of the contents that the object does not have."""
        return set(sha256s) - set(self._found(id).known("sha256"))

    def add(
        self,
        id: str,
        contents: Sequence[Content],
        about: About,
        progress: Progress = lambda count: None,
    ) -> Added:
        """Make the contents the newest version of the object `id`, unless they are it already.

        What the object holds is not stored again, nor read where its sha256 is known.
        DigestMismatch, BadInput for paths that cannot be, Damaged, NoSpace; then the object is
        as it was.
        """
        ordered = _checked(contents)
        try:
            return self._add(id, ordered, about, progress)
        except OSError as error:
            raise refusal(error, self._root) from None

    def _add(self, id: str, ordered: list[Content], about: About, progress: Progress) -> Added:
        before, after = self._found(id), self._found(id)
        folder = self._folder(id)
        _bring_back(folder)
        staging = Staging(folder / CONTENT, progress)
        staging.keep_only(ordered)
        number = before.number + 1
        with ThreadPoolExecutor(len(ALWAYS)) as pool:
            state, brought = _gathered(after, staging, ordered, f"v{number}/{CONTENT}", pool)
        place = self._root / self._layout.place(id)
        aside = {each.path for each in ordered if each.aside}
        if before.number and _without(before.state(), aside) == _without(state, aside):
            return Added(place, before.number, False, len(state), 0)
        after.versions[f"v{number}"] = about.as_json(_grouped(state))
        self._put(place, folder, after.texts(), number)
        return Added(place, number, True, len(state), brought)

    def _found(self, id: str) -> Inventory:
        place = self._root / self._layout.place(id)
        if not place.is_dir():
            return Inventory(id)
        found = read_inventory(settle(place, self._folder(id)), str(place))
        if found.id != id:
            raise Conflict(f"{place} is the object {found.id[:200]!r}, not {id[:200]!r}.")
        return found

    def _folder(self, id: str) -> Path:
        """Where an object's next version grows."""
        folder = self._work / hashlib.sha256(id.encode()).hexdigest()
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _put(self, place: Path, folder: Path, texts: dict[str, bytes], number: int) -> None:
        version = folder / f"v{number}"
        version.mkdir(exist_ok=True)
        if (folder / CONTENT).is_dir() and not remove_if_empty(folder / CONTENT):
            (folder / CONTENT).rename(version / CONTENT)
        _write_all(version, texts)
        if number > 1:
            os.sync()  # one flush for all: a flush of each file would take most of the time
            version.rename(place / version.name)
            sync_folder(place)
            put_inventory(place, texts["inventory.json"], folder)
            return
        name, text = declaration(OBJECT)
        whole = folder / "object"
        whole.mkdir(exist_ok=True)
        version.rename(whole / version.name)
        _write_all(whole, texts | {name: text})
        os.sync()
        self._branch(whole, place, folder)

    def _branch(self, whole: Path, place: Path, folder: Path) -> None:
        """Give a new object its place together with the folders above it: an empty folder is none
        of a storage root."""
        missing = [place]
        while not missing[-1].parent.is_dir():
            missing.append(missing[-1].parent)
        top = missing[-1]
        grown = folder / "branch"
        inside = grown / place.relative_to(top.parent)
        inside.parent.mkdir(parents=True, exist_ok=True)
        whole.rename(inside)
        os.sync()
        (grown / top.name).rename(top)
        sync_folder(top.parent)


def _bring_back(folder: Path) -> None:
    """Content of a version that was not put in place is staged content again."""
    for place, folders, _ in os.walk(folder):
        here = Path(place)
        if here == folder and CONTENT in folders:
            break
        if CONTENT in folders and NUMBER.fullmatch(here.name):
            (here / CONTENT).rename(folder / CONTENT)
            break
    for each in folder.iterdir():
        if each.is_dir() and each.name != CONTENT:
            shutil.rmtree(each)


def _checked(contents: Sequence[Content]) -> list[Content]:
    paths = {check_relative(each.path) for each in contents}
    if len(paths) != len(contents):
        raise BadInput("A path is there twice.")
    for path in paths:
        for at, character in enumerate(path):
            if character == "/" and path[:at] in paths:
                raise BadInput(f"{path[:at]!a} is both a file and a folder.")
    return sorted(contents, key=lambda each: each.path.encode())


def _gathered(
    inventory: Inventory,
    staging: Staging,
    contents: Sequence[Content],
    prefix: str,
    pool: ThreadPoolExecutor,
) -> tuple[dict[str, str], int]:
    """The digest of each path; what is new is in the staging folder and the inventory."""
    known, state, brought = inventory.known("sha256"), {}, 0
    for each in contents:
        digest = known.get(each.digests.get("sha256", ""))
        if digest is None:
            found = staging.take(each, pool)
            digest = found[ALGORITHM]
            if digest in inventory.manifest:
                staging.drop(each.path)
            else:
                inventory.hold(f"{prefix}/{each.path}", found)
                brought += 1
            known[found["sha256"]] = digest
        state[each.path] = digest
    return state, brought


def _without(state: dict[str, str], paths: set[str]) -> dict[str, str]:
    return {path: digest for path, digest in state.items() if path not in paths}


def _grouped(state: dict[str, str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for path, digest in state.items():
        grouped.setdefault(digest, []).append(path)
    return grouped


def _write_all(folder: Path, texts: dict[str, bytes]) -> None:
    for name, text in texts.items():
        (folder / name).write_bytes(text)
