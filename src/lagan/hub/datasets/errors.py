"""Refusals of the datasets room."""

from __future__ import annotations

from lagan.kit.errors import Conflict, Forbidden, LaganError, NoSpace, NotSignedIn


class NotOpen(Conflict):
    """Only an open dataset takes files."""

    code = "dataset-not-open"


class BeyondPolicy(Forbidden):
    """The lifespan policy does not let a dataset last that long; DATASET_EXTEND_UNLIMITED does."""

    code = "beyond-lifespan-policy"


class PasswordWanted(NotSignedIn):
    """A share link opens with its password only."""

    code = "share-link-password"


class LinkLocked(LaganError):
    """Too many wrong passwords for a share link; try again later."""

    code, status, exit, permanent = "share-link-locked", 429, 8, False


class LinkUsedUp(Forbidden):
    """A share link has been downloaded from as often as it allows."""

    code = "share-link-used-up"


class OverQuota(NoSpace):
    """A group's datasets may not take so much together."""

    code = "over-quota"


class Undescribed(Conflict):
    """A standard wants properties that the dataset's metadata does not give."""

    code = "metadata-incomplete"
