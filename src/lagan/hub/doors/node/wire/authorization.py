"""Who calls a command, and whether this user may: pure decisions on the Authorization element.

Basic authentication, as clients of the archive server send it: in the header, or as the parameter
`authorization`. Source: reference/ngas-http.md section 9. Better than there: a refusal says how to
authenticate, does not say which users exist, and takes as long for one as for the other.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Collection
from hashlib import sha256

from lagan.hub.doors.node.config.shape import Authorization, User
from lagan.hub.doors.node.wire.reply import Call, Failed

INTERNAL = "ngas-int"
"""The user that nodes are to one another."""
ALL = "*"
CHALLENGE = ("WWW-Authenticate", 'Basic realm="archive", charset="UTF-8"')


class Unauthorised(Failed):
    """Nobody that we know, or not with this password."""

    code = "unauthorised"

    def __init__(self, message: str) -> None:
        super().__init__(message, 401)
        self.headers = (CHALLENGE,)


def caller(call: Call) -> str:
    """The user who may call this command; empty when nobody is asked. Unauthorised; Failed with
    403 for a user who may not."""
    request, config = call.request, call.node.config.authorization
    told = request.headers.get("authorization") or request.get("authorization")
    return allowed(config, request.command, told)


def allowed(config: Authorization, command: str, told: str) -> str:
    """As `caller`, of what a client told: `Basic ...`, or nothing."""
    if not config.enabled:
        return ""
    if not told and _among(command, config.exclude):
        return ""
    try:
        user = _known(config, *_basic(told))
        if not _among(command, (*user.commands, *config.exclude)):
            raise Failed("Unauthorized access denied", 403)
    except Failed:
        # An excluded command is for everybody, a client with an old password among them.
        if _among(command, config.exclude):
            return ""
        raise
    return user.name


def internal(config: Authorization) -> str | None:
    """The Authorization header with which this node asks others; None without such a user."""
    for user in config.users:
        if user.name == INTERNAL:
            return basic(user.name, user.password)
    return None


def basic(name: str, password: str) -> str:
    """A header's value."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def _basic(told: str) -> tuple[str, str]:
    """Name and password."""
    scheme, _, rest = told.strip().partition(" ")
    if not scheme:
        raise Unauthorised("Unauthorized request received")
    if scheme.lower() != "basic":
        raise Unauthorised(f"Invalid authentication scheme: {scheme[:40]}")
    try:
        text = base64.b64decode(rest.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    name, mark, password = text.partition(":")
    if not mark:
        raise Unauthorised("Invalid Basic authentication, no password provided")
    return name, password


_NOBODY = User(name="", password="", commands=())


def _known(config: Authorization, name: str, password: str) -> User:
    user = next((each for each in config.users if each.name == name), _NOBODY)
    # Of digests, so that neither the length nor whether the user exists shows in the time.
    same = hmac.compare_digest(_digest(user.password), _digest(password))
    if not same or user is _NOBODY:
        raise Unauthorised(f"wrong password for user {name[:100]}")
    return user


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _among(command: str, names: Collection[str]) -> bool:
    return ALL in names or command.upper() in {each.upper() for each in names}
