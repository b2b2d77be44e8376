"""Metadata as JSON and CSV, and back exactly as it was.

JSON: an object of key to list of texts. CSV: the columns `key` and `value`, a line a value, UTF-8,
everything in quotes. Read back, JSON may also hold single values and numbers, which stay as they
are written; CSV may begin with a byte order mark, as spreadsheets write it.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lagan.hub.tree.metadata.values import is_plain
from lagan.kit.errors import BadInput, TooLarge

LARGEST = 4 << 20
"""Bytes of a document that is taken in."""

Texts = dict[str, list[str]]


def to_json(values: Mapping[str, Sequence[str]]) -> str:
    """One line a key."""
    return json.dumps(values, ensure_ascii=False, indent=2) + "\n"


def to_csv(values: Mapping[str, Sequence[str]]) -> str:
    """One line a value, in the order of the values."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(("key", "value"))
    writer.writerows((key, each) for key, some in values.items() for each in some)
    return file.getvalue()


def from_json(text: str) -> Texts:
    """BadInput, with what is wrong, for anything but such an object."""
    try:
        document = json.loads(
            text,
            object_pairs_hook=_once,
            parse_float=str,
            parse_int=str,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise BadInput(f"This is not JSON: {error}.") from None
    if not isinstance(document, dict):
        raise BadInput("The document must be an object of keys with lists of values.")
    return {key: _listed(key, each) for key, each in document.items()}


def from_csv(text: str) -> Texts:
    """BadInput, with the line that is wrong, for anything but such lines."""
    result: Texts = {}
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        if [each.strip().lower() for each in next(reader, [])] != ["key", "value"]:
            raise BadInput("The first line must name the columns: key,value.", line=1)
        for row in reader:
            if len(row) == 2:
                result.setdefault(row[0], []).append(row[1])
            elif row:
                raise BadInput(
                    f"Line {reader.line_num} has {len(row)} columns, not 2.", line=reader.line_num
                )
    except csv.Error as error:
        raise BadInput(
            f"Line {reader.line_num} is not CSV: {error}.", line=reader.line_num
        ) from None
    return result


WRITERS: dict[str, Callable[[Mapping[str, Sequence[str]]], str]] = {"json": to_json, "csv": to_csv}
READERS: dict[str, Callable[[str], Texts]] = {"json": from_json, "csv": from_csv}
MEDIA = {"json": "application/json", "csv": "text/csv; charset=utf-8"}


def write(values: Mapping[str, Sequence[str]], format: str) -> str:
    """The values in a format, `json` or `csv`. BadInput for another."""
    return WRITERS[_known(format)](values)


def read(content: bytes, format: str) -> Texts:
    """What a document in a format holds. BadInput, or TooLarge from 4 MiB."""
    if len(content) > LARGEST:
        raise TooLarge(f"Metadata comes in at most {LARGEST} bytes.", limit=LARGEST)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"The document is not UTF-8 at byte {error.start}.") from None
    values = READERS[_known(format)](text)
    for key, some in values.items():
        if not all(map(is_plain, (key, *some))):
            raise BadInput("The document holds a character that no text has.")
    return values


def _known(format: str) -> str:
    if format not in READERS:
        raise BadInput("The format is json or csv.", format=format[:50])
    return format


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        (twice, _), *_rest = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"the key {twice} is there twice")
    return result


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no value")


def _listed(key: str, value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in values):
        raise BadInput(f"The values of {key} must be texts or numbers.", key=key[:200])
    return values
