"""What is wrong with a storage root, in the specification's own codes: E errors, W warnings.

Source: https://ocfl.io/1.1/spec/validation-codes.html.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 10_000
"""Findings that are listed; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is broken, where (relative to what was checked), and how."""

    code: str
    place: str
    sentence: str

    @property
    def error(self) -> bool:
        """Warnings do not make anything invalid."""
        return self.code.startswith("E")

    def __str__(self) -> str:
        return f"{self.place or '.'}: {self.sentence} ({self.code})"


@dataclass(slots=True)
class Findings:
    """Everything that was found, and how much was looked at."""

    listed: list[Finding] = field(default_factory=list)
    errors: int = 0
    warnings: int = 0
    objects: int = 0
    files: int = 0
    bytes: int = 0

    @property
    def valid(self) -> bool:
        """Whether there is no error."""
        return not self.errors

    @property
    def left_out(self) -> int:
        """How many findings are not listed."""
        return self.errors + self.warnings - len(self.listed)

    def add(self, code: str, place: str, sentence: str) -> None:
        """Take in one."""
        found = Finding(code, place, sentence)
        self.errors += found.error
        self.warnings += not found.error
        if len(self.listed) < MOST:
            self.listed.append(found)


class At:
    """Findings of one place."""

    def __init__(self, findings: Findings, place: str) -> None:
        self.findings, self.place = findings, place

    def __call__(self, code: str, sentence: str) -> None:
        """Take in one of this place."""
        self.findings.add(code, self.place, sentence)

    def beneath(self, name: str) -> At:
        """A place in this one."""
        return At(self.findings, f"{self.place}/{name}" if self.place else name)
