"""Detached signatures over JSON by Ed25519 (JWS, RFC 7515 appendix F, with
the algorithm of RFC 9864); no Django, so that they are checked anywhere.

What is signed is the canonical text of a value: JSON with sorted keys, without spaces, in ASCII. A
signature is `header..signature`; put `base64url(canonical text)` between the dots and it is an
ordinary compact JWS.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from lagan.hub.audit.rules import canonical
from lagan.kit.errors import BadInput, LaganError

Jwk: TypeAlias = dict[str, str]
Sign: TypeAlias = Callable[[Any], str]


class BadSignature(LaganError):
    """What was signed is not what is there, or somebody else signed."""

    code, status, exit = "bad-signature", 409, 6


def jwk(key: Ed25519PublicKey) -> Jwk:
    """The public key as RFC 8037 writes it."""
    return {"crv": "Ed25519", "kty": "OKP", "x": _encode(key.public_bytes_raw())}


def thumbprint(key: Mapping[str, str]) -> str:
    """What a key is called: its SHA-256 thumbprint (RFC 7638)."""
    named = {name: key[name] for name in ("crv", "kty", "x")}
    return _encode(hashlib.sha256(canonical(named).encode()).digest())


def sign(key: Ed25519PrivateKey, value: Any) -> str:
    """A detached signature over the canonical text of a JSON value; it carries the public key."""
    public = jwk(key.public_key())
    header = _encode(
        canonical({"alg": "Ed25519", "jwk": public, "kid": thumbprint(public)}).encode()
    )
    return f"{header}..{_encode(key.sign(_signed(header, value)))}"


def check(signature: str, value: Any, trusted: Mapping[str, Jwk] | None = None) -> str:
    """The thumbprint of the key that signed `value`. BadSignature when it is not what was signed,
    or when the key is none of `trusted`; without them, any key will do and its name is all that
    is known."""
    try:
        header, _, proof = signature.split(".")
        stated = json.loads(_decode(header))
        public: Jwk = {name: str(stated["jwk"][name]) for name in ("crv", "kty", "x")}
        key = Ed25519PublicKey.from_public_bytes(_decode(public["x"]))
        key.verify(_decode(proof), _signed(header, value))
        if (stated["alg"], public["crv"], public["kty"]) != ("Ed25519", "Ed25519", "OKP"):
            raise ValueError("another kind of signature")
    except InvalidSignature:
        raise BadSignature("The signature does not fit: something was changed.") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadSignature("This is no signature by an Ed25519 key.") from None
    name = thumbprint(public)
    if trusted is not None and name not in trusted:
        raise BadSignature(f"It was signed by another key: {name}.", key=name)
    return name


def read_keys(data: bytes) -> dict[str, Jwk]:
    """Public keys by their thumbprints, from a JWK set, one JWK, or PEM. BadInput."""
    refusal = BadInput("This is no public key: a JWK set, a JWK or PEM of an Ed25519 key is.")
    try:
        if data.lstrip().startswith(b"-----"):
            loaded = load_pem_public_key(data)
            found = [jwk(loaded)] if isinstance(loaded, Ed25519PublicKey) else []
        else:
            given = json.loads(data)
            found = [dict(each) for each in given.get("keys", [given])]
        for each in found:
            Ed25519PublicKey.from_public_bytes(_decode(each["x"]))
        keys = {thumbprint(each): each for each in found}
    except (ValueError, KeyError, TypeError, AttributeError, UnsupportedAlgorithm, RecursionError):
        raise refusal from None
    if not keys:
        raise refusal
    return keys


def _signed(header: str, value: Any) -> bytes:
    return f"{header}.{_encode(canonical(value).encode())}".encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
