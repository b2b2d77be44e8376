"""The hub as a SAML 2.0 service provider: requests by redirect, answers by post, signed assertions
only.

The protocol is python3-saml's, whose wheels bring xmlsec; without them this module refuses in
words. Source: SAML 2.0 Web Browser SSO Profile.
"""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import urlsplit

from lagan.hub.accounts import sealed
from lagan.hub.accounts.claims import Identity, identity
from lagan.hub.accounts.errors import LoginRefused
from lagan.hub.accounts.providers import Provider
from lagan.kit.errors import BadInput, Unavailable

log = logging.getLogger("lagan.saml")

POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
TICKET = 120
"""Seconds between an answer and its use: one redirect."""
LARGEST = 1 << 20
"""Characters of an answer."""


def begin(provider: Provider, here: str) -> tuple[str, str]:
    """Where to send the browser, and the number of the request that its answer must name. `here`
    is the hub's own address."""
    auth = _auth(provider, here)
    return str(auth.login(return_to=here)), str(auth.get_last_request_id())


def accept(provider: Provider, here: str, response: str) -> str:
    """A ticket for what a posted answer says, once its signature, audience, recipient and times are
    right; it is good for a moment and only with the request that it answers. LoginRefused
    otherwise."""
    if not 0 < len(response) <= LARGEST:
        raise LoginRefused(f"{provider.label} sent no answer.")
    auth = _auth(provider, here, {"SAMLResponse": response})
    try:
        auth.process_response()
    except Exception as error:
        # The library raises errors of many kinds for what is not XML, or not SAML.
        why = type(error).__name__
        raise LoginRefused(f"The answer of {provider.label} cannot be read.", why=why) from None
    if auth.get_errors() or not auth.is_authenticated():
        why = ", ".join(auth.get_errors())[:200]
        log.warning("%s sent what is refused: %s", provider.name, auth.get_last_error_reason())
        raise LoginRefused(f"The answer of {provider.label} is not to be believed.", why=why)
    request = auth.get_last_response_in_response_to()
    if not request:
        raise LoginRefused("This answer was not asked for; begin at this hub.")
    facts = {
        "provider": provider.name,
        "request": request,
        "subject": _subject(auth),
        "attributes": {**auth.get_friendlyname_attributes(), **auth.get_attributes()},
    }
    return sealed.seal(json.dumps(facts))


def redeem(provider: Provider, ticket: str, request: str) -> Identity:
    """Who the ticket is for. LoginRefused for one that is old, another provider's, or an answer to
    another request."""
    refusal = LoginRefused("This answer belongs to another log in; begin again.")
    try:
        facts: dict[str, Any] = json.loads(sealed.unseal(ticket, within=TICKET))
    except (Unavailable, ValueError):
        raise refusal from None
    if facts["provider"] != provider.name or facts["request"] != request:
        raise refusal
    return identity(provider, subject=facts["subject"], claims=facts["attributes"])


def metadata(provider: Provider, here: str) -> bytes:
    """The hub's own description, for the provider's administrator."""
    settings = _auth(provider, here).get_settings()
    document: bytes | str = settings.get_sp_metadata()
    return document.encode() if isinstance(document, str) else document


def check(provider: Provider) -> None:
    """BadInput unless the metadata describes the issuer well enough to log in there."""
    _described(provider)


def _subject(auth: Any) -> str:
    """A name that is the person's for ever: the persistent id, else eduPersonPrincipalName. One
    that is made anew at every log in is nobody's."""
    name, form = auth.get_nameid(), str(auth.get_nameid_format() or "")
    if name and not form.endswith(":transient"):
        return str(name)[:500]
    lasting = auth.get_attribute("urn:oid:1.3.6.1.4.1.5923.1.1.1.6")
    if not lasting:
        raise LoginRefused("The answer has no lasting name for you.")
    return str(lasting[0])[:500]


def _auth(provider: Provider, here: str, posted: dict[str, str] | None = None) -> Any:
    library = _library()
    address = urlsplit(_acs(provider, here))
    asked = {
        "https": "on" if address.scheme == "https" else "off",
        "http_host": address.netloc,
        "script_name": address.path,
        "get_data": {},
        "post_data": posted or {},
    }
    return library.OneLogin_Saml2_Auth(asked, old_settings=_settings(provider, here))


def _settings(provider: Provider, here: str) -> dict[str, Any]:
    own = f"{here}/login/saml/{provider.name}/metadata/"
    return {
        "strict": True,
        "debug": False,
        "sp": {
            "entityId": own,
            "assertionConsumerService": {"url": _acs(provider, here), "binding": POST},
            "NameIDFormat": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        },
        "idp": _described(provider),
        "security": {
            "wantAssertionsSigned": True,
            "wantMessagesSigned": False,
            "wantNameId": False,
            "wantAttributeStatement": False,
            "requestedAuthnContext": False,
            "rejectUnsolicitedResponsesWithInResponseTo": False,
            "rejectDeprecatedAlgorithm": True,
            "failOnAuthnContextMismatch": False,
            "allowRepeatAttributeName": True,
            "allowSingleLabelDomains": True,  # a hub inside an institute
        },
    }


def _described(provider: Provider) -> dict[str, Any]:
    """What the metadata says of the issuer."""
    parser = _library().parser
    try:
        found = parser.parse(provider.metadata, entity_id=provider.issuer).get("idp", {})
    except Exception as error:
        why = type(error).__name__
        raise BadInput(f"metadata cannot be read ({why}).", field="metadata") from None
    if found.get("entityId") != provider.issuer or "singleSignOnService" not in found:
        raise BadInput(f"metadata does not describe {provider.issuer}.", field="metadata")
    if not (found.get("x509cert") or found.get("x509certMulti")):
        raise BadInput("metadata has no certificate to check signatures by.", field="metadata")
    return dict(found)


def _acs(provider: Provider, here: str) -> str:
    return f"{here}/login/saml/{provider.name}/acs/"


class _Library:
    """python3-saml, imported when it is first asked for."""

    def __init__(self) -> None:
        from onelogin.saml2.auth import OneLogin_Saml2_Auth
        from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser

        self.OneLogin_Saml2_Auth = OneLogin_Saml2_Auth
        self.parser = OneLogin_Saml2_IdPMetadataParser


def _library() -> _Library:
    try:
        return _Library()
    except ImportError:
        raise Unavailable("SAML needs `pip install lagan[saml]` on the hub's machine.") from None
