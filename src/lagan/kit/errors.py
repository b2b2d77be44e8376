"""Every refusal of Lagan is a class here or a subclass elsewhere: a stable code, an HTTP status, an
exit code, a sentence.

Doors translate these once; nothing else decides a status. "Permanent" says whether trying the same
thing again could succeed without anybody changing anything.
"""

from __future__ import annotations

from typing import Any, ClassVar


class LaganError(Exception):
    """Base of all refusals. `facts` are machine-readable, never secret, and go into the problem
    document."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    exit: ClassVar[int] = 1
    permanent: ClassVar[bool] = True

    def __init__(self, sentence: str, **facts: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.facts = facts


class BadInput(LaganError):
    """What was sent does not have the form that was asked for."""

    code, status, exit = "bad-input", 400, 2


class BadPath(BadInput):
    """A name that would leave its root, or that no filesystem can hold."""

    code = "bad-path"


class NotSignedIn(LaganError):
    """No credential, or one that is wrong, expired or revoked."""

    code, status, exit = "not-signed-in", 401, 3


class Forbidden(LaganError):
    """The asker may see the thing but not do this to it."""

    code, status, exit = "forbidden", 403, 4


class NotFound(LaganError):
    """There is no such thing, or the asker may not know that there is."""

    code, status, exit = "not-found", 404, 5


class Conflict(LaganError):
    """The thing is not in a state that allows this."""

    code, status, exit = "conflict", 409, 6


class TooLarge(LaganError):
    """More bytes or items than this door takes at once."""

    code, status, exit = "too-large", 413, 2


class DigestMismatch(LaganError):
    """The bytes that arrived, or that are stored, are not the bytes that were announced."""

    code, status, exit = "digest-mismatch", 460, 7


class Locked(LaganError):
    """Somebody else is at it; try again."""

    code, status, exit, permanent = "locked", 423, 8, False


class NoSpace(LaganError):
    """The volume has no room for it."""

    code, status, exit, permanent = "no-space", 507, 9, False


class Unavailable(LaganError):
    """A volume, server or service cannot be reached just now."""

    code, status, exit, permanent = "unavailable", 503, 10, False
