"""BagIt profiles 1.1 to 1.4: what an archive asks of bags beyond the standard. Given by the caller,
never fetched."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from lagan.bag.errors import BadProfile
from lagan.bag.structure import Layout
from lagan.bag.verdict import Facts, Findings

_TYPES = {
    "zip": {"application/zip"},
    "tar": {"application/tar", "application/x-tar"},
    "tar.gz": {
        "application/gzip", "application/x-gzip", "application/tar+gzip", "application/x-tar+gzip",
        "application/gtar", "application/x-gtar", "application/x-compressed-tar",
    },
}  # fmt: skip
"""Media types of what a bag can be packed in."""
IDENTIFIER = "BagIt-Profile-Identifier"
_LISTS = (
    "Manifests-Required", "Manifests-Allowed", "Tag-Manifests-Required", "Tag-Manifests-Allowed",
    "Accept-Serialization", "Accept-BagIt-Version", "Tag-Files-Required", "Tag-Files-Allowed",
    "Payload-Files-Required", "Payload-Files-Allowed",
)  # fmt: skip
_FLAGS = ("Allow-Fetch.txt", "Fetch.txt-Required", "Data-Empty")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a profile says of one label of bag-info.txt."""

    required: bool = False
    repeatable: bool = True
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile, its form checked."""

    identifier: str
    labels: Mapping[str, Rule]
    lists: Mapping[str, tuple[str, ...]]
    """Those that are there, by their names in the profile."""
    flags: Mapping[str, bool]
    serialization: str = "optional"
    named: Mapping[str, str] = field(default_factory=dict)


def read_profile(source: Mapping[str, Any] | Path) -> Profile:
    """A profile from data or a file of JSON. BadProfile, saying what is malformed."""
    data = source if isinstance(source, Mapping) else _load(source)
    about = _mapping(data, "BagIt-Profile-Info")
    identifier = about.get(IDENTIFIER)
    if not isinstance(identifier, str) or not identifier:
        raise BadProfile(f"A profile needs BagIt-Profile-Info with {IDENTIFIER}.")
    serialization = data.get("Serialization", "optional")
    if serialization not in ("forbidden", "required", "optional"):
        raise BadProfile("Serialization is forbidden, required or optional.")
    labels = {name: _rule(name, each) for name, each in _mapping(data, "Bag-Info").items()}
    lists = {name: _strings(name, data[name]) for name in _LISTS if name in data}
    flags = {name: _flag(name, data[name]) for name in _FLAGS if name in data}
    return Profile(identifier, labels, lists, flags, serialization)


def _load(path: Path) -> Mapping[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise BadProfile(f"The profile cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise BadProfile("The profile is not JSON.") from None
    if not isinstance(data, dict):
        raise BadProfile("A profile is a JSON object.")
    return cast("dict[str, Any]", data)


def _mapping(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name, {})
    if not isinstance(value, Mapping):
        raise BadProfile(f"{name} is an object.")
    return value


def _strings(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise BadProfile(f"{name} is a list of strings.")
    return tuple(value)


def _flag(name: str, value: object) -> bool:
    """A boolean, which some profiles write as a string."""
    known = {True: True, False: False, "true": True, "false": False}
    if not isinstance(value, bool | str) or value not in known:
        raise BadProfile(f"{name} is true or false.")
    return known[value]


def _rule(name: str, value: object) -> Rule:
    if not isinstance(value, Mapping):
        raise BadProfile(f"Bag-Info: {name} is an object.")
    return Rule(
        _flag(f"{name}: required", value.get("required", False)),
        _flag(f"{name}: repeatable", value.get("repeatable", True)),
        _strings(f"{name}: values", value.get("values", [])),
    )


def check(
    profile: Profile, facts: Facts, layout: Layout, sizes: Mapping[str, int], found: Findings
) -> None:
    """Find all that the profile does not allow. `sizes` are of files, in bytes."""
    _check_info(profile, facts, found)
    _check_algorithms(profile, "Manifests", facts.manifests, "profile-manifest", found)
    _check_algorithms(profile, "Tag-Manifests", facts.tag_manifests, "profile-tag-manifest", found)
    _check_form(profile, facts, found)
    _check_fetch(profile, "fetch.txt" in layout.files, found)
    _check_files(profile, "Tag-Files", layout.tags, "profile-tag-file", found)
    _check_files(profile, "Payload-Files", layout.payload, "profile-payload-file", found)
    if profile.flags.get("Data-Empty"):
        held = [path for path in layout.payload if sizes.get(path)]
        if held or len(layout.payload) > 1:
            found.error("profile-empty", "data", "The profile wants an empty payload.")


def _check_info(profile: Profile, facts: Facts, found: Findings) -> None:
    values: dict[str, list[str]] = {}
    for label, value in facts.info:
        values.setdefault(label.lower(), []).append(value)
    if profile.identifier not in values.get(IDENTIFIER.lower(), []):
        found.error(
            "profile-identifier", "bag-info.txt", f"{IDENTIFIER} is not {profile.identifier}."
        )
    for label, rule in profile.labels.items():
        _check_label(label, rule, values.get(label.lower(), []), found)


def _check_label(label: str, rule: Rule, values: list[str], found: Findings) -> None:
    if rule.required and not values:
        found.error("profile-info", "bag-info.txt", f"The profile requires {label}.")
    if not rule.repeatable and len(values) > 1:
        found.error("profile-info", "bag-info.txt", f"The profile allows {label} only once.")
    for value in values:
        if rule.values and value not in rule.values:
            found.error(
                "profile-info", "bag-info.txt",
                f"The profile does not allow {value[:80]!r} for {label}.",
            )  # fmt: skip


def _check_algorithms(
    profile: Profile, name: str, there: Iterable[str], code: str, found: Findings
) -> None:
    for algorithm in profile.lists.get(f"{name}-Required", ()):
        if algorithm not in there:
            found.error(code, "", f"The profile requires a manifest of {algorithm}.")
    allowed = profile.lists.get(f"{name}-Allowed")
    for algorithm in there if allowed is not None else ():
        if allowed is not None and algorithm not in allowed:
            found.error(code, "", f"The profile allows no manifest of {algorithm}.")


def _check_form(profile: Profile, facts: Facts, found: Findings) -> None:
    packed = facts.form != "folder"
    accepted = profile.lists.get("Accept-Serialization")
    if profile.serialization == ("forbidden" if packed else "required"):
        found.error("profile-serialization", "", f"For the profile packing is "
                    f"{profile.serialization}.")  # fmt: skip
    elif packed and accepted is not None and not _TYPES[facts.form].intersection(accepted):
        found.error("profile-serialization", "", f"The profile does not accept {facts.form}.")
    versions = profile.lists.get("Accept-BagIt-Version")
    if versions is not None and facts.version not in versions:
        found.error("profile-version", "bagit.txt", f"The profile wants {' or '.join(versions)}.")


def _check_fetch(profile: Profile, there: bool, found: Findings) -> None:
    if there and not profile.flags.get("Allow-Fetch.txt", True):
        found.error("profile-fetch", "fetch.txt", "The profile does not allow it.")
    if not there and profile.flags.get("Fetch.txt-Required"):
        found.error("profile-fetch", "fetch.txt", "The profile requires it.")


def _check_files(profile: Profile, name: str, there: list[str], code: str, found: Findings) -> None:
    for path in profile.lists.get(f"{name}-Required", ()):
        if path not in there:
            found.error(code, path, "The profile requires this file.")
    allowed = profile.lists.get(f"{name}-Allowed")
    if allowed is None:
        return
    patterns = [re.compile(fnmatch.translate(each)) for each in allowed]
    for path in there:
        standard = name == "Tag-Files" and _is_standard(path)
        if not standard and not any(pattern.match(path) for pattern in patterns):
            found.error(code, path, "The profile does not allow this file.")


def _is_standard(path: str) -> bool:
    """Tag files that BagIt itself asks for or describes are always allowed."""
    known = ("bagit.txt", "bag-info.txt", "package-info.txt", "fetch.txt")
    return path in known or bool(re.fullmatch(r"(?:tag)?manifest-[^/]+\.txt", path))
