"""An inventory is judged by itself: all of its rules that need no look at a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lagan.ocfl.findings import At
from lagan.ocfl.terms import (
    ADDRESSING,
    CONTENT,
    LENGTHS,
    NUMBER,
    UNCOMPUTED,
    VERSIONS,
)

KEYS = frozenset(
    {"id", "type", "digestAlgorithm", "head", "contentDirectory", "fixity", "manifest", "versions"}
)
_NEEDED = ("id", "type", "digestAlgorithm", "head")
_TYPE = re.compile(r"https://ocfl\.io/([0-9]+\.[0-9]+)/spec/#inventory")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+", re.DOTALL)
_TIME = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
    r"([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)


@dataclass(slots=True)
class Judged:
    """What an inventory says, as far as it says it rightly. Digests in small letters."""

    id: str = ""
    spec: str = "1.1"
    algorithm: str = "sha512"
    content: str = CONTENT
    names: list[str] = field(default_factory=list)
    """Version directories in order; empty when they cannot be known."""
    manifest: dict[str, str] = field(default_factory=dict)
    """Digest by content path."""
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    """Digest by logical path, of each version."""
    told: dict[str, Any] = field(default_factory=dict)
    """created, message and user of each version."""
    fixity: dict[str, dict[str, str]] = field(default_factory=dict)
    """Digest by algorithm, of each content path."""


def judge_inventory(given: Any, at: At) -> Judged:
    """What the inventory says; every rule that it breaks is told."""
    found = Judged()
    if not isinstance(given, dict):
        at("E033", "The inventory is no JSON object.")
        return found
    for key in sorted(set(given) - KEYS):
        at("E102", f"The inventory has an unknown key, {key[:80]!r}.")
    for key in _NEEDED:
        if key not in given:
            at("E036", f"The inventory lacks {key}.")
    _judge_facts(given, found, at)
    _judge_manifest(given.get("manifest"), found, at, "manifest" in given)
    _judge_versions(given, found, at)
    _judge_use(found, at)
    if "fixity" in given:
        _judge_fixity(given["fixity"], found, at)
    return found


def _judge_facts(given: Mapping[str, Any], found: Judged, at: At) -> None:
    id, kind = given.get("id"), given.get("type")
    if isinstance(id, str) and id:
        found.id = id
        if not _URI.fullmatch(id):
            at("W005", "The object's id is no URI.")
    elif "id" in given:
        at("E037", "The object's id is no text.")
    match = _TYPE.fullmatch(kind) if isinstance(kind, str) else None
    if match and match[1] in VERSIONS:
        found.spec = match[1]
    elif "type" in given:
        at("E038", "The inventory's type is not that of a known version of OCFL.")
    algorithm = given.get("digestAlgorithm", "sha512")
    if algorithm in ADDRESSING:
        found.algorithm = algorithm
        if algorithm != ADDRESSING[0]:
            at("W004", f"Content is addressed by {algorithm}; sha512 is recommended.")
    else:
        at("E025", "Content is addressed by neither sha512 nor sha256.")
    content = given.get("contentDirectory", CONTENT)
    if not isinstance(content, str) or not content or "/" in content:
        at("E017", "contentDirectory is no name of a folder.")
    elif content in (".", ".."):
        at("E018", f"contentDirectory is {content!r}.")
    else:
        found.content = content


def _judge_manifest(given: Any, found: Judged, at: At, there: bool) -> None:
    if not there:
        at("E041", "The inventory has no manifest.")
        return
    if not isinstance(given, dict):
        at("E106", "The manifest is no JSON object.")
        return
    seen: set[str] = set()
    for digest, paths in given.items():
        if not _is_digest(digest, found.algorithm):
            at("E025", f"The manifest has {digest[:150]!r}, which is no {found.algorithm}.")
            continue
        if digest.lower() in seen:
            at("E096", f"The digest {digest} is in the manifest twice.")
        seen.add(digest.lower())
        if not _are_paths(paths) or not paths:
            at("E092", f"In the manifest {digest} has no list of paths.")
            continue
        for path in paths:
            _take_content_path(path, digest.lower(), found, at)
    for path in _conflicts(found.manifest):
        at("E101", f"The content path {path!r} is also a folder of another one.")


def _take_content_path(path: str, digest: str, found: Judged, at: At) -> None:
    if path.startswith("/") or path.endswith("/"):
        at("E100", f"The content path {path!r} begins or ends with a slash.")
    elif not _is_plain(path):
        at("E099", f"The content path {path!r} has an empty part or dots.")
    elif path in found.manifest:
        at("E101", f"The content path {path!r} is in the manifest twice.")
    elif path.count("/") < 2 or path.split("/")[1] != found.content:
        at("E042", f"The content path {path!r} is not in a version's content folder.")
    else:
        found.manifest[path] = digest


def _judge_versions(given: Mapping[str, Any], found: Judged, at: At) -> None:
    versions = given.get("versions")
    if not isinstance(versions, dict):
        code = "E044" if "versions" in given else "E043"
        at(code, "The inventory has no versions, or not as a JSON object.")
        return
    found.names = _ordered(versions, at)
    if found.names and "head" in given and given["head"] != found.names[-1]:
        at("E040", f"head is {str(given['head'])[:40]!r}, the newest version {found.names[-1]}.")
    for path in found.manifest:
        if found.names and path.split("/")[0] not in found.names:
            at("E042", f"The content path {path!r} is in no version of the object.")
    digests = given.get("manifest")
    exact = set(digests) if isinstance(digests, dict) else set()
    for name in found.names:
        _judge_version(name, versions[name], exact, found, at)


def _ordered(versions: Mapping[str, Any], at: At) -> list[str]:
    """The versions from the first to the newest, or none when they are no sequence."""
    if not versions:
        at("E008", "The object has no version.")
        return []
    matches = {name: NUMBER.fullmatch(name) for name in versions}
    wrong = [name for name, match in matches.items() if match is None]
    if wrong:
        at("E046", f"{wrong[0][:40]!r} is no name of a version.")
        return []
    numbers = {int(match[2]): name for name, match in matches.items() if match}
    if 1 not in numbers:
        at("E009", "The versions do not begin with 1.")
        return []
    if sorted(numbers) != list(range(1, len(versions) + 1)):
        at("E010", "The versions are no sequence without gaps.")
        return []
    names = [numbers[number] for number in sorted(numbers)]
    padded = [name for name in names if name[1] == "0"]
    if padded and (len(padded) != len(names) or len({len(name) for name in names}) > 1):
        at("E012", "The versions are not all called in one way.")
    elif padded:
        at("W001", "The versions' names have zeros before the number.")
    return names


def _judge_version(name: str, given: Any, exact: set[str], found: Judged, at: At) -> None:
    if not isinstance(given, dict):
        at("E047", f"Version {name} is no JSON object.")
        return
    found.told[name] = {key: given.get(key) for key in ("created", "message", "user")}
    for key in sorted(set(given) - {"created", "message", "user", "state"}):
        at("E102", f"Version {name} has an unknown key, {key[:80]!r}.")
    created = given.get("created")
    if "created" not in given:
        at("E048", f"Version {name} does not say when it was made.")
    elif not isinstance(created, str) or not _TIME.fullmatch(created):
        at("E049", f"Version {name} was made at no time of RFC 3339.")
    if "message" in given and not isinstance(given["message"], str):
        at("E094", f"The message of version {name} is no text.")
    if "message" not in given or "user" not in given:
        at("W007", f"Version {name} lacks a message or a user.")
    if "user" in given:
        _judge_user(name, given["user"], at)
    if "state" not in given:
        at("E048", f"Version {name} has no state.")
        return
    _judge_state(name, given["state"], exact, found, at)


def _judge_user(name: str, user: Any, at: At) -> None:
    if not isinstance(user, dict) or not isinstance(user.get("name"), str) or not user["name"]:
        at("E054", f"The user of version {name} has no name.")
    elif set(user) - {"name", "address"}:
        at("E102", f"The user of version {name} has an unknown key.")
    elif "address" not in user:
        at("W008", f"The user of version {name} has no address.")
    elif not isinstance(user["address"], str):
        at("E054", f"The address of the user of version {name} is no text.")
    elif not _URI.fullmatch(user["address"]):
        at("W009", f"The address of the user of version {name} is no URI.")


def _judge_state(name: str, state: Any, exact: set[str], found: Judged, at: At) -> None:
    if not isinstance(state, dict):
        at("E050", f"The state of version {name} is no JSON object.")
        return
    paths = found.states.setdefault(name, {})
    for digest, listed in state.items():
        if digest not in exact or not _are_paths(listed):
            at("E050", f"In version {name}, {digest[:150]!r} is not in the manifest, or no list.")
            continue
        for path in listed:
            if path.startswith("/") or path.endswith("/"):
                at("E053", f"In version {name}, {path!r} begins or ends with a slash.")
            elif not _is_plain(path):
                at("E052", f"In version {name}, {path!r} has an empty part or dots.")
            elif path in paths:
                at("E095", f"In version {name}, {path!r} is there twice.")
            else:
                paths[path] = digest.lower()
    for path in _conflicts(paths):
        at("E095", f"In version {name}, {path!r} is also a folder of another path.")


def _judge_use(found: Judged, at: At) -> None:
    if len(found.states) < len(found.names) or not found.names:
        return
    used = {digest for state in found.states.values() for digest in state.values()}
    for path, digest in found.manifest.items():
        if digest not in used:
            at("E107", f"The manifest has {path!r}, which no version uses.")


def _judge_fixity(given: Any, found: Judged, at: At) -> None:
    if not isinstance(given, dict):
        at("E111" if found.spec != "1.0" else "E056", "fixity is no JSON object.")
        return
    for algorithm, block in given.items():
        if algorithm not in LENGTHS:
            if algorithm not in UNCOMPUTED:
                at("E056", f"fixity has an unknown algorithm, {algorithm[:40]!r}.")
        elif not isinstance(block, dict):
            at("E057", f"fixity's {algorithm} is no JSON object.")
        else:
            _judge_block(algorithm, block, found, at)


def _judge_block(algorithm: str, block: Mapping[str, Any], found: Judged, at: At) -> None:
    seen: set[str] = set()
    for digest, paths in block.items():
        if not _is_digest(digest, algorithm) or not _are_paths(paths):
            at("E057", f"fixity's {algorithm} has {digest[:150]!r}, or not with a list of paths.")
            continue
        if digest.lower() in seen:
            at("E097", f"fixity's {algorithm} has {digest} twice.")
        seen.add(digest.lower())
        for path in paths:
            if path not in found.manifest:
                at("E057", f"fixity has {path!r}, which is not in the manifest.")
            else:
                found.fixity.setdefault(path, {})[algorithm] = digest.lower()


def _is_digest(text: str, algorithm: str) -> bool:
    return bool(re.fullmatch(f"[0-9a-fA-F]{{{LENGTHS[algorithm]}}}", text))


def _are_paths(given: Any) -> bool:
    return isinstance(given, list) and all(isinstance(each, str) for each in given)


def _is_plain(path: str) -> bool:
    return not {"", ".", ".."}.intersection(path.split("/"))


def _conflicts(paths: Iterable[str]) -> list[str]:
    """Paths that are also the beginning of another one."""
    known = set(paths)
    above = {path[:at] for path in known for at, each in enumerate(path) if each == "/"}
    return sorted(known & above)
