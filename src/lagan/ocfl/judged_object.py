"""An object is judged as it lies on the disk: declaration, inventories, versions, content."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lagan.kit.errors import Unavailable
from lagan.ocfl.content import Expected, Reading
from lagan.ocfl.findings import At
from lagan.ocfl.folders import Inside, look, read_plain
from lagan.ocfl.judged_inventory import Judged, judge_inventory
from lagan.ocfl.terms import ADDRESSING, EXTENSIONS, INVENTORY, NUMBER, VERSIONS, digest_of

_SIDECAR = re.compile(rb"([0-9a-fA-F]+)[ \t]+inventory\.json[ \t]*\r?\n?")
_REGISTERED = re.compile(r"00(0[1-9]|1[0-2])-[a-z0-9-]+")


@dataclass(slots=True)
class _Object:
    """One object while it is judged."""

    folder: Path
    at: At
    inside: Inside
    text: bytes | None = None
    root: Judged = field(default_factory=Judged)


def judge_object(folder: Path, at: At, reading: Reading) -> Judged:
    """Everything that is wrong with an object but its content, which is handed to `reading`."""
    it = _Object(folder, at, look(folder))
    at.findings.objects += 1
    declared = _judge_declaration(it)
    given, it.text = _read_inventory(folder, at, missing="E063")
    if given is None:
        return it.root
    errors = at.findings.errors
    it.root = judge_inventory(given, at)
    sound = at.findings.errors == errors
    if declared and it.root.spec != declared:
        at("E038", f"The inventory is of OCFL {it.root.spec}, the declaration of {declared}.")
    _judge_sidecar(folder, it.text or b"", it.root.algorithm, at)
    _judge_names(it)
    expected = _expected(it.root)
    _judge_inventories(it, expected)
    seen = [path for name in it.root.names for path in _judge_version_folder(it, name)]
    if sound:
        _compare(it, seen, expected, reading)
    return it.root


def _judge_declaration(it: _Object) -> str | None:
    """The version of OCFL that the object declares."""
    found = [name for name in it.inside.files if name.startswith("0=")]
    if len(found) != 1:
        it.at("E003", f"There are {len(found)} declarations.")
    known = {f"0=ocfl_object_{each}": each for each in VERSIONS}
    for name in found:
        if name not in known:
            it.at("E006", f"{name[:80]!r} declares no known version of OCFL.")
        elif read_plain(it.folder / name) != f"{name[2:]}\n".encode():
            it.at("E007", f"{name} holds something else than its name says.")
    versions = [known[name] for name in found if name in known]
    return max(versions, default=None)


def _read_inventory(folder: Path, at: At, *, missing: str) -> tuple[Any, bytes | None]:
    twice: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) != len(items):
            names = [name for name, _ in items]
            twice.extend({name for name in names if names.count(name) > 1})
        return made

    try:
        text = read_plain(folder / INVENTORY)
    except FileNotFoundError:
        at(missing, "There is no inventory.")
        return None, None
    try:
        given = json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        at("E033", "The inventory is no JSON.")
        return None, text
    if twice:
        at("E033", f"The inventory has the key {twice[0][:80]!r} twice in one place.")
    return given, text


def _judge_sidecar(folder: Path, text: bytes, algorithm: str, at: At) -> None:
    name = f"{INVENTORY}.{algorithm}"
    try:
        beside = read_plain(folder / name)
    except OSError:
        at("E058", f"There is no {name}.")
        return
    match = _SIDECAR.fullmatch(beside)
    if match is None:
        at("E061", f"{name} is not a digest and the name of the inventory.")
    elif match[1].decode().lower() != digest_of(text, algorithm):
        at("E060", f"{name} is not the digest of the inventory.")


def _judge_names(it: _Object) -> None:
    """Nothing lies in the object's folder but what the specification knows."""
    beside = f"{INVENTORY}.{it.root.algorithm}"
    for name in it.inside.files:
        if name not in (INVENTORY, beside) and not name.startswith("0="):
            it.at("E001", f"The file {name[:80]!r} does not belong here.")
    for name in it.inside.others:
        it.at("E090", f"{name[:80]!r} is a link or a device.")
    for name in it.inside.folders:
        if name == EXTENSIONS:
            _judge_extensions(it)
        elif name in it.root.names or name == "logs":
            continue
        elif NUMBER.fullmatch(name):
            it.at("E046", f"The version {name} is not in the inventory.")
        else:
            it.at("E001", f"The folder {name[:80]!r} does not belong here.")
    for name in it.root.names:
        if name not in it.inside.folders:
            it.at("E046", f"The version {name} of the inventory is not there.")


def _judge_extensions(it: _Object) -> None:
    inside = look(it.folder / EXTENSIONS)
    for name in [*inside.files, *inside.others]:
        it.at("E067", f"extensions/{name[:80]} is no folder.")
    for name in inside.folders:
        if not _REGISTERED.fullmatch(name):
            it.at("W013", f"The extension {name[:80]!r} is not registered.")


