"""An authenticator app, as a phone has it."""

from __future__ import annotations

import time

import pyotp

from lagan.hub.accounts import services
from lagan.hub.accounts.models import User
from tests.hub.accounts.cast import actor


class Authenticator:
    """Shows the password of now; `later` lets time pass for it alone, a step of 30 s each."""

    def __init__(self, secret: str) -> None:
        self.secret, self.step = secret, int(time.time()) // 30

    def show(self, drift: int = 0) -> str:
        return pyotp.TOTP(self.secret).at((int(time.time()) // 30 + drift) * 30)


def enrolled(user: User) -> tuple[Authenticator, list[str]]:
    """A user with an authenticator that was set up a minute ago, and the recovery codes."""
    seed = services.begin_totp(by=actor(user))
    app = Authenticator(seed.secret)
    codes = services.confirm_totp(by=actor(user), code=app.show())
    user.factors.update(counter=0)  # the code of this half minute may be used again
    return app, codes
