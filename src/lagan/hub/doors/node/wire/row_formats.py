"""Rows as the texts and bytes that QUERY gives: a table, JSON, a Python list, a pickle; each made
row by row.

Source: reference/ngas-http.md section 4.5. A pickle here holds texts, numbers and None alone; the
node writes such but never reads one.
"""

from __future__ import annotations

import json
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

Row = Sequence[Any]
Writer = Callable[[Sequence[str], Iterable[Row], Path], Iterator[bytes]]


def as_table(columns: Sequence[str], rows: Iterable[Row], folder: Path) -> Iterator[bytes]:
    """A header between lines of dashes and a line a row, columns as wide as what is in them;
    numbers to the right. Rows wait in a file in `folder` until the widths are known."""
    widths = [len(each) for each in columns]
    with tempfile.TemporaryFile("w+", encoding="utf-8", dir=folder) as held:
        for row in rows:
            values = [_plain(each) for each in row]
            widths = [max(w, len(str(v))) for w, v in zip(widths, values, strict=True)]
            held.write(json.dumps(values) + "\n")
        held.seek(0)
        line = " ".join("-" * width for width in widths)
        yield f"{line}\n{_padded(columns, widths)}\n{line}".encode()
        for each in held:
            yield b"\n" + _padded(json.loads(each), widths).encode("utf-8", "replace")


def _padded(values: Row, widths: Sequence[int]) -> str:
    cells = zip(values, widths, strict=True)
    return " ".join(
        f"{value:>{width}}" if isinstance(value, int | float) else f"{value!s:<{width}}"
        for value, width in cells
    )


def as_json(columns: Sequence[str], rows: Iterable[Row], _: Path) -> Iterator[bytes]:
    """A list of objects keyed by column names."""
    mark = b"["
    for row in rows:
        each = {name: _plain(value) for name, value in zip(columns, row, strict=True)}
        yield mark + json.dumps(each).encode()
        mark = b", "
    yield b"[]" if mark == b"[" else b"]"


def as_python(_: Sequence[str], rows: Iterable[Row], __: Path) -> Iterator[bytes]:
    """A list of tuples as Python writes it."""
    mark = "["
    for row in rows:
        yield f"{mark}{tuple(map(_plain, row))!r}".encode("utf-8", "backslashreplace")
        mark = ", "
    yield b"[]" if mark == "[" else b"]"


def as_pickle(_: Sequence[str], rows: Iterable[Row], __: Path) -> Iterator[bytes]:
    """A list whose one item is the list of rows, in protocol 2, which every Python reads."""
    yield pickle.PROTO + b"\x02" + pickle.EMPTY_LIST + pickle.EMPTY_LIST + pickle.MARK
    for row in rows:
        # Without its first two bytes and its last: the protocol and the end.
        yield pickle.dumps(list(map(_plain, row)), 2)[2:-1]
    yield pickle.APPENDS + pickle.APPEND + pickle.STOP


def _plain(value: Any) -> str | int | float | None:
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


FORMATS: dict[str, tuple[str, Writer]] = {
    "list": ("text/plain", as_table),
    "text": ("text/plain", as_table),
    "json": ("application/json", as_json),
    "pickle": ("application/python-pickle", as_pickle),
    "": ("application/python-list", as_python),
}
"""The type and the writer of each; the last is for any other name too."""
