"""Who a client says it is: a client key, or a token that is renewed before it runs out. Never
shown, never logged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

RENEW_AFTER = 45 * 60.0
"""Seconds after which a token is asked for again; the hub's live one hour."""


class Credential(Protocol):
    """Gives the Authorization header's value for the next request."""

    def header(self) -> str | None:
        """The value, None for no header."""


class Nobody:
    """No credential at all."""

    def header(self) -> str | None:
        """Nothing."""
        return None


class ClientKey:
    """A client key, as the hub showed it once."""

    def __init__(self, key: str) -> None:
        self._key = key

    def header(self) -> str:
        """`Api-Key <key>`."""
        return f"Api-Key {self._key}"

    def __repr__(self) -> str:
        return "ClientKey(...)"


class Bearer:
    """A token that somebody else renews: `ask` gives the one to use now."""

    def __init__(self, ask: Callable[[], str]) -> None:
        self._ask = ask

    def header(self) -> str:
        """`Bearer <token>`."""
        return f"Bearer {self._ask()}"

    def __repr__(self) -> str:
        return "Bearer(...)"


class Token:
    """A JWT made by `ask`, which is asked again before the token runs out. Threads may share
    one."""

    def __init__(self, ask: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._ask, self._clock = ask, clock
        self._lock = threading.Lock()
        self._value = ask()
        self._since = clock()

    def header(self) -> str:
        """`Bearer <token>`."""
        with self._lock:
            if self._clock() - self._since > RENEW_AFTER:
                self._value, self._since = self._ask(), self._clock()
            return f"Bearer {self._value}"

    def __repr__(self) -> str:
        return "Token(...)"
