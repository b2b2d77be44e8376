"""The status document: how the archive server answers, attribute for attribute in its order.

Source: reference/ngas-http.md section 3. Times of `Date` and of requests are UTC, those of files
and disks are the node's own local time; all have milliseconds and no zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

VERSION = "0.1/2026-11-22T00:00"
"""Release and date, in the form that clients print; 20 characters fit the catalogue's column."""
SUCCESS, FAILURE = "SUCCESS", "FAILURE"

Attributes = Sequence[tuple[str, str | None]]
"""Names and texts in order; None is left out."""


@dataclass(frozen=True, slots=True)
class Node:
    """An element of a status document."""

    name: str
    attributes: Attributes = ()
    children: Sequence[Node] = field(default_factory=tuple)


def document(dtd_host: str, children: Sequence[Node]) -> bytes:
    """The whole document; `dtd_host` is the host and port at which the DTD is served."""
    head = (
        '<?xml version="1.0" ?>\n'
        f'<!DOCTYPE NgamsStatus SYSTEM "http://{dtd_host}/RETRIEVE?internal=ngamsStatus.dtd">\n'
    )
    body = "".join(lines(Node("NgamsStatus", (), children)))
    return (head + body).encode("utf-8", "replace")


def lines(node: Node, depth: int = 0, indent: str = "  ") -> Iterator[str]:
    """The element line by line."""
    attributes = "".join(
        f" {name}={quoted(value)}" for name, value in node.attributes if value is not None
    )
    if not node.children:
        yield f"{indent * depth}<{node.name}{attributes}/>\n"
        return
    yield f"{indent * depth}<{node.name}{attributes}>\n"
    for child in node.children:
        yield from lines(child, depth + 1, indent)
    yield f"{indent * depth}</{node.name}>\n"


_WHITE = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;", '"': "&quot;"}
_PLAIN = re.compile(r"[ !#-%'-;=?-~]*")
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def quoted(text: str) -> str:
    """The text as an attribute's value; characters that XML cannot hold become a question mark."""
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    return f'"{escape(_UNFIT.sub("?", text), _WHITE)}"'


def basic(
    *,
    date: str,
    host: str,
    message: str,
    status: str,
    state: str,
    sub_state: str,
    extra: Attributes = (),
) -> Node:
    """The `Status` element that every answer has; `extra` holds the request's attributes."""
    return Node(
        "Status",
        (
            ("Date", date),
            ("Version", VERSION),
            ("HostId", host),
            ("Message", message),
            ("Status", status),
            ("State", state),
            ("SubState", sub_state),
            *extra,
        ),
    )
