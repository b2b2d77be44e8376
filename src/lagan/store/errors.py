"""The refusals of the store, and the one place where an error of the system becomes one of them."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from lagan.kit.errors import BadInput, Conflict, LaganError, NoSpace, NotFound, Unavailable

_FULL = {errno.ENOSPC, errno.EDQUOT}


class BadLocation(BadInput):
    """A location that names no volume."""

    code = "bad-location"


class ReadOnly(Conflict):
    """The volume was opened for reading only."""

    code = "read-only"


class NotAVolume(NotFound):
    """The place exists but was never prepared, or what it says about itself cannot be read."""

    code = "not-a-volume"


class ForeignFiles(Conflict):
    """The place holds files that the archive did not put there."""

    code = "foreign-files"


class DamagedPack(LaganError):
    """A pack whose headers cannot be read from some place on."""

    code = "damaged-pack"


def refusal(error: OSError, what: str) -> LaganError:
    """The refusal that an error of the system stands for; `what` names the object."""
    reason = f"{what}: {error.strerror or type(error).__name__}."
    facts = {"errno": errno.errorcode.get(error.errno or 0, "unknown")}
    if error.errno in _FULL:
        return NoSpace(f"No space for {reason}", **facts)
    if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError):
        return NotFound(f"Not there: {what}.", **facts)
    if isinstance(error, FileExistsError):
        return Conflict(f"Exists already: {what}.", **facts)
    return Unavailable(f"Cannot use {reason}", **facts)


@contextmanager
def as_refusals(what: str) -> Iterator[None]:
    """Inside, an OSError leaves as a LaganError."""
    try:
        yield
    except OSError as error:
        raise refusal(error, what) from error
