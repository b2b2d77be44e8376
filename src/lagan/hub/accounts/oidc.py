"""The hub as a client of OpenID Connect providers: discovery, the code flow with PKCE, and what an
id token must be before it is believed.

Source: OpenID Connect Core 1.0 (3.1), Discovery 1.0, RP-Initiated Logout 1.0; RFC 7636 and 9207.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from lagan.hub.accounts.claims import Identity, identity
from lagan.hub.accounts.errors import LoginRefused
from lagan.hub.accounts.providers import Provider
from lagan.kit.errors import Unavailable

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
"""Signatures that a provider alone can make; never `none`, never our own shared secret."""
LEEWAY = 60
"""Seconds that clocks may differ."""
TIMEOUT = 10
"""Seconds that a provider has for an answer."""
LARGEST = 1 << 20
"""Bytes of an answer."""
FRESH = 3600
"""Seconds for which what a provider says about itself is kept."""
HURRY = 60
"""Seconds between two looks for keys that we do not know."""

_kept: dict[str, tuple[float, dict[str, Any]]] = {}
_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a browser's session remembers between leaving for the provider and coming back."""

    state: str
    nonce: str
    verifier: str

    def facts(self) -> dict[str, str]:
        """As a session keeps it."""
        return asdict(self)


def begin(provider: Provider, back: str) -> tuple[str, Attempt]:
    """Where to send the browser, and what to remember. `back` is our own address that the provider
    sends it to. Unavailable when the provider does not answer as one."""
    attempt = Attempt(*(secrets.token_urlsafe(32) for _ in range(3)))
    client = OAuth2Session(
        provider.client_id,
        scope=provider.scopes,
        redirect_uri=back,
        code_challenge_method="S256",
    )
    address, _ = client.create_authorization_url(
        _about(provider)["authorization_endpoint"],
        state=attempt.state,
        nonce=attempt.nonce,
        code_verifier=attempt.verifier,
    )
    return str(address), attempt


def finish(
    provider: Provider, secret: str, attempt: Attempt, back: str, answer: Mapping[str, str]
) -> Identity:
    """Who came back. LoginRefused when the answer is not to this attempt, was declined, or the
    token is not what it must be; Unavailable when the provider cannot be reached."""
    about = _about(provider)
    _check_answer(provider, about, attempt, answer)
    token = _exchange(provider, about, secret, attempt, back, answer["code"])
    claims = _believed(provider, about, attempt, token)
    more = _userinfo(about, token, str(claims["sub"]))
    text = str(token["id_token"])
    # What the signed token says wins over what was fetched.
    return identity(provider, subject=str(claims["sub"]), claims={**more, **claims}, token=text)


def farewell(provider: Provider, token: str, back: str) -> str | None:
    """Where a browser logs out at the provider too; None when the provider has no such page or does
    not answer."""
    try:
        end = _about(provider).get("end_session_endpoint")
    except Unavailable:
        return None
    if not end:
        return None
    query = {"client_id": provider.client_id, "post_logout_redirect_uri": back}
    if token:
        query["id_token_hint"] = token
    return f"{end}{'&' if '?' in end else '?'}{urlencode(query)}"


def look(provider: Provider) -> str:
    """Ask the provider for what it says about itself, now; where it lets people log in. Unavailable
    says what is wrong."""
    with _guard:
        _kept.pop(provider.issuer, None)
    return str(_about(provider)["authorization_endpoint"])


def _check_answer(
    provider: Provider, about: Mapping[str, Any], attempt: Attempt, answer: Mapping[str, str]
) -> None:
    if not secrets.compare_digest(
        answer.get("state", "").encode(errors="replace"), attempt.state.encode()
    ):
        raise LoginRefused("This answer belongs to another log in; begin again.")
    says = answer.get("iss")
    must = about.get("authorization_response_iss_parameter_supported") is True
    if (says is not None or must) and says != provider.issuer:
        raise LoginRefused("This answer comes from another provider.")
    if answer.get("error"):
        declined = answer["error"] == "access_denied"
        raise LoginRefused(
            "The log in was declined." if declined else f"{provider.label} refused the log in."
        )
    if not answer.get("code"):
        raise LoginRefused("The answer has no code.")


