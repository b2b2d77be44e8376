"""How far an archive may go before it is refused: nothing in it can cost more time or memory."""

from __future__ import annotations

from dataclasses import dataclass

from lagan.kit.sizes import MIB, TIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one bag. Sizes are in bytes."""

    members: int = 1_000_000
    """Files and folders; the index takes about 1 KiB of memory for each."""
    name: int = 4096
    """Of one path, as stored: Linux's PATH_MAX."""
    depth: int = 255
    """Folders within one another."""
    total: int = 64 * TIB
    """All content, unpacked."""
    ratio: int = 200
    """Unpacked to packed, of a member and of the whole: deflate reaches 1032 with nothing in it."""
    ratio_from: int = 64 * MIB
    """Up to this much unpacked content no ratio is suspicious."""
    directory: int = 1024 * MIB
    """A zip's central directory, or all extended headers of a tar."""
    tag_file: int = 256 * MIB
    """All text tag files together, which are held in memory: a manifest of a million files has 100
    to 200 MiB."""
    findings: int = 10_000
    """Errors, and warnings, that are listed; the rest is counted."""


DEFAULT_LIMITS = Limits()
