"""What the judge says of a bag: every error and warning with its reason, and facts to keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from lagan.bag.codes import CLAUSES


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or odd. `file` is a path from the base folder, or from the top of
    the archive where no base was found; empty for the whole."""

    code: str
    file: str
    reason: str

    @property
    def clause(self) -> str:
        """Where the rule is written; see `codes`."""
        return CLAUSES[self.code]

    def __str__(self) -> str:
        where = f"{self.file}: " if self.file else ""
        return f"{where}{self.reason} [{self.code}, {self.clause}]"


@dataclass(slots=True)
class Facts:
    """What was found in the bag, true only as far as the verdict is valid. Sizes are in bytes."""

    form: str = ""
    """`zip`, `tar`, `tar.gz` or `folder`; empty when it is none."""
    archive_size: int | None = None
    """Of the archive; None for a folder."""
    outer: Mapping[str, str] = field(default_factory=dict)
    """Digests of the complete archive in hex, by algorithm; none for a folder."""
    base: str = ""
    """The base folder within the archive; empty when the bag is at its top."""
    version: str = ""
    encoding: str = ""
    files: int = 0
    """Payload files."""
    bytes: int = 0
    """Of all payload files."""
    tag_files: int = 0
    manifests: Mapping[str, int] = field(default_factory=dict)
    """Entries of each payload manifest, by algorithm."""
    tag_manifests: Mapping[str, int] = field(default_factory=dict)
    info: tuple[tuple[str, str], ...] = ()
    """Labels and values of bag-info.txt, in order, unfolded."""
    fetch: int = 0
    """Entries of fetch.txt."""

    @property
    def oxum(self) -> str:
        """Octets and files of the payload, as Payload-Oxum writes them."""
        return f"{self.bytes}.{self.files}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of judging one bag."""

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    facts: Facts
    left_out: int = 0
    """Findings beyond `Limits.findings`, counted only."""

    @property
    def valid(self) -> bool:
        """Whether the bag is complete and valid (RFC 8493, section 3)."""
        return not self.errors

    def as_json(self) -> dict[str, Any]:
        """The verdict as data for `json`."""
        facts = {**asdict(self.facts), "oxum": self.facts.oxum}
        return {
            "valid": self.valid,
            "errors": [_plain(each) for each in self.errors],
            "warnings": [_plain(each) for each in self.warnings],
            "left_out": self.left_out,
            "facts": facts,
        }


def _plain(finding: Finding) -> dict[str, str]:
    return {**asdict(finding), "clause": finding.clause}


class Findings:
    """Gathers what is found, up to a number of each kind."""

    def __init__(self, limit: int) -> None:
        self.errors: list[Finding] = []
        self.warnings: list[Finding] = []
        self.left_out = 0
        self._limit = limit

    def error(self, code: str, file: str, reason: str) -> None:
        """Something that makes the bag wrong."""
        self._add(self.errors, Finding(code, file, reason))

    def warn(self, code: str, file: str, reason: str) -> None:
        """Something that leaves it right."""
        self._add(self.warnings, Finding(code, file, reason))

    def rule(self, strict: bool, code: str, file: str, reason: str) -> None:
        """An error when `strict`, else a warning: what only some versions forbid."""
        (self.error if strict else self.warn)(code, file, reason)

    def _add(self, where: list[Finding], finding: Finding) -> None:
        if len(where) >= self._limit:
            self.left_out += 1
            return
        where.append(Finding(finding.code, _text(finding.file), _text(finding.reason)))


def _text(name: str) -> str:
    """A name as text that files, databases and JSON hold: no NUL, no surrogates."""
    return name.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
