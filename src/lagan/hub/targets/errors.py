"""The refusals of the room."""

from __future__ import annotations

from lagan.kit.errors import BadInput, Conflict, Locked, NotFound


class WrongOffset(Conflict):
    """The bytes sent do not follow the bytes received."""

    code = "wrong-offset"


class UploadGone(NotFound):
    """What was received is not, or no longer, there."""

    code, status = "upload-gone", 410


class AnotherWriter(Locked):
    """Somebody else goes on with this upload now."""

    code = "another-writer"


class BadTarget(BadInput):
    """No name that a target of the archive can have."""

    code = "bad-target"
