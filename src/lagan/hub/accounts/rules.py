"""What a credential looks like and how long it lasts; no database."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from typing import Any, Literal

import jwt
import pyotp
from django.conf import settings

from lagan.kit.errors import NotSignedIn

TokenType = Literal["access", "refresh"]
LIFETIMES: dict[TokenType, int] = {"access": 3600, "refresh": 86_400}
"""Seconds. Source: seeds/workflow-hub.txt, JWT authentication."""
LINK_LIFETIME = 3 * 86_400
"""Seconds in which a link to set a password works."""
_KEY = re.compile(r"lgn_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
_LONGEST = 4096
"""Characters of a credential that are looked at."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says: whose it is, and the mark of the password it was issued under."""

    user: int
    mark: str
    type: TokenType


def encode_token(token: Token, *, now: float | None = None) -> str:
    """A signed token that expires after the life of its type."""
    issued = int(time.time() if now is None else now)
    claims = {"sub": str(token.user), "typ": token.type, "mrk": token.mark}
    claims |= {"iat": issued, "exp": issued + LIFETIMES[token.type], "jti": secrets.token_hex(8)}  # type: ignore[dict-item]
    return jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256")


def decode_token(text: str, type: TokenType) -> Token:
    """What the token says. NotSignedIn when it is garbled, forged, expired or of the other type."""
    if len(text) > _LONGEST:
        raise NotSignedIn("This is no token.")
    try:
        claims: dict[str, Any] = jwt.decode(
            text,
            settings.SECRET_KEY,
            algorithms=["HS256"],
            options={"require": ["exp", "iat", "sub"]},
        )
    except jwt.ExpiredSignatureError:
        raise NotSignedIn("This token has expired.") from None
    except (jwt.InvalidTokenError, ValueError, TypeError, UnicodeError):
        raise NotSignedIn("This token is not valid.") from None
    user, mark = claims.get("sub"), claims.get("mrk")
    if (
        claims.get("typ") != type
        or not isinstance(mark, str)
        or not (isinstance(user, str) and user.isdecimal())
    ):
        raise NotSignedIn(f"This is not a token of the type {type}.")
    return Token(int(user), mark, type)


def password_mark(stored: str) -> str:
    """A mark of the stored (hashed) password: tokens and links carry it, so that a new password
    ends them all."""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, b"lagan.password-mark:" + stored.encode(), hashlib.sha256).hexdigest()[:24]


def same(one: str, other: str) -> bool:
    """Equality in a time that tells nothing."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def new_client_key() -> tuple[str, str]:
    """A fresh key and its prefix."""
    prefix = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(12))
    return f"lgn_{prefix}_{secrets.token_urlsafe(32)}", prefix


def key_prefix(key: str) -> str:
    """The prefix by which a key is found. NotSignedIn when it does not look like one."""
    found = _KEY.fullmatch(key) if len(key) < _LONGEST else None
    if not found:
        raise NotSignedIn("This is no client key.")
    return found[1]


def key_hash(key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def split_name(full_name: str) -> tuple[str, str]:
    """First and last name of a full one: the last word is the last name, as far as one can know."""
    first, _, last = full_name.strip().rpartition(" ")
    return (first.strip(), last) if first else (last, "")


STEP = 30
"""Seconds for which a one-time password by time is shown (RFC 6238)."""
DRIFT = 1
"""Steps that a clock may be off, either way."""


def totp_step(secret: str, code: str, *, after: int, now: float | None = None) -> int | None:
    """The step of 30 s whose one-time password this is: the present one or a neighbour, later than
    `after`, so that none is used twice. None when it is none of them."""
    if not (len(code) == 6 and code.isascii() and code.isdigit()):
        return None
    present = int(time.time() if now is None else now) // STEP
    totp = pyotp.TOTP(secret)
    steps = [present + drift for drift in range(-DRIFT, DRIFT + 1)]
    # All are computed, whichever fits: the time it takes tells nothing.
    fitting = [step for step in steps if same(totp.at(step * STEP), code)]
    return next((step for step in fitting if step > after), None)


_ORCID = re.compile(r"(\d{4}-){3}\d{3}[\dX]")


def orcid_of(text: str) -> str | None:
    """The ORCID iD in a text or an address that is one, if its check digit is right (ISO 7064
    11,2)."""
    found = _ORCID.search(text[:200])
    if found is None:
        return None
    total = 0
    for digit in found[0][:-1].replace("-", ""):
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return found[0] if found[0][-1] == ("X" if check == 10 else str(check)) else None
