"""bagit.txt: two lines that say how to read the rest (RFC 8493, 2.1.1)."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from lagan.bag.texts import ENCODINGS
from lagan.bag.verdict import Findings

FILE = "bagit.txt"
LIMIT = 4096
"""Bytes of it that are looked at."""
ONE = (1, 0)
VERSIONS = {(0, 93), (0, 94), (0, 95), (0, 96), (0, 97), ONE}
_TEXT = re.compile(
    rb"BagIt-Version: (\d{1,3})\.(\d{1,3})(\r\n|\r|\n)"
    rb"Tag-File-Character-Encoding: ([!-~]{1,40})(\r\n|\r|\n)?"
)
_LOOSE = (
    re.compile(rb"(?i)bagit-version[ \t]*:[ \t]*(\d{1,3})\.(\d{1,3})"),
    re.compile(rb"(?i)tag-file-character-encoding[ \t]*:[ \t]*([!-~]{1,40})"),
)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the rest of the bag is read by."""

    version: tuple[int, int] = ONE
    encoding: str = "utf-8"
    """As Python calls it."""
    named: str = ""
    """As the bag calls it."""

    @property
    def strict(self) -> bool:
        """Whether the rules of 1.0 hold, which forgive less."""
        return self.version >= ONE

    @property
    def info_file(self) -> str:
        """The file with the metadata: it was renamed in 0.96."""
        return "package-info.txt" if self.version <= (0, 95) else "bag-info.txt"

    @property
    def shown(self) -> str:
        """The version as it is written."""
        return f"{self.version[0]}.{self.version[1]}"


def read_declaration(raw: bytes, found: Findings) -> Declaration:
    """What bagit.txt says; where it cannot be understood the rules of 1.0 and UTF-8 are taken, so
    that the rest can be judged too."""
    if raw.startswith(codecs.BOM_UTF8):
        found.error("bagit-bom", FILE, "bagit.txt must not begin with a byte-order mark.")
        raw = raw[len(codecs.BOM_UTF8) :]
    exact = _TEXT.fullmatch(raw)
    if exact is None:
        found.error(
            "bagit-form", FILE,
            "bagit.txt must be exactly the two lines `BagIt-Version: M.N` and"
            " `Tag-File-Character-Encoding: NAME`, with one space after each colon.",
        )  # fmt: skip
        return _loose(raw, found)
    version = _version(exact[1], exact[2], found)
    if exact[5] is None:
        strict = version >= ONE
        found.rule(strict, "tag-line-end", FILE, "The last line has no end; it may have been cut.")
    return Declaration(version, *_encoding(exact[4], found))


def _loose(raw: bytes, found: Findings) -> Declaration:
    version, encoding = (each.search(raw) for each in _LOOSE)
    return Declaration(
        _version(version[1], version[2], found) if version else ONE,
        *(_encoding(encoding[1], found) if encoding else ("utf-8", "")),
    )


def _version(major: bytes, minor: bytes, found: Findings) -> tuple[int, int]:
    version = (int(major), int(minor))
    if version in VERSIONS and b"%d.%d" % version == major + b"." + minor:
        return version
    shown = f"{major.decode()}.{minor.decode()}"
    found.error("version-unsupported", FILE, f"Version {shown} is none of 0.93 to 0.97 and 1.0.")
    return ONE


def _encoding(raw: bytes, found: Findings) -> tuple[str, str]:
    named = raw.decode("ascii")
    encoding = ENCODINGS.get(named.upper())
    if encoding is None:
        found.error("encoding-unsupported", FILE, f"No tag file can be read as {named}.")
    return encoding or "utf-8", named
