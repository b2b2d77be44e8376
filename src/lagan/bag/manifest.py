"""Manifests: lines of checksum and path, read as strictly as their version asks (RFC 8493, 2.1.3
and 2.2.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lagan.bag.algorithms import hex_length
from lagan.bag.verdict import Findings

PAYLOAD_NAME = re.compile(r"manifest-(.+)\.txt")
TAG_NAME = re.compile(r"tagmanifest-(.+)\.txt")
_LINE = re.compile(r"([^ \t]+)[ \t]+(.+)", re.DOTALL)
_HEX = re.compile(r"[0-9A-Fa-f]+")
_ENCODED = re.compile(r"%(0[AaDd]|25)")
_LOOSE_PERCENT = re.compile(r"%(?!0[AaDd]|25)")
_OLD_ENCODED = re.compile(r"%(0[AaDd])")
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(slots=True)
class Manifest:
    """One manifest, as far as it could be read."""

    file: str
    algorithm: str
    tags: bool
    """Whether it is a tag manifest."""
    entries: dict[str, str] = field(default_factory=dict)
    """Checksums in lower-case hex by path from the base folder."""


def fill(manifest: Manifest, lines: list[str], found: Findings, *, strict: bool) -> None:
    """Take the lines of a manifest; what is wrong with each is found."""
    for number, line in enumerate(lines, 1):
        entry = _entry(line, number, manifest, found, strict=strict)
        if entry is not None:
            _add(manifest, *entry, found, strict=strict)


def decode_path(path: str, *, strict: bool) -> str:
    """CR, LF and (from 1.0 on) `%` that were percent-encoded, as themselves."""
    pattern = _ENCODED if strict else _OLD_ENCODED
    return pattern.sub(lambda match: chr(int(match[1], 16)), path) if "%" in path else path


def encode_path(path: str) -> str:
    """A path as a manifest of BagIt 1.0 writes it."""
    return path.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def path_objection(path: str) -> str | None:
    """Why a path could lead out of the bag; None if it cannot."""
    if path.startswith(("/", "~", "\\")) or _DRIVE.match(path):
        return "The path is not relative to the base folder."
    parts = path.split("/")
    if ".." in parts or ".." in path.split("\\"):
        return "The path goes up with `..`."
    if "" in parts or "\0" in path:
        return "The path has an empty part or a NUL."
    return None


def _entry(
    line: str, number: int, manifest: Manifest, found: Findings, *, strict: bool
) -> tuple[str, str] | None:
    if not line.strip(" \t"):
        found.rule(strict, "manifest-line", manifest.file, f"Line {number} is empty.")
        return None
    if line[0] in " \t":
        found.rule(strict, "manifest-line", manifest.file, f"Line {number} begins with a space.")
        line = line.lstrip(" \t")
    match = _LINE.fullmatch(line)
    if match is None:
        found.error("manifest-line", manifest.file, f"Line {number} has no checksum and path.")
        return None
    checksum, path = match[1], match[2]
    if not _HEX.fullmatch(checksum) or len(checksum) != hex_length(manifest.algorithm):
        found.error(
            "manifest-checksum", manifest.file,
            f"Line {number} does not begin with a checksum of {manifest.algorithm} in hex.",
        )  # fmt: skip
        return None
    return checksum.lower(), path


def _add(manifest: Manifest, checksum: str, path: str, found: Findings, *, strict: bool) -> None:
    path = _plain(path, manifest, found, strict=strict)
    reason = path_objection(path)
    if reason is not None:
        found.error("manifest-path", manifest.file, f"{reason} It is {path[:200]!r}.")
        return
    if not _in_scope(path, manifest, found):
        return
    earlier = manifest.entries.get(path)
    if earlier is not None:
        same = "the same checksum" if earlier == checksum else "another checksum"
        found.rule(
            strict or earlier != checksum,
            "manifest-duplicate", path, f"{manifest.file} lists it twice, with {same}.",
        )  # fmt: skip
    else:
        manifest.entries[path] = checksum


def _plain(path: str, manifest: Manifest, found: Findings, *, strict: bool) -> str:
    """The path without the marks of old tools, percent signs decoded."""
    if path.startswith("*"):
        path = path[1:]
        found.rule(
            strict, "manifest-asterisk", path,
            f"In {manifest.file} an asterisk stands before the path, as md5sum writes it.",
        )  # fmt: skip
    if path.startswith("./") or "/./" in path:
        found.rule(
            strict, "manifest-dot", path, f"In {manifest.file} the path has a dot as a part."
        )
        path = "/".join(part for part in path.split("/") if part != ".")
    if strict and _LOOSE_PERCENT.search(path):
        found.error(
            "manifest-percent", path,
            f"In {manifest.file} a percent sign must be written %25, and nothing else but line"
            " ends may be percent-encoded.",
        )  # fmt: skip
    return decode_path(path, strict=strict) if strict else path


def _in_scope(path: str, manifest: Manifest, found: Findings) -> bool:
    payload = path.startswith("data/")
    if manifest.tags and payload:
        found.error("tagmanifest-scope", path, f"{manifest.file} lists a payload file.")
    elif not manifest.tags and not payload:
        found.error("manifest-scope", path, f"{manifest.file} lists a file outside of data/.")
    return manifest.tags != payload
