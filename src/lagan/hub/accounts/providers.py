"""What is set up about an identity provider, from a file or from the pages, in one typed shape; odd
settings are refused by name."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lagan.kit.errors import BadInput

PROTOCOLS = ("oidc", "saml")
ORCID = "https://orcid.org"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,38}")
_CLAIMS = {
    "username": "preferred_username",
    "email": "email",
    "email_verified": "email_verified",
    "name": "name",
    "first_name": "given_name",
    "last_name": "family_name",
    "orcid": "orcid",
}
"""What we call a fact, and the claim that holds it when nothing else is said (OpenID Connect Core,
section 5.1)."""
_ATTRIBUTES = {
    "username": "urn:oid:1.3.6.1.4.1.5923.1.1.1.6",  # eduPersonPrincipalName
    "email": "urn:oid:0.9.2342.19200300.100.1.3",
    "name": "urn:oid:2.16.840.1.113730.3.1.241",  # displayName
    "first_name": "urn:oid:2.5.4.42",
    "last_name": "urn:oid:2.5.4.4",
    "orcid": "urn:oid:1.3.6.1.4.1.5923.1.1.1.16",  # eduPersonOrcid
}
"""The same for SAML, as eduGAIN names attributes."""
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Place:
    """Whoever has `pattern` (with `*`) among the values of `claim` gets the USER entity made in
    `group` (an id or a full path) or, when not `home`, becomes its member."""

    claim: str
    pattern: str
    group: str
    home: bool

    def fits(self, claims: Mapping[str, Any]) -> bool:
        """Whether the claims of an identity have it."""
        return any(
            fnmatch.fnmatchcase(each.lower(), self.pattern.lower())
            for each in values(claims, self.claim)
        )

    def line(self) -> str:
        """As an administrator writes it."""
        return f"{self.claim} = {self.pattern} {'=>' if self.home else '+>'} {self.group}"


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider. `issuer` is the OIDC issuer or the SAML entity id; `metadata` of SAML
    its XML. `trusts_email`: its addresses count as verified though it does not say so;
    `trusts_factor`: it asks for a second factor itself."""

    name: str
    label: str
    protocol: str
    issuer: str
    client_id: str = ""
    scopes: str = "openid profile email"
    claims: Mapping[str, str] | None = None
    places: tuple[Place, ...] = ()
    makes_accounts: bool = True
    trusts_email: bool = False
    trusts_factor: bool = False
    metadata: str = ""

    @property
    def is_orcid(self) -> bool:
        """ORCID's production service, or its sandbox."""
        return (urlsplit(self.issuer).hostname or "").removeprefix("sandbox.") == "orcid.org"

    def claim(self, fact: str) -> str:
        """The name of the claim that holds one of our facts; empty when none does."""
        usual = _ATTRIBUTES if self.protocol == "saml" else _CLAIMS
        return (self.claims or {}).get(fact, usual.get(fact, ""))

    def facts(self) -> dict[str, Any]:
        """As JSON keeps it; `read` takes it back."""
        kept = asdict(self)
        return {**kept, "places": [place.line() for place in self.places]}


def values(claims: Mapping[str, Any], name: str) -> list[str]:
    """The values of a claim as texts; `email_domain` is what follows the @ of the address, and
    `a.b` looks into objects."""
    if name == "email_domain":
        return [each.rpartition("@")[2] for each in values(claims, "email") if "@" in each]
    found: Any = claims.get(name)
    if found is None and "." in name:
        outer, _, inner = name.partition(".")
        nested = claims.get(outer)
        return values(nested, inner) if isinstance(nested, Mapping) else []
    listed = found if isinstance(found, list | tuple) else [found]
    return [str(each) for each in listed if isinstance(each, str | int) and each != ""]


