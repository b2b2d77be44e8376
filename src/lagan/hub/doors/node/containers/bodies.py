"""What clients say about containers in XML: a list of files, a tree of names.

Read as a stream and safely (`config/xml.py`): nothing is fetched, nothing grows. Source:
reference/ngas-http.md section 4.6.
"""

from __future__ import annotations

from collections.abc import Iterable

from lagan.hub.doors.node.config import xml
from lagan.hub.doors.node.containers.changing import Wanted
from lagan.hub.doors.node.containers.multipart import DEEPEST, checked_name
from lagan.kit.digests import Buffer
from lagan.kit.errors import BadInput

MOST = 100_000
"""Files, or containers, in one request."""


def file_ids(pieces: Iterable[Buffer]) -> list[str]:
    """The FileId of every `File`, at any depth, as clients write them. BadInput."""
    found: list[str] = []

    def begin(name: str, attributes: dict[str, str], line: int) -> None:
        if name != "File":
            return
        id = attributes.get("FileId", "").strip()
        if not id:
            raise BadInput(f"Line {line}: a File has no FileId.", line=line)
        if len(found) == MOST:
            raise BadInput(f"At most {MOST} files are taken at once.", most=MOST)
        found.append(id)

    xml.stream(pieces, begin)
    if not found:
        raise BadInput("The body names no File.")
    return found


def tree(pieces: Iterable[Buffer]) -> tuple[Wanted, str]:
    """The tree of a `Container`, and the id of its parent; empty without one. BadInput."""
    top: list[Wanted] = []
    inside: list[Wanted] = []
    parent = ""
    count = 0

    def begin(name: str, attributes: dict[str, str], line: int) -> None:
        nonlocal parent, count
        if name != "Container" or len(inside) >= DEEPEST:
            raise BadInput(f"Line {line}: {name[:100]} does not belong here.", line=line)
        made = Wanted(checked_name(attributes.get("name", "")))
        if inside:
            inside[-1].inner.append(made)
        else:
            parent = attributes.get("parentContainerId", "").strip()
            top.append(made)
        inside.append(made)
        count += 1
        if count > MOST:
            raise BadInput(f"At most {MOST} containers are made at once.", most=MOST)

    xml.stream(pieces, begin, lambda _: inside.pop())
    return top[0], parent
