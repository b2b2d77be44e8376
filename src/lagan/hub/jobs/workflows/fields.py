"""Runtime fields of a workflow: their types, and what is a value of a type.

Source: seeds/workflow-hub.txt, "Runtime fields": `string`, `int`, `bool`, `enum[site]`. Beyond it
`enum[group]`, `enum[dataset]` and choices spelt out, as `enum[fast,slow]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Value = str | int | bool
"""What a field can be filled with, and an argument of a step can be."""

SITE, GROUP, DATASET = "site", "group", "dataset"
SOURCES = (SITE, GROUP, DATASET)
"""What a choice can be made from: the sites, and the groups and datasets of the tree."""

LONGEST_TEXT = 4096  # characters
_INT = re.compile(r"\s*([+-]?[0-9]{1,18})\s*")
_WORDS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class FieldType:
    """`kind` is `string`, `int`, `bool` or `enum`; the choices of an enum are spelt out or come
    from `source`."""

    kind: str
    source: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A field as whoever runs the workflow sees it. One that is not required and has no default
    may stay empty: what refers to it is then as if it were not written."""

    name: str
    label: str
    type: FieldType
    default: Value | None = None
    required: bool = True


def parse_type(text: Any) -> FieldType | None:
    """The type that a definition names; None when it names none."""
    if text in ("string", "int", "bool"):
        return FieldType(text)
    if not isinstance(text, str) or not (text.startswith("enum[") and text.endswith("]")):
        return None
    inside = text[5:-1].strip()
    if inside in SOURCES:
        return FieldType("enum", source=inside)
    choices = tuple(each.strip() for each in inside.split(","))
    if len(choices) < 2 or len(set(choices)) < len(choices) or "" in choices:
        return None
    return FieldType("enum", choices=choices)


def is_printable(text: str) -> bool:
    """Whether every database takes the text and a line of a page shows it: no control characters,
    no halves of characters."""
    return text.isprintable() and len(text) <= LONGEST_TEXT


def objection(type: FieldType, value: Any) -> str | None:
    """Why `value` is none of this type, or None. Whether a site, group or dataset is there is not
    asked here."""
    match type.kind:
        case "bool":
            return None if isinstance(_bool(value), bool) else "true or false is expected."
        case "int":
            return None if _int(value) is not None else "A whole number is expected."
    if not isinstance(value, str) or not is_printable(value):
        return f"A text of one line and at most {LONGEST_TEXT} characters is expected."
    if type.choices and value not in type.choices:
        return f"One of {', '.join(type.choices)} is expected."
    return None


def settle(type: FieldType, value: Any) -> Value:
    """The value, to which there was no objection, in the form in which steps take it."""
    match type.kind:
        case "bool":
            return bool(_bool(value))
        case "int":
            return _int(value) or 0
    return str(value)


def fill(fields: Sequence[Field], given: Mapping[str, Any]) -> tuple[dict[str, Value], list[str]]:
    """What the fields are with what was given, and every reason why that will not do. None and the
    empty text are as if nothing was given."""
    filled: dict[str, Value] = {}
    known = ", ".join(field.name for field in fields) or "none"
    names = {field.name for field in fields}
    reasons = [
        f"{ascii(name)} is no field; there are: {known}." for name in given if name not in names
    ]
    for field in fields:
        value = given.get(field.name)
        if value is None or value == "":
            value = field.default
        if value is None:
            if field.required:
                reasons.append(f"{field.name} ({field.label}) is required.")
        elif said := objection(field.type, value):
            reasons.append(f"{field.name}: {said}")
        else:
            filled[field.name] = settle(field.type, value)
    return filled, reasons


def _bool(value: Any) -> bool | None:
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def _int(value: Any) -> int | None:
    if isinstance(value, str) and (match := _INT.fullmatch(value)):
        return int(match[1])
    return (
        value
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
        else None
    )
