"""What the archive refuses."""

from __future__ import annotations

from lagan.kit.errors import Conflict, LaganError, Unavailable


class VolumeTaken(Conflict):
    """The place is already a volume, of this hub under another name or of another hub."""

    code = "volume-taken"


class VolumeAway(Unavailable):
    """What is at the volume's location is not the volume: not mounted, not reachable, or another
    disk."""

    code = "volume-away"


class NoGoodCopy(Unavailable):
    """No copy of the file can be read just now."""

    code = "no-good-copy"


class NotEmpty(Conflict):
    """A rebuild needs an empty catalogue."""

    code = "not-empty"


class DamagedSnapshot(LaganError):
    """A snapshot that is cut or changed."""

    code = "damaged-snapshot"
