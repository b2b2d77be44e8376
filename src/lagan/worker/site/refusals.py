"""What a site's filesystem refuses, in words: the category and the reason of an item's outcome, and
the refusal of a question."""

from __future__ import annotations

import errno

from lagan.kit.errors import (
    BadInput,
    BadPath,
    Forbidden,
    LaganError,
    NoSpace,
    NotFound,
    Unavailable,
)

_CATEGORIES: dict[int | None, str] = {
    errno.ENOENT: "failed.missing",
    errno.ENOTDIR: "failed.missing",
    errno.EACCES: "failed.unreadable",
    errno.EPERM: "failed.unreadable",
    errno.EROFS: "failed.read-only",
    errno.ENOSPC: "failed.full",
    errno.EDQUOT: "failed.full",
    errno.ENAMETOOLONG: "failed.path",
    errno.ELOOP: "failed.path",
    errno.EIO: "failed.disk",
}

_REASONS: dict[int | None, str] = {
    errno.ENOENT: "It is not there.",
    errno.ENOTDIR: "It is not there.",
    errno.EACCES: "The worker may not open it.",
    errno.EPERM: "The worker may not do this to it; lsattr tells if it is immutable.",
}


def category(error: OSError | LaganError) -> str:
    """The category of an item that `error` stopped: `failed.` and one of missing, unreadable,
    read-only, full, path (the name cannot be used), disk, error."""
    if isinstance(error, BadPath):
        return "failed.path"
    if isinstance(error, NoSpace):  # looked for before, or met by the system's own word: the same
        return "failed.full"
    if isinstance(error, LaganError):
        return f"failed.{error.code}"
    return _CATEGORIES.get(error.errno, "failed.error")


def reason(error: OSError | LaganError) -> str:
    """A sentence for the item's outcome."""
    if isinstance(error, LaganError):
        return error.sentence
    return _REASONS.get(error.errno) or f"{error.strerror or error}."


def refusal(error: OSError | BadPath, path: str) -> LaganError:
    """What somebody is told who asked to look at `path`."""
    if isinstance(error, BadPath):
        return BadInput(error.sentence, **error.facts)
    shown = ascii(path)
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return NotFound(f"There is no folder {shown} at this site.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return Forbidden(f"The site's worker may not open {shown}.")
    return Unavailable(f"{shown} cannot be read just now: {error.strerror}.")