def _exchange(
    provider: Provider,
    about: Mapping[str, Any],
    secret: str,
    attempt: Attempt,
    back: str,
    code: str,
) -> Mapping[str, Any]:
    """The code for tokens. ORCID, for one, takes the secret in the body only, and says so."""
    methods = about.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    post = "client_secret_basic" not in methods and "client_secret_post" in methods
    method = "none" if not secret else "client_secret_post" if post else "client_secret_basic"
    client = OAuth2Session(
        provider.client_id,
        secret or None,
        redirect_uri=back,
        token_endpoint_auth_method=method,
    )
    try:
        token = client.fetch_token(
            about["token_endpoint"],
            code=code,
            code_verifier=attempt.verifier,
            timeout=TIMEOUT,
            allow_redirects=False,
        )
    except AuthlibBaseError:
        raise LoginRefused(f"{provider.label} does not know this code.") from None
    except (requests.RequestException, ValueError) as error:
        raise _away(provider, error) from None
    if not isinstance(token, Mapping) or not isinstance(token.get("id_token"), str):
        raise LoginRefused(f"{provider.label} gave no id token.")
    return token


def _believed(
    provider: Provider, about: Mapping[str, Any], attempt: Attempt, token: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The claims of the id token once its signature, issuer, audience, times, nonce and hash of the
    access token are right."""
    try:
        read = _opened(provider, about, str(token["id_token"]))
        wanted = {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
            "sub": {"essential": True},
        }
        params = {
            "nonce": attempt.nonce,
            "client_id": provider.client_id,
            "access_token": token.get("access_token"),
        }
        claims = CodeIDToken(read.claims, read.header, wanted, params)
        claims.validate(leeway=LEEWAY)
    except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError) as error:
        name = type(error).__name__
        raise LoginRefused(
            f"The id token of {provider.label} is not to be believed.", why=name
        ) from None
    if not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 500:
        raise LoginRefused(f"The id token of {provider.label} names nobody.")
    return dict(claims)


def _opened(provider: Provider, about: Mapping[str, Any], text: str) -> jwt.Token:
    """The token by one of the provider's keys; they are fetched again, not too often, when none
    fits."""
    address = str(about["jwks_uri"])
    try:
        return jwt.decode(text, _keys(provider, address), algorithms=ALGORITHMS)
    except (JoseError, ValueError):
        with _guard:
            at, _ = _kept.get(address, (0.0, {}))
            if time.monotonic() - at < HURRY:
                raise
            _kept.pop(address, None)
        return jwt.decode(text, _keys(provider, address), algorithms=ALGORITHMS)


def _keys(provider: Provider, address: str) -> KeySet:
    return KeySet.import_key_set(_fetched(provider, address))  # type: ignore[arg-type]


def _userinfo(
    about: Mapping[str, Any], token: Mapping[str, Any], subject: str
) -> Mapping[str, Any]:
    """What the provider tells about the person besides; nothing when it cannot be had. Another
    subject's are not used (Core, 5.3.2)."""
    address, access = about.get("userinfo_endpoint"), token.get("access_token")
    if not (address and access):
        return {}
    try:
        told = _get(str(address), {"Authorization": f"Bearer {access}"})
    except (requests.RequestException, ValueError):
        return {}
    return told if told.get("sub") == subject else {}


def _about(provider: Provider) -> dict[str, Any]:
    """The provider's own description of itself, kept for an hour."""
    address = f"{provider.issuer}/.well-known/openid-configuration"
    about = _fetched(provider, address, key=provider.issuer)
    needed = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
    if any(not isinstance(about.get(each), str) for each in needed):
        raise Unavailable(f"{provider.label} does not describe itself as OpenID Connect asks.")
    if about["issuer"].rstrip("/") != provider.issuer:
        raise Unavailable(f"{provider.label} says that it is {about['issuer'][:200]}.")
    return about


def _fetched(provider: Provider, address: str, key: str = "") -> dict[str, Any]:
    with _guard:
        at, kept = _kept.get(key or address, (0.0, {}))
    if kept and time.monotonic() - at < FRESH:
        return kept
    try:
        fresh = _get(address)
    except (requests.RequestException, ValueError) as error:
        raise _away(provider, error) from None
    with _guard:
        _kept[key or address] = (time.monotonic(), fresh)
    return fresh


def _get(address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A JSON object. ValueError when it is none, or too long."""
    with requests.get(
        address, headers=headers, timeout=TIMEOUT, stream=True, allow_redirects=False
    ) as answer:
        answer.raise_for_status()
        body = answer.raw.read(LARGEST + 1, decode_content=True)
    if len(body) > LARGEST:
        raise ValueError("This answer is too long.")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("This is no JSON object.")
    return found


def _away(provider: Provider, error: Exception) -> Unavailable:
    return Unavailable(f"{provider.label} cannot be reached just now.", why=type(error).__name__)
