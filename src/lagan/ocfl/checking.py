"""A storage root, or one object, is checked: declarations, layout, hierarchy, then each object."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lagan.kit.errors import NotFound
from lagan.ocfl.content import Reading
from lagan.ocfl.errors import NotARoot
from lagan.ocfl.findings import At, Findings
from lagan.ocfl.folders import look, read_plain
from lagan.ocfl.judged_object import judge_object
from lagan.ocfl.layout import DESCRIPTIONS, Layout
from lagan.ocfl.root import read_layout
from lagan.ocfl.terms import EXTENSIONS, INVENTORY, LAYOUT, VERSIONS


def check(
    root: Path,
    *,
    progress: Callable[[int], object] = lambda count: None,
    threads: int | None = None,
) -> Findings:
    """Everything that is wrong with a storage root, or with the object whose folder this is.

    Each file is read once; `progress` is told the bytes of each. NotFound when there is no such
    folder, Unavailable when one in it cannot be read.
    """
    if not root.is_dir():
        raise NotFound(f"There is no folder {root}.")
    findings = Findings()
    count = threads or os.cpu_count() or 1
    with ThreadPoolExecutor(count) as pool:
        reading = Reading(pool, 2 * count, progress)
        if _is_object(look(root).files):
            judge_object(root, At(findings, ""), reading)
        else:
            _judge_root(root, At(findings, ""), reading)
        reading.finish()
    return findings


def _judge_root(root: Path, at: At, reading: Reading) -> None:
    spec = _judge_declaration(root, at)
    layout = _judge_layout(root, at)
    ids: dict[str, str] = {}
    for place in _objects(root, at):
        beneath = at.beneath(place)
        found = judge_object(root / place, beneath, reading)
        if spec and found.spec > spec:
            beneath("E081", f"The object is of OCFL {found.spec}, the storage root of {spec}.")
        if found.id and found.id in ids:
            beneath("E037", f"The object {ids[found.id]} has the same id.")
        elif found.id and layout and layout.place(found.id) != place:
            beneath("E083", f"The layout has another place for it: {layout.place(found.id)}.")
        ids.setdefault(found.id, place)


def _judge_declaration(root: Path, at: At) -> str | None:
    """The version of OCFL that the root declares."""
    found = [name for name in look(root).files if name.startswith("0=")]
    if not found:
        at("E069", "There is no declaration: this is no storage root.")
    elif len(found) > 1:
        at("E076", f"There are {len(found)} declarations.")
    known = {f"0=ocfl_{each}": each for each in VERSIONS}
    for name in found:
        if name not in known:
            at("E079", f"{name[:80]!r} declares no known version of OCFL.")
        elif read_plain(root / name) != f"{name[2:]}\n".encode():
            at("E080", f"{name} holds something else than its name says.")
    return max((known[name] for name in found if name in known), default=None)


def _judge_layout(root: Path, at: At) -> Layout | None:
    try:
        named = json.loads(read_plain(root / LAYOUT))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        at("E070", f"{LAYOUT} is no JSON.")
        return None
    keys = ("extension", "description")
    texts = [named.get(key) for key in keys] if isinstance(named, dict) else [None]
    if not all(isinstance(each, str) for each in texts):
        at("E070", f"{LAYOUT} has no extension and description.")
        return None
    if texts[0] not in DESCRIPTIONS:
        at("W014", f"The layout {texts[0]!r} is not known here: places of objects are not judged.")
        return None
    try:
        return read_layout(root)
    except NotARoot as refusal:
        at("E071", refusal.sentence)
        return None


def _objects(root: Path, at: At) -> Iterator[str]:
    """The folders of objects, in order; what is wrong with the hierarchy around them is told."""
    inside = look(root)
    for name in inside.others:
        at("E090", f"{name[:80]!r} is a link or a device.")
    if EXTENSIONS in inside.folders:
        extensions = look(root / EXTENSIONS)
        for name in [*extensions.files, *extensions.others]:
            at("E112", f"extensions/{name[:80]} is no folder.")
        for name in extensions.folders:
            if name not in DESCRIPTIONS:
                at("W016", f"The extension {name[:80]!r} is not registered, or not known here.")
    waiting = [name for name in reversed(inside.folders) if name != EXTENSIONS]
    while waiting:
        place = waiting.pop()
        found = look(root / place)
        if any(name.startswith("0=") for name in found.files):
            yield place
            continue
        here = at.beneath(place)
        if found.empty:
            here("E073", "The folder is empty.")
        for name in found.others:
            here("E090", f"{name[:80]!r} is a link or a device.")
        if found.files:
            here("E072", f"There are files that belong to no object, as {found.files[0][:80]!r}.")
        else:
            waiting += [f"{place}/{name}" for name in reversed(found.folders)]


def _is_object(files: list[str]) -> bool:
    """Whether a folder with these files is an object, maybe one whose declaration is gone."""
    if any(name.startswith("0=") for name in files):
        return any(name.startswith("0=ocfl_object_") for name in files)
    return INVENTORY in files
