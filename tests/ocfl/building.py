"""Small storage roots to be right, and to be made wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lagan.ocfl import About, Added, Content, writing

ID = "urn:lagan:0197:dataset/12"
ABOUT = About("First", "2026-11-22T12:00:00Z", "Milan", "mailto:milan@example.org")
LATER = About("Second", "2026-11-23T12:00:00Z", "Milan", "mailto:milan@example.org")
FIRST = {"data/a.txt": b"alpha", "data/same.txt": b"alpha", "data/deep/ž/b.bin": b"\x00" * 70_000}
SECOND = {"data/a.txt": b"another", "data/deep/ž/b.bin": b"\x00" * 70_000}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def contents(files: Mapping[str, bytes], *, known: bool = True) -> list[Content]:
    return [
        Content(path, lambda data=data: [data], {"sha256": sha256(data)} if known else {})  # type: ignore[misc]
        for path, data in files.items()
    ]


def put(root: Path, files: Mapping[str, bytes], about: About = ABOUT, id: str = ID) -> Added:
    with writing(root) as writer:
        return writer.add(id, contents(files), about)


def two_versions(root: Path) -> Path:
    """An object of two versions; its folder."""
    put(root, FIRST)
    return put(root, SECOND, LATER).place


def rewrite(folder: Path, change: Callable[[Any], object], *, everywhere: bool = True) -> None:
    """Change an object's inventory, and its digests with it, as somebody would who means it."""
    places = [folder]
    if everywhere:
        head = json.loads((folder / "inventory.json").read_bytes())["head"]
        places.append(folder / head)
    for place in places:
        inventory = json.loads((place / "inventory.json").read_bytes())
        change(inventory)
        text = json.dumps(inventory).encode()
        (place / "inventory.json").write_bytes(text)
        beside = f"{hashlib.sha512(text).hexdigest()} inventory.json\n"
        (place / "inventory.json.sha512").write_text(beside)


def tree(root: Path) -> dict[str, bytes]:
    """Every file beneath a folder."""
    return {
        each.relative_to(root).as_posix(): each.read_bytes()
        for each in sorted(root.rglob("*"))
        if each.is_file()
    }
