"""What the writer of storage roots refuses."""

from __future__ import annotations

from lagan.kit.errors import BadInput, Conflict, Locked


class NotARoot(BadInput):
    """A folder that is no OCFL storage root, or one that this writer does not add to."""

    code = "not-a-storage-root"


class Damaged(Conflict):
    """An object that is not what its inventory says: check it before anything is added."""

    code = "ocfl-damaged"


class InUse(Locked):
    """Somebody else writes into this storage root."""

    code = "storage-root-in-use"
