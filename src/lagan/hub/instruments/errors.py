"""Refusals of the instruments room."""

from __future__ import annotations

from lagan.kit.errors import BadInput, Conflict, DigestMismatch, Forbidden


class AlreadyThere(Conflict):
    """The dataset has a file at this path, or one on its way."""

    code = "already-there"


class NotApproved(Forbidden):
    """This uploader's key may not stage files."""

    code = "not-approved"


class NotAsAnnounced(BadInput):
    """What came has not the size or the MD5 that were announced; nothing of it was kept."""

    code = "not-as-announced"


class WrongChunk(DigestMismatch):
    """A chunk that is not the next one, or not the one that its checksum says."""

    code = "wrong-chunk"
