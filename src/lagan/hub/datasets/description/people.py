"""Persons as metadata values name them: `Ng, Carol (0000-0002-1825-0097)`; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dXx])")


@dataclass(frozen=True, slots=True)
class Person:
    """A name as it is shown, its parts where they are known, and the ORCID iD (digits only, no
    address)."""

    name: str
    given: str = ""
    family: str = ""
    orcid: str = ""

    @property
    def address(self) -> str:
        """Where the person is described, or an empty text."""
        return f"https://orcid.org/{self.orcid}" if self.orcid else ""

    @property
    def turned(self) -> str:
        """Family name first, where the parts are known."""
        return f"{self.family}, {self.given}" if self.given and self.family else self.name


def person(text: str, orcid: str = "") -> Person:
    """Read `Family, Given` or `Given Family`, with an ORCID iD anywhere; an iD whose check digit is
    wrong stays part of nothing."""
    found = _ORCID.search(text)
    if found:
        text = text[: found.start()] + text[found.end() :]
    name = re.sub(r"\s+", " ", re.sub(r"[(\[<]\s*[)\]>]", " ", text)).strip(" ;,")
    given = (found[1].upper() if found else "") or orcid
    family, comma, first = (part.strip() for part in name.partition(","))
    if comma:
        return Person(f"{first} {family}", first, family, given if is_orcid(given) else "")
    first, _, last = name.rpartition(" ")
    family = last if first else ""
    return Person(name, first, family, given if is_orcid(given) else "")


def is_orcid(text: str) -> bool:
    """Whether the check digit is right (ISO 7064, mod 11-2)."""
    if not _ORCID.fullmatch(text):
        return False
    total = 0
    for digit in text.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    return "0123456789X"[(12 - total % 11) % 11] == text[-1].upper()
