"""Why content does not move. Each says itself whether trying again could help."""

from __future__ import annotations

from lagan.kit.errors import BadInput, Conflict, DigestMismatch, Locked, NotFound


class Busy(Locked):
    """Somebody has the file open, or another worker is at it."""

    code = "busy"


class Changed(Locked):
    """The file was written while its content was copied."""

    code = "changed"


class WrittenInto(Conflict):
    """Somebody wrote into a file whose content is at the target: neither side may win unasked."""

    code = "written-into"


class Taken(Conflict):
    """Something else has the name here."""

    code = "exists"


class BadMarker(Conflict):
    """What a file says of where its content is cannot be read."""

    code = "bad-marker"


class MissingAtTarget(NotFound):
    """The target does not hold the content."""

    code = "missing-at-target"


class WrongContent(DigestMismatch):
    """What the target gave is not what was brought there."""

    code = "wrong-content"


class Unfit(BadInput):
    """Not a file whose content can move: a link, a folder, a device."""

    code = "unfit"


class Unsupported(Conflict):
    """The filesystem cannot do what this needs."""

    code = "unsupported"