def read(given: Mapping[str, Any]) -> Provider:
    """A provider as a file or a form describes it. BadInput names the field that is wrong."""
    protocol = given.get("protocol") or "oidc"
    if protocol not in PROTOCOLS:
        raise BadInput(f"protocol is one of {', '.join(PROTOCOLS)}.", field="protocol")
    issuer = _text(given, "issuer", 500).rstrip("/") if protocol == "oidc" else ""
    return Provider(
        name=_name(_text(given, "name", 40)),
        label=_text(given, "label", 100),
        protocol=protocol,
        issuer=_https(issuer, "issuer") if protocol == "oidc" else _text(given, "issuer", 500),
        client_id=_text(given, "client_id", 300) if protocol == "oidc" else "",
        scopes=_scopes(given.get("scopes"), issuer),
        claims=_mapping(given.get("claims")),
        places=tuple(_place(line) for line in _lines(given.get("places"))),
        makes_accounts=bool(given.get("makes_accounts", True)),
        trusts_email=bool(given.get("trusts_email", False)),
        trusts_factor=bool(given.get("trusts_factor", False)),
        metadata=_text(given, "metadata", 500_000) if protocol == "saml" else "",
    )


def read_file(path: Path) -> dict[str, tuple[Provider, str]]:
    """The providers of a TOML file by name, each with its secret: a table each, its name the
    provider's; `secret_file` names the file with the secret, `metadata_file` one with the XML.
    Paths are relative to the file."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"LAGAN_LOGINS_FILE {path} cannot be read: {error}") from None
    found = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise BadInput(f"{path}: {name} stands outside any table.", field=name)
        given = {**table, "name": name}
        if file := table.get("metadata_file"):
            given["metadata"] = _content(path, file)
        secret = _content(path, file) if (file := table.get("secret_file")) else ""
        found[name] = (read(given), secret)
    return found


def _content(beside: Path, name: Any) -> str:
    place = beside.parent / str(name)
    try:
        return place.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{beside} names {place}, which cannot be read: {error}") from None


def _text(given: Mapping[str, Any], field: str, longest: int) -> str:
    text = given.get(field)
    clean = text.strip() if isinstance(text, str) else ""
    if not 0 < len(clean) <= longest or "\x00" in clean:
        raise BadInput(f"{field} is a text of 1 to {longest} characters.", field=field)
    return clean


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadInput("name is small letters, digits and hyphens, at most 39.", field="name")
    return name


def _https(address: str, field: str) -> str:
    """Whoever sits between us and the provider would sign in as anybody."""
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return address
    raise BadInput(f"{field} begins with https://.", field=field)


def _scopes(given: Any, issuer: str) -> str:
    """ORCID knows `openid` alone and refuses others."""
    usual = "openid" if issuer == ORCID else "openid profile email"
    words = str(given or usual).split()
    if not all(re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}", word) for word in words):
        raise BadInput("scopes are words with spaces between.", field="scopes")
    return " ".join(dict.fromkeys(["openid", *words]))


def _mapping(given: Any) -> dict[str, str]:
    """Which claim holds which fact: a mapping, or lines `email = mail`."""
    pairs = given.items() if isinstance(given, Mapping) else map(_pair, _lines(given))
    found = {str(fact): str(claim) for fact, claim in pairs}
    if unknown := set(found) - set(_CLAIMS):
        known = ", ".join(_CLAIMS)
        raise BadInput(f"claims: {min(unknown)} is none of {known}.", field="claims")
    return found


def _pair(line: str) -> tuple[str, str]:
    fact, equals, claim = (part.strip() for part in line.partition("="))
    if not (fact and equals and claim):
        raise BadInput(f"claims: {line[:100]!r} is not like `email = mail`.", field="claims")
    return fact, claim


_PLACE = re.compile(r"(?P<claim>\S+)\s*=\s*(?P<pattern>.+?)\s*(?P<how>=>|\+>)\s*(?P<group>\S.*)")


def _place(line: str) -> Place:
    found = _PLACE.fullmatch(line.strip())
    if found is None:
        example = "`affiliation = employee => /root/NTNU/users`"
        raise BadInput(f"places: {line[:100]!r} is not like {example}.", field="places")
    return Place(found["claim"], found["pattern"], found["group"], found["how"] == "=>")


def _lines(given: Any) -> Sequence[str]:
    lines = given.splitlines() if isinstance(given, str) else given or ()
    return [str(line).strip() for line in lines if str(line).strip()]
