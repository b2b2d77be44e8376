"""Refusals of the accounts room."""

from __future__ import annotations

from lagan.kit.errors import Conflict, Forbidden, LaganError, NotSignedIn


class LockedOut(LaganError):
    """Too many wrong passwords; try again later."""

    code, status, exit, permanent = "locked-out", 429, 8, False


class SecondFactorNeeded(NotSignedIn):
    """The password is right, and a one-time password (`otp`) must come with it."""

    code = "second-factor-needed"


class SecondFactorMissing(Forbidden):
    """This account must have a second factor and has none: it is set up on the pages."""

    code = "second-factor-missing"


class PasswordChangeNeeded(Forbidden):
    """The password was made by the hub and sent: it is replaced on the pages before it is good for
    anything else."""

    code = "password-change-needed"


class LoginRefused(NotSignedIn):
    """What an identity provider answered does not sign anybody in; the sentence says why."""

    code = "login-refused"


class NoMail(Conflict):
    """The hub has no mail server, or does not know its own address."""

    code = "no-mail"
