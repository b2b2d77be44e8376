"""Text tag files: decoded as the bag declares, cut into lines (RFC 8493, 2.3)."""

from __future__ import annotations

import codecs
import re

from lagan.bag.verdict import Findings

ENCODINGS = {
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "US-ASCII": "ascii",
    "ASCII": "ascii",
    "ISO-8859-1": "latin-1",
    "ISO8859-1": "latin-1",
    "LATIN1": "latin-1",
    "UTF-16": "utf-16",
    "UTF-16LE": "utf-16-le",
    "UTF-16BE": "utf-16-be",
}
"""Names of encodings in upper case, and what Python calls them."""
_LINE_END = re.compile("\r\n|\r|\n")
_UTF16 = (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)


def lines_of(
    raw: bytes, encoding: str, file: str, found: Findings, *, strict: bool
) -> list[str] | None:
    """The lines without their ends; None when the text cannot be decoded. `encoding` is one of
    Python's; `strict` holds for BagIt 1.0."""
    text = _decode(raw, encoding, file, found, strict=strict)
    if text is None:
        return None
    lines = _LINE_END.split(text)
    if lines.pop():
        found.rule(strict, "tag-line-end", file, "The last line has no end; it may have been cut.")
        return _LINE_END.split(text)
    return lines


def _decode(raw: bytes, encoding: str, file: str, found: Findings, *, strict: bool) -> str | None:
    if encoding == "utf-8" and raw.startswith(codecs.BOM_UTF8):
        found.rule(strict, "tag-bom", file, "UTF-8 must not begin with a byte-order mark.")
        raw = raw[len(codecs.BOM_UTF8) :]
    elif encoding in ("utf-16-le", "utf-16-be") and raw.startswith(_UTF16):
        found.rule(strict, "tag-bom", file, "The encoding names its byte order; no mark belongs.")
        raw = raw[2:]
    elif encoding == "utf-16" and not raw.startswith(_UTF16):
        encoding = "utf-16-be"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        found.error("tag-encoding", file, f"Not {encoding} at byte {error.start}.")
        return None
