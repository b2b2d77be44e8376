"""What an identity provider's claims say about a person, in our words; no database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from lagan.hub.accounts.providers import Provider, values
from lagan.hub.accounts.rules import orcid_of


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody at a provider. `email` is empty unless it has the form of an address; `verified`
    says whether the provider, or our trust in it, vouches for it."""

    issuer: str
    subject: str
    username: str = ""
    email: str = ""
    verified: bool = False
    first_name: str = ""
    last_name: str = ""
    full_name: str = ""
    orcid: str = ""
    shown: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)
    token: str = ""
    """The id token, which a provider wants to see when it logs somebody out."""


def identity(
    provider: Provider, *, subject: str, claims: Mapping[str, Any], token: str = ""
) -> Identity:
    """What the claims of `subject` say, as the provider's settings name them."""

    def first(fact: str, longest: int) -> str:
        found = values(claims, provider.claim(fact)) if provider.claim(fact) else []
        return _clean(found[0])[:longest] if found else ""

    email = _address(first("email", 254))
    orcid = orcid_of(subject) if provider.is_orcid else orcid_of(first("orcid", 200))
    username = first("username", 150)
    return Identity(
        issuer=provider.issuer,
        subject=subject,
        username=username,
        email=email,
        verified=bool(email) and (provider.trusts_email or _verified(provider, claims)),
        first_name=first("first_name", 150),
        last_name=first("last_name", 150),
        full_name=first("name", 300),
        orcid=orcid or "",
        shown=(orcid if provider.is_orcid and orcid else email or username or _clean(subject))[
            :300
        ],
        claims=claims,
        token=token,
    )


def username_wishes(who: Identity) -> list[str]:
    """User names to try for a new account, the best first: what the provider calls the person, the
    address (seeds/dataset-archive.txt: users are named by it), the ORCID iD, the name."""
    wishes = [who.username, who.email, who.orcid, who.full_name, who.subject]
    clean = [re.sub(r"[^\w.@+-]+", ".", each).strip(".")[:140] for each in wishes]
    return list(dict.fromkeys(each for each in clean if each)) or ["user"]


def _verified(provider: Provider, claims: Mapping[str, Any]) -> bool:
    """Only a plain yes is a yes: some providers send the text."""
    name = provider.claim("email_verified")
    told = claims.get(name) if name else None
    return told is True or told == "true"


def _clean(text: str) -> str:
    return "".join(each for each in text if each.isprintable()).strip()


def _address(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        return ""
    return text