def _expected(root: Judged) -> Expected:
    """What each content file must be, as the object's inventory says it."""
    found: Expected = {}
    for path, digest in root.manifest.items():
        found.setdefault(path, {}).setdefault((root.algorithm, digest), "E092")
    for path, digests in root.fixity.items():
        for name, digest in digests.items():
            found.setdefault(path, {}).setdefault((name, digest), "E093")
    return found


def _judge_inventories(it: _Object, expected: Expected) -> None:
    """The inventory of each version; what older ones say of the content is expected as well."""
    before = "1.0"
    for name in it.root.names:
        folder, at = it.folder / name, it.at.beneath(name)
        if name not in it.inside.folders:
            continue
        if INVENTORY not in look(folder).files:
            at("W010", "The version has no inventory of its own.")
        elif name == it.root.names[-1]:
            before = _newer(it.root.spec, before, at)
            if read_plain(folder / INVENTORY) != it.text:
                at("E064", "The newest version's inventory is not that of the object.")
            else:
                _judge_sidecar(folder, it.text or b"", it.root.algorithm, at)
        else:
            before = _newer(_judge_earlier(it, name, at, expected), before, at)


def _newer(spec: str, before: str, at: At) -> str:
    if spec < before:
        at("E103", f"The version is of OCFL {spec}, one before it of {before}.")
    return max(spec, before)


def _judge_earlier(it: _Object, name: str, at: At, expected: Expected) -> str:
    """An older version's inventory by itself, and against the object's; its version of OCFL."""
    given, text = _read_inventory(it.folder / name, at, missing="W010")
    if given is None:
        return "1.0"
    errors = at.findings.errors
    found = judge_inventory(given, at)
    _judge_sidecar(it.folder / name, text or b"", found.algorithm, at)
    if at.findings.errors != errors and not found.names:
        return found.spec
    if found.id != it.root.id:
        at("E110", "The object's id was another one.")
    if found.content != it.root.content:
        at("E020", "The content folder had another name.")
    if found.names != it.root.names[: it.root.names.index(name) + 1]:
        at("E066", "The version's inventory is not of this version.")
    else:
        _compare_states(it.root, found, at)
    for path, digest in found.manifest.items():
        expected.setdefault(path, {}).setdefault((found.algorithm, digest), "E092")
    for path, digests in found.fixity.items():
        for algorithm, digest in digests.items():
            expected.setdefault(path, {}).setdefault((algorithm, digest), "E093")
    return found.spec


def _compare_states(root: Judged, found: Judged, at: At) -> None:
    for name in found.names:
        ours, theirs = root.states.get(name, {}), found.states.get(name, {})
        same = ours == theirs if root.algorithm == found.algorithm else set(ours) == set(theirs)
        if not same:
            at("E066", f"Version {name} was of other files than the object's inventory says.")
        if found.told.get(name) != root.told.get(name):
            at("W011", f"Version {name} has another time, message or user here.")


def _judge_version_folder(it: _Object, name: str) -> list[str]:
    """The files of a version's content."""
    if name not in it.inside.folders:
        return []
    folder, at = it.folder / name, it.at.beneath(name)
    inside = look(folder)
    allowed = {INVENTORY, *(f"{INVENTORY}.{each}" for each in ADDRESSING)}
    for each in inside.files:
        if each not in allowed:
            at("E015", f"The file {each[:80]!r} does not belong here.")
    for each in inside.others:
        at("E090", f"{each[:80]!r} is a link or a device.")
    for each in inside.folders:
        if each != it.root.content:
            at("W002", f"There is a folder {each[:80]!r} beside the content.")
    if it.root.content not in inside.folders:
        return []
    found = _walk(folder / it.root.content, f"{name}/{it.root.content}", it.at, top=True)
    if not found:
        at("W003", "The content folder has no files.")
    return found


def _walk(folder: Path, shown: str, at: At, *, top: bool = False) -> list[str]:
    found: list[str] = []
    waiting = [(folder, shown, top)]
    while waiting:
        place, name, first = waiting.pop()
        inside = look(place)
        if inside.empty and not first:
            at("E024", f"The folder {name!r} is empty.")
        for each in inside.others:
            at("E090", f"{f'{name}/{each}'!r} is a link or a device.")
        found += [f"{name}/{each}" for each in inside.files]
        waiting += [(place / each, f"{name}/{each}", False) for each in inside.folders]
    return found


def _compare(it: _Object, seen: list[str], expected: Expected, reading: Reading) -> None:
    there = set(seen)
    for path in sorted(there - set(it.root.manifest)):
        it.at("E023", f"The file {path!r} is in no manifest.")
    for path in sorted(set(expected) - there):
        code = "E092" if path in it.root.manifest else "E023"
        it.at(code, f"The file {path!r} is not there, or not in the object's manifest.")
    for path in sorted(there & set(expected)):
        try:
            reading.take(it.folder, path, expected[path], it.at)
        except Unavailable as refusal:
            it.at("E092", refusal.sentence)
