"""Names that another system takes for one, or does not take at all: found and warned of (RFC 8493,
6.1)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from lagan.bag.verdict import Findings

_WINDOWS = re.compile(
    r"(?i)(?:[<>:\"|?*\\\x00-\x1f]|(?:\A|/)(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\.[^/]*)?(?:/|\Z)"
    r"|[ .](?:/|\Z))"
)


def nfc(name: str) -> str:
    """The name in Unicode's composed form."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def warn_of_names(names: Iterable[str], found: Findings) -> None:
    """Warn of pairs that differ only in case or in normalisation, and of names that Windows does
    not have."""
    names = list(names)
    by_form = _clashes(names, nfc)
    for name, other in by_form:
        found.warn(
            "clash-normalisation", name, f"It differs from {other!a} in Unicode normalisation only."
        )
    same = {name for name, _ in by_form}
    for name, other in _clashes(names, lambda name: nfc(name).casefold()):
        if name not in same:
            found.warn("clash-case", name, f"It differs from {other!a} in case only.")
    for name in names:
        if _WINDOWS.search(name):
            found.warn("name-windows", name, "Windows can have no file of this name.")


def _clashes(names: Iterable[str], form: Callable[[str], str]) -> list[tuple[str, str]]:
    first: dict[str, str] = {}
    return [
        (name, other) for name in names if (other := first.setdefault(form(name), name)) != name
    ]
