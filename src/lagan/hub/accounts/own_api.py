"""One's own ways in over HTTP, and for administrators the identity providers: what the pages
do, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from lagan.hub.accounts import queries, services
from lagan.hub.accounts.api import In, Text
from lagan.hub.base.api import asker
from lagan.kit.errors import NotFound

account = Router(tags=["account"])
providers = Router(tags=["providers"])


class PasswordIn(In):
    """The password that is, and the one that shall be."""

    current: Text
    password: Text


class CodeIn(In):
    """What the authenticator shows, or a recovery code."""

    code: Text


class LoginOut(Schema):
    """An identity elsewhere that signs the user in."""

    id: int
    provider: str
    shown: str
    created: datetime
    last_used: datetime | None


class VisitOut(Schema):
    """A session."""

    id: int
    how: str
    begun: datetime
    seen: datetime
    address: str
    program: str


class FactorOut(Schema):
    """A second factor, without its secret."""

    id: int
    type: str
    created: datetime
    last_used: datetime | None


class FactorsOut(Schema):
    """The second factors, whether one must be there, and how many recovery codes are left."""

    results: list[FactorOut]
    needed: bool
    recovery_codes: int


class SeedOut(Schema):
    """What an authenticator is told, shown this once."""

    secret: str
    address: str


class CodesOut(Schema):
    """Recovery codes, shown this once; none when there are some already."""

    recovery_codes: list[str]


class ProviderIn(In):
    """An identity provider; `secret` left out stays as it is."""

    name: Text
    label: Text
    issuer: Text
    protocol: Text = "oidc"
    client_id: Text = ""
    secret: Text | None = None
    scopes: Text = ""
    claims: dict[str, str] = {}
    places: list[Text] = []
    metadata: str = ""
    makes_accounts: bool = True
    trusts_email: bool = False
    trusts_factor: bool = False
    enabled: bool = True


class ProviderOut(Schema):
    """An identity provider, without its secret."""

    name: str
    label: str
    issuer: str
    protocol: str
    client_id: str
    scopes: str
    claims: dict[str, str]
    places: list[str]
    makes_accounts: bool
    trusts_email: bool
    trusts_factor: bool
    enabled: bool


@account.post("password/", response={204: None})
def change_password(request: HttpRequest, body: PasswordIn) -> Any:
    """Replace one's own password. Every session and every token ends."""
    services.change_password(by=asker(request), current=body.current, password=body.password)
    return Status(204, None)


@account.get("logins/", response=list[LoginOut])
def list_logins(request: HttpRequest) -> Any:
    """The identities elsewhere that sign one in."""
    return list(queries.logins(asker(request)))


@account.delete("logins/{int:login}/", response={204: None})
def unlink(request: HttpRequest, login: int) -> Any:
    """Take one away; 409 when it is the only way in."""
    services.unlink(by=asker(request), login=login)
    return Status(204, None)


@account.get("sessions/", response=list[VisitOut])
def list_sessions(request: HttpRequest) -> Any:
    """One's sessions, the last used first."""
    return list(queries.visits(asker(request)))


@account.delete("sessions/", response={204: None})
def end_sessions(request: HttpRequest) -> Any:
    """End all but the one that asks, if it is one."""
    services.end_other_visits(by=asker(request), keep=request.session.session_key)
    return Status(204, None)


@account.delete("sessions/{int:visit}/", response={204: None})
def end_session(request: HttpRequest, visit: int) -> Any:
    """End one."""
    services.end_visit(by=asker(request), visit=visit)
    return Status(204, None)


@account.get("second-factor/", response=FactorsOut)
def list_factors(request: HttpRequest) -> Any:
    """One's second factors."""
    user = queries.user_of(asker(request))
    left, needed = queries.recovery_codes_left(user), queries.needs_factor(user)
    return {"results": list(queries.factors(user)), "needed": needed, "recovery_codes": left}


@account.post("second-factor/totp/", response={201: SeedOut})
def begin_totp(request: HttpRequest) -> Any:
    """Begin to set an authenticator up."""
    seed = services.begin_totp(by=asker(request))
    return Status(201, {"secret": seed.secret, "address": seed.address})


@account.post("second-factor/totp/confirm/", response={201: CodesOut})
def confirm_totp(request: HttpRequest, body: CodeIn) -> Any:
    """Prove that it works; from now on it is asked for."""
    return Status(201, {"recovery_codes": services.confirm_totp(by=asker(request), code=body.code)})


@account.post("second-factor/recovery-codes/", response={201: CodesOut})
def new_codes(request: HttpRequest, body: CodeIn) -> Any:
    """A fresh set in place of the old one."""
    codes = services.new_recovery_codes(by=asker(request), code=body.code)
    return Status(201, {"recovery_codes": codes})


@account.delete("second-factor/{int:factor}/", response={204: None})
def remove_factor(request: HttpRequest, factor: int, body: CodeIn) -> Any:
    """Take a second factor away."""
    services.remove_factor(by=asker(request), factor=factor, code=body.code)
    return Status(204, None)


@providers.get("", response=list[ProviderOut])
def list_providers(request: HttpRequest) -> Any:
    """Those set up on the pages or here. For administrators."""
    services.require_administrator(asker(request))
    return [_provider(row.facts, row.enabled) for row in queries.provider_rows()]


@providers.put("{name}/", response=ProviderOut)
def put_provider(request: HttpRequest, name: str, body: ProviderIn) -> Any:
    """Set one up, or change it. For administrators."""
    given = {**body.dict(exclude={"secret", "enabled"}), "name": name}
    services.set_provider(by=asker(request), given=given, secret=body.secret, enabled=body.enabled)
    row = next((each for each in queries.provider_rows() if each.name == name), None)
    if row is None:
        raise NotFound("There is no such provider.")
    return _provider(row.facts, row.enabled)


@providers.delete("{name}/", response={204: None})
def remove_provider(request: HttpRequest, name: str) -> Any:
    """Take one away. For administrators."""
    services.remove_provider(by=asker(request), name=name)
    return Status(204, None)


def _provider(facts: dict[str, Any], enabled: bool) -> dict[str, Any]:
    return {**facts, "claims": facts.get("claims") or {}, "enabled": enabled}
