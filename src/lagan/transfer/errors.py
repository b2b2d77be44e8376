"""Refusals of remote places; `permanent` says whether the same call could succeed later."""

from __future__ import annotations

from lagan.kit.errors import BadPath, Conflict, NotFound, Unavailable


class Unreachable(Unavailable):
    """The computer does not answer, or the connection broke: try again."""

    code = "computer-unreachable"


class KeyRefused(Conflict):
    """The computer answers, but does not let the hub's key in."""

    code = "key-refused"


class HostKeyChanged(Conflict):
    """The computer shows another host key than the one a person confirmed."""

    code = "host-key-changed"


class NoSuchPath(NotFound):
    """Nothing has this path there."""

    code = "no-such-path"


class NotReadable(Conflict):
    """The account that the hub signs in with may not read it, or it is no file (folder)."""

    code = "not-readable"


class OutsideTop(BadPath):
    """A link or a name leads out of the registered top folder."""

    code = "outside-top"


class ChangedWhileRead(Conflict):
    """A file was written to while it was read: what was read is not what is there."""

    code, permanent = "changed-while-read", False
