"""Secrets that must be read again lie sealed: without the hub's secret key the database tells
nothing.

The key is derived from LAGAN_SECRET_KEY, for this use alone. With another LAGAN_SECRET_KEY sealed
values are lost: second factors are set up again, secrets of providers are entered again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from lagan.kit.errors import Unavailable


def seal(text: str) -> str:
    """The text, unreadable and unchangeable without the key."""
    return _box(settings.SECRET_KEY).encrypt(text.encode()).decode()


def unseal(sealed: str, *, within: int | None = None) -> str:
    """What was sealed, at most `within` seconds ago. Unavailable when it was not sealed by this
    hub, was altered or is too old."""
    try:
        return _box(settings.SECRET_KEY).decrypt(sealed.encode(), ttl=within).decode()
    except (InvalidToken, ValueError):
        raise Unavailable("A sealed value cannot be read: the hub's secret key changed.") from None


def keyed_hash(purpose: str, text: str) -> str:
    """SHA-256 with a key: what is guessed cannot be tried without the hub's secret key."""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"lagan.{purpose}:{text}".encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=4)
def _box(secret_key: str) -> Fernet:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"lagan.sealed")
    return Fernet(base64.urlsafe_b64encode(derive.derive(secret_key.encode())))
