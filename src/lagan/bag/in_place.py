"""A folder becomes a bag where it is, by renames alone; broken off anywhere, it can be finished or
undone.

While it goes on, the folder has `.lagan-bag/` with a plan, the tag files, and the growing data/:

1. tag files and plan are written: nothing has moved yet, without a plan nothing will;
2. every entry of the folder moves into `.lagan-bag/data/`;
3. that becomes `data/`, the tag files move beside it; `.lagan-bag/` gets the name
   `.lagan-bag-made/`, at which all is done, and is removed.

Undoing is the same backwards, its direction kept in the plan, so that it too can be broken off; it
is done when `.lagan-bag/` is called `.lagan-bag-undone/`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from lagan.bag.errors import Unbaggable, Unfinished
from lagan.bag.tag_texts import RESERVED
from lagan.kit.errors import Conflict, NotFound
from lagan.kit.files import sync_folder, write_atomically

STATE = ".lagan-bag"
_MADE, _UNDONE = f"{STATE}-made", f"{STATE}-undone"
_PLAN, _TAGS, _DATA = "plan.json", "tags", "data"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: names of entries that move into data/, paths of tag files."""

    direction: Literal["bag", "undo"]
    entries: Sequence[str]
    tags: Sequence[str]


def bag_in_place(root: Path, texts: Callable[[], dict[str, bytes]]) -> None:
    """Make the folder a bag; `texts` reads everything in it and gives the tag files. Unfinished
    when an earlier attempt was broken off."""
    if any(os.path.lexists(root / name) for name in (STATE, _MADE, _UNDONE)):
        raise Unfinished(f"Making {root} a bag was broken off: finish or undo that first.")
    entries = sorted(entry.name for entry in root.iterdir())
    tags = texts()
    (root / STATE / _DATA).mkdir(parents=True)
    for path, text in tags.items():
        write_atomically(root / STATE / _TAGS / path, text)
    _write_plan(root, Plan("bag", entries, list(tags)))
    finish(root)


def finish(root: Path) -> None:
    """Go on where it was broken off, in the direction it had. NotFound when nothing was begun;
    without a plan nothing had moved, and the beginning is removed."""
    if not (root / STATE).is_dir():
        if not _remove_rest(root, _MADE) and not _remove_rest(root, _UNDONE):
            raise NotFound(f"Nothing in {root} was broken off.")
        return
    plan = _read_plan(root)
    if plan is None:
        _end(root, _UNDONE)
    elif plan.direction == "bag":
        _go_on(root, plan)
    else:
        _go_back(root, plan)


def undo(root: Path) -> None:
    """Put the payload back where it was and remove the tag files, of a whole bag or one that was
    broken off. Unbaggable when there are tag files that BagIt does not know: they would be
    lost."""
    if _remove_rest(root, _UNDONE):
        return
    if not (root / STATE).is_dir():
        _remove_rest(root, _MADE)
        plan: Plan | None = _plan_of_whole(root)
        (root / STATE).mkdir()
    else:
        plan = _read_plan(root)
    if plan is not None:
        _write_plan(root, Plan("undo", plan.entries, plan.tags))
    finish(root)


def _plan_of_whole(root: Path) -> Plan:
    if not (root / "bagit.txt").is_file() or not (root / _DATA).is_dir():
        raise NotFound(f"{root} is no bag.")
    tags = sorted(entry.name for entry in root.iterdir() if entry.name != _DATA)
    unknown = [name for name in tags if not RESERVED.fullmatch(name)]
    if unknown:
        raise Unbaggable(f"Undoing would lose {unknown[0]!a}; move it away first.", names=unknown)
    return Plan("undo", [], tags)


def _go_on(root: Path, plan: Plan) -> None:
    state = root / STATE
    if (state / _DATA).is_dir():
        for name in plan.entries:
            if os.path.lexists(root / name):
                _move(root / name, state / _DATA / name)
        _sync(root, state, state / _DATA)
        _move(state / _DATA, root / _DATA)
        _sync(root, state)
    for path in plan.tags:
        if (state / _TAGS / path).is_file():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            _move(state / _TAGS / path, root / path)
    _sync(root, root / _DATA)
    _end(root, _MADE)


def _go_back(root: Path, plan: Plan) -> None:
    state = root / STATE
    if not (state / _DATA).is_dir():
        for path in plan.tags:
            (root / path).unlink(missing_ok=True)
            _remove_empty(root, (root / path).parent)
        _move(root / _DATA, state / _DATA)
        _sync(root, state)
    for entry in sorted((state / _DATA).iterdir()):
        _move(entry, root / entry.name)
    _sync(root, state / _DATA)
    _end(root, _UNDONE)


def _end(root: Path, name: str) -> None:
    """All is done from here on: what is left of the state only has to go."""
    held = root / STATE / _DATA
    if held.is_dir() and any(held.iterdir()):
        raise Conflict(f"{held} holds files but there is no plan for them.")
    (root / STATE).rename(root / name)
    _sync(root)
    _remove_rest(root, name)


def _remove_rest(root: Path, name: str) -> bool:
    if not (root / name).is_dir():
        return False
    shutil.rmtree(root / name)
    return True


def _remove_empty(root: Path, folder: Path) -> None:
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _move(source: Path, target: Path) -> None:
    if os.path.lexists(target):
        raise Conflict(f"{target} is there already; move it away and go on.")
    source.rename(target)


def _sync(*folders: Path) -> None:
    for folder in folders:
        sync_folder(folder)


def _write_plan(root: Path, plan: Plan) -> None:
    write_atomically(root / STATE / _PLAN, json.dumps(asdict(plan)).encode())


def _read_plan(root: Path) -> Plan | None:
    try:
        return Plan(**json.loads((root / STATE / _PLAN).read_bytes()))
    except FileNotFoundError:
        return None
