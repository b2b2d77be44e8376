"""The hub's own Ed25519 key: made when something is first signed, told to everybody but for its
private half."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from django.utils import timezone

from lagan.hub.accounts.sealed import seal, unseal
from lagan.hub.base.locks import until_commit
from lagan.hub.evidence.jws import Jwk, jwk, sign, thumbprint
from lagan.hub.evidence.models import SigningKey
from lagan.kit.errors import Unavailable


def signed(value: Any) -> str:
    """The hub's detached signature over a JSON value (`jws.check`)."""
    return sign(_private(), value)


def public_keys() -> dict[str, Jwk]:
    """Every key that the hub ever signed with, by thumbprint, the newest first."""
    rows = SigningKey.objects.order_by("-id").values_list("name", "public")
    return {name: {"crv": "Ed25519", "kty": "OKP", "x": public} for name, public in rows}


def _private() -> Ed25519PrivateKey:
    """The newest key that our secret key opens; a new one when there is none."""
    if (found := _opened()) is not None:
        return found
    with transaction.atomic():
        until_commit("evidence.key")
        return _opened() or _make()


def _opened() -> Ed25519PrivateKey | None:
    for row in SigningKey.objects.order_by("-id"):
        try:
            raw = unseal(row.sealed)
        except Unavailable:
            continue
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(raw))
    return None


def _make() -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    public = jwk(key.public_key())
    SigningKey.objects.create(
        name=thumbprint(public),
        public=public["x"],
        sealed=seal(base64.b64encode(key.private_bytes_raw()).decode()),
        made_at=timezone.now(),
    )
    return key
