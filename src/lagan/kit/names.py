"""A readable name that every filesystem and bucket holds, made from any original name."""

from __future__ import annotations

import re
import unicodedata

LIMIT = 120
"""Bytes of UTF-8: leaves room for an id and a suffix within the 255 of a filesystem."""

_FORBIDDEN = frozenset("/\\:*?\"<>|%#&{}^~[]`$'!;")
"""Separators, shell and URL characters, and what Windows and S3 documentation advise against."""
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")
_SUFFIX_LIMIT = 20


def safe_name(original: str, *, limit: int = LIMIT) -> str:
    """`original` as one printable path part of at most `limit` bytes (32 or more), never empty or
    hidden.

    Letters of all scripts stay; the suffix is kept when the name is cut. Different originals may
    give the same result: whoever needs them apart adds an id.
    """
    if limit < 32:
        raise ValueError("a limit below 32 bytes leaves no room for a name")
    text = unicodedata.normalize("NFC", original)
    text = "".join(_safe(character) for character in text)
    text = re.sub(r"^-", "_", text.strip(" ."))
    text = re.sub(r"__+", "_", text)
    if text.lstrip("_.- ") == "":
        text = "unnamed"
    text = _cut(text, limit)
    return _cut("_" + text, limit) if _RESERVED.match(text) else text


def _safe(character: str) -> str:
    if character in _FORBIDDEN or not character.isprintable():
        return "_"
    return character


def _cut(text: str, limit: int) -> str:
    if len(text.encode()) <= limit:
        return text
    stem, dot, suffix = text.rpartition(".")
    if not dot or not stem or len(suffix.encode()) > _SUFFIX_LIMIT:
        stem, dot, suffix = text, "", ""
    room = limit - len((dot + suffix).encode())
    return _first_bytes(stem, room).rstrip(" .") + dot + suffix


def _first_bytes(text: str, count: int) -> str:
    return text.encode()[:count].decode(errors="ignore")
