"""What an attribute's text can be: each kind reads it or says what was expected."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TypeVar

from lagan.kit.errors import BadInput

T = TypeVar("T")
Kind = Callable[[str], T]

_SPAN = re.compile(r"(?:(\d{1,6})T)?(\d{1,4}):(\d{1,2})(?::(\d{1,2}(?:\.\d{1,9})?))?", re.ASCII)


def text(given: str) -> str:
    """Any text, without blanks around it."""
    return given.strip()


def given_text(given: str) -> str:
    """Text that says something."""
    if not given.strip():
        raise BadInput("it is empty")
    return given.strip()


def whole(least: int = 0, most: int = 2**63 - 1) -> Kind[int]:
    """A whole number within bounds."""

    def read(given: str) -> int:
        digits = given.strip()
        if not re.fullmatch(r"[+-]?\d{1,19}", digits, re.ASCII):
            raise BadInput(f"{given[:40]!r} is no whole number")
        if not least <= int(digits) <= most:
            raise BadInput(f"{digits} is not between {least} and {most}")
        return int(digits)

    return read


def decimal(given: str) -> float:
    """A number of seconds or the like, not negative."""
    if not re.fullmatch(r"\d{1,15}(\.\d{1,9})?", given.strip(), re.ASCII):
        raise BadInput(f"{given[:40]!r} is no number")
    return float(given)


def switch(given: str) -> bool:
    """1 or 0; true and false, yes and no are taken too."""
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    try:
        return known[given.strip().lower()]
    except KeyError:
        raise BadInput(f"{given[:40]!r} is neither 1 nor 0") from None


def one_of(*values: str) -> Kind[str]:
    """One of a few words, in the case in which they are listed."""

    def read(given: str) -> str:
        for value in values:
            if given.strip().lower() == value.lower():
                return value
        raise BadInput(f"{given[:40]!r} is none of {', '.join(values)}")

    return read


def span(given: str) -> timedelta:
    """An amount of time, `[<days>T]HH:MM[:SS[.s]]`; a leading T alone is taken too, as the manual
    writes it."""
    found = _SPAN.fullmatch(given.strip().removeprefix("T"))
    if found is None:
        raise BadInput(f"{given[:40]!r} is no amount of time such as 00T00:30:00")
    days, hours, minutes, seconds = found.groups(default="0")
    return timedelta(days=int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds))


def words(given: str) -> tuple[str, ...]:
    """Words between commas, without blanks around them."""
    return tuple(word.strip() for word in given.split(",") if word.strip())


def places(given: str) -> tuple[str, ...]:
    """Paths between colons."""
    return tuple(place.strip() for place in given.split(":") if place.strip())


def pairs(given: str) -> Mapping[str, str]:
    """`k=v,k=v`: what a plug-in is told. A word without `=` is a key with an empty value, as in
    `gzip`."""
    parts = (word.partition("=") for word in words(given))
    return MappingProxyType({key.strip(): value.strip() for key, _, value in parts})


def secret(given: str) -> str:
    """A password, base64 of UTF-8 in the file."""
    try:
        return base64.b64decode(given.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        # Not the text itself: it may be the password in clear.
        raise BadInput("it is not base64 of UTF-8") from None


_VARIANTS = {
    "-1": None,
    "none": None,
    **dict.fromkeys(("0", "crc32", "ngamsgencrc32", "streamcrc32"), "crc32"),
    **dict.fromkeys(("1", "crc32c"), "crc32c"),
    **dict.fromkeys(("2", "crc32z"), "crc32z"),
}


def checksum(given: str) -> str | None:
    """A checksum variant by number or by any of its names; None for -1, no checksum."""
    try:
        return _VARIANTS[given.strip().strip("\"'").lower()]
    except KeyError:
        raise BadInput(
            f"{given[:40]!r} is no checksum variant: -1, 0, 1, 2, crc32, crc32c or crc32z"
        ) from None
