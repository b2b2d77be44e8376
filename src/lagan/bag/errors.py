"""What the maker of bags refuses, and how a reader of archives says that one cannot be trusted."""

from __future__ import annotations

from lagan.kit.errors import BadInput, Conflict


class BadProfile(BadInput):
    """A BagIt profile that does not have the form that the specification of profiles asks for."""

    code = "bad-profile"


class Unbaggable(BadInput):
    """Something that a bag cannot carry: a name, a link, a device, two names that are one
    elsewhere."""

    code = "unbaggable"


class Unfinished(Conflict):
    """A folder whose making into a bag was broken off: finish or undo it first."""

    code = "bag-unfinished"


class Damage(Exception):
    """An archive, or one member of it, is not what it says; `code` is one of `codes.CLAUSES`.

    Never leaves this room: the judge makes a finding of it.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
