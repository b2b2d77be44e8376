"""Identity providers, for administrators: which there are, and what is set up about each."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lagan.hub.accounts import oidc, queries, saml, services
from lagan.hub.accounts.providers import read
from lagan.hub.base.actors import Actor
from lagan.hub.web.visitor import signed_in
from lagan.kit.errors import LaganError, NotFound

TEXTS = (
    "name",
    "label",
    "protocol",
    "issuer",
    "client_id",
    "scopes",
    "claims",
    "places",
    "metadata",
)
MARKS = ("makes_accounts", "trusts_email", "trusts_factor")


@require_safe
@signed_in
def providers(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All of them: from the settings' file, and from here."""
    services.require_administrator(actor)
    context = {
        "of_file": [provider for provider, _secret in queries.providers_of_file().values()],
        "rows": [(row, read(row.facts)) for row in queries.provider_rows()],
    }
    return render(request, "web/pages/providers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def new_provider(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Set a provider up."""
    services.require_administrator(actor)
    if request.method == "POST":
        return _save(request, actor, None)
    given = {"protocol": "oidc", "makes_accounts": True, "enabled": True}
    if request.GET.get("preset") == "orcid":
        given |= {"name": "orcid", "label": "ORCID", "issuer": "https://orcid.org"}
    return _form(request, given, None)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def provider(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """Look at one, and change it."""
    services.require_administrator(actor)
    row = next((each for each in queries.provider_rows() if each.name == name), None)
    if row is None:
        raise NotFound("There is no such provider.")
    if request.method == "POST":
        return _save(request, actor, name)
    facts = dict(row.facts)
    facts["claims"] = "\n".join(f"{a} = {b}" for a, b in (facts.get("claims") or {}).items())
    facts["places"] = "\n".join(facts.get("places") or ())
    return _form(request, {**facts, "enabled": row.enabled}, name, has_secret=bool(row.secret))


@require_POST
@signed_in
def remove(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """Take one away."""
    services.remove_provider(by=actor, name=name)
    messages.success(request, _("The provider is gone; nobody logs in there any more."))
    return redirect("/providers/")


def _save(request: HttpRequest, actor: Actor, name: str | None) -> HttpResponse:
    given: dict[str, Any] = {each: request.POST.get(each, "").strip() for each in TEXTS}
    given |= {each: each in request.POST for each in MARKS}
    if name is not None:
        given["name"] = name
    enabled = "enabled" in request.POST
    secret = request.POST.get("secret", "") or None
    try:
        if name is None:
            services.refuse_taken_provider(given["name"])
        wanted = read(given)
        if enabled:
            # Whoever sets it up learns at once that it cannot work.
            saml.check(wanted) if wanted.protocol == "saml" else oidc.look(wanted)
        services.set_provider(by=actor, given=given, secret=secret, enabled=enabled)
    except LaganError as refusal:
        given["enabled"] = enabled
        facts = {"refused": refusal.sentence, "field": refusal.facts.get("field")}
        return _form(request, given, name, status=refusal.status, **facts)
    messages.success(request, _("The provider is set up."))
    return redirect("/providers/")


def _form(
    request: HttpRequest, given: dict[str, Any], name: str | None, status: int = 200, **more: Any
) -> HttpResponse:
    context = {"given": given, "changing": name, "root": request.build_absolute_uri("/")}
    return render(request, "web/pages/provider.html", {**context, **more}, status=status)
