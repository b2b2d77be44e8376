"""bag-info.txt: labels and values for people, with one that is checked (RFC 8493, 2.2.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from lagan.bag.verdict import Findings

Info = tuple[tuple[str, str], ...]
LONGEST_LINE = 79
"""Characters that a line should not exceed."""
OXUM = "payload-oxum"
_OXUM = re.compile(r"(\d{1,20})\.(\d{1,20})", re.ASCII)
_EXPECTED: dict[str, tuple[Callable[[str], object], str]] = {
    "bagging-date": (re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII).fullmatch, "a date YYYY-MM-DD"),
    "bag-count": (re.compile(r"\d+ of (?:\d+|\?)", re.ASCII).fullmatch, "`N of T`"),
}


def read_info(lines: list[str], file: str, found: Findings, *, strict: bool) -> Info:
    """Labels and values in order, values unfolded with one space for each line break."""
    elements: list[tuple[str, str]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip(" \t"):
            found.rule(strict, "info-line", file, f"Line {number} is empty.")
        elif line[0] in " \t" and elements:
            label, value = elements[-1]
            elements[-1] = label, f"{value} {line.strip(chr(32) + chr(9))}"
        else:
            elements.extend(_element(line, number, file, found, strict=strict))
    _warn_of_length(lines, file, found)
    return tuple(elements)


def _element(
    line: str, number: int, file: str, found: Findings, *, strict: bool
) -> Iterable[tuple[str, str]]:
    label, colon, value = line.partition(":")
    if not colon:
        found.error("info-line", file, f"Line {number} is neither `Label: value` nor indented.")
        return
    if not label or (strict and label != label.strip(" \t")):
        found.error("info-label", file, f"The label of line {number} is empty or padded.")
    if value[:1] not in (" ", "\t") or not value:
        found.rule(strict, "info-space", file, f"No space follows the colon of line {number}.")
    elif strict and value[1:] != value[1:].strip(" \t"):
        found.warn("info-space", file, f"The value of line {number} begins or ends with spaces.")
    yield label.strip(" \t"), value.strip(" \t")


def _warn_of_length(lines: list[str], file: str, found: Findings) -> None:
    long = sum(len(line) > LONGEST_LINE for line in lines)
    if long:
        found.warn("info-long", file, f"{long} lines have more than {LONGEST_LINE} characters.")


def check_values(info: Info, file: str, found: Findings) -> None:
    """Warn of reserved elements whose values are not of their form."""
    for label, value in info:
        fits, what = _EXPECTED.get(label.lower(), (bool, ""))
        if what and not fits(value):
            found.warn("info-value", file, f"{label} is {value[:80]!r}, which is not {what}.")


def check_oxum(info: Info, size: int, count: int, file: str, found: Findings) -> None:
    """Compare Payload-Oxum, if it is there, with the bytes and files of the payload."""
    values = [value for label, value in info if label.lower() == OXUM]
    if len(values) > 1:
        found.error("oxum-repeated", file, "Payload-Oxum is there more than once.")
    for value in values:
        match = _OXUM.fullmatch(value)
        if match is None:
            found.error("oxum-form", file, f"Payload-Oxum is {value[:60]!r}, not OCTETS.FILES.")
        elif (int(match[1]), int(match[2])) != (size, count):
            found.error(
                "oxum-differs", file,
                f"Payload-Oxum is {value}, but the payload is {size}.{count}.",
            )  # fmt: skip
