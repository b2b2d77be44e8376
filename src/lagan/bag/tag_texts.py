"""The tag files of a new bag, as bytes (RFC 8493, 2.1 and 2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from lagan.bag.algorithms import new_hash
from lagan.bag.container import objection
from lagan.bag.errors import Unbaggable
from lagan.bag.info import LONGEST_LINE, OXUM
from lagan.bag.manifest import encode_path

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
RESERVED = re.compile(r"bagit\.txt|bag-info\.txt|fetch\.txt|(?:tag)?manifest-[^/]*\.txt")
"""Names in the base folder that the standard gives a meaning."""
_INDENT = "  "

Info = Sequence[tuple[str, str]]
Checksums = Mapping[str, Mapping[str, str]]
"""By path from the base folder, then by algorithm, in hex."""


def check_info(info: Info) -> None:
    """Unbaggable for a label or value that bag-info.txt cannot carry."""
    for label, value in info:
        plain = label.strip(" \t") == label and not re.search("[:\r\n]", label)
        if not label or not plain:
            raise Unbaggable(f"Not a label for bag-info.txt: {label[:80]!r}.")
        if label.lower() == OXUM:
            raise Unbaggable("Payload-Oxum is computed; it cannot be given.")
        try:
            (label + value).encode()
        except UnicodeEncodeError:
            raise Unbaggable(f"The value of {label} is no text.") from None


def check_tag_files(tag_files: Mapping[str, bytes]) -> None:
    """Unbaggable for a path that is reserved, in data/, or leaves the bag."""
    for path in tag_files:
        reason = objection(path)
        if reason is None and (path.split("/")[0] == "data" or RESERVED.fullmatch(path)):
            reason = "The name is reserved."
        if reason is not None:
            raise Unbaggable(f"Not a tag file: {path[:200]!a}. {reason}")


def tag_texts(
    payload: Checksums, algorithms: Iterable[str], info: Info, extra: Mapping[str, bytes], oxum: str
) -> dict[str, bytes]:
    """All tag files by path, in the order in which they are written."""
    algorithms = sorted(algorithms)
    texts = {"bagit.txt": BAGIT, "bag-info.txt": _info_text([*info, ("Payload-Oxum", oxum)])}
    texts |= {path: extra[path] for path in sorted(extra)}
    for name in algorithms:
        texts[f"manifest-{name}.txt"] = _manifest(payload, name)
    sums = {
        path: {name: _digest(name, text) for name in algorithms} for path, text in texts.items()
    }
    return texts | {f"tagmanifest-{name}.txt": _manifest(sums, name) for name in algorithms}


def _manifest(checksums: Checksums, algorithm: str) -> bytes:
    return "".join(
        f"{sums[algorithm]}  {encode_path(path)}\n" for path, sums in checksums.items()
    ).encode()


def _digest(name: str, text: bytes) -> str:
    running = new_hash(name)
    running.update(text)
    return running.hexdigest()


def _info_text(info: Info) -> bytes:
    return "".join(f"{line}\n" for label, value in info for line in _fold(label, value)).encode()


def _fold(label: str, value: str) -> list[str]:
    """Lines of one element: broken where it has line ends, and at single spaces where it is long;
    a reader that puts a space for each break has every word of it."""
    parts = [part.strip(" \t") for part in re.split("\r\n|\r|\n", value)]
    lines = [f"{label}:"]
    for number, part in enumerate(part for part in parts if part):
        if number:
            lines.append(_INDENT[:-1])
        for word in re.split("(?<! ) (?! )", part):
            if len(lines[-1]) + 1 + len(word) > LONGEST_LINE and lines[-1].strip(" :") != label:
                lines.append(_INDENT[:-1])
            lines[-1] += f" {word}"
    lines[0] += "" if " " in lines[0][len(label) :] else " "
    return lines
