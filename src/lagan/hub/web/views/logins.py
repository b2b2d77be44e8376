"""Log in by an identity provider, and link one to an account: away to it, and back."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from lagan.hub.accounts import oidc, queries, saml, services
from lagan.hub.accounts.claims import Identity
from lagan.hub.accounts.errors import LoginRefused
from lagan.hub.accounts.providers import Provider
from lagan.hub.base.actors import Actor
from lagan.hub.web import arriving
from lagan.hub.web.arriving import own_address
from lagan.hub.web.views.login import network_address, show_log_in
from lagan.hub.web.visitor import signed_in
from lagan.kit.errors import Conflict, LaganError, NotFound

AWAY = "away"
PATIENCE = 900
"""Seconds that somebody may spend at the provider."""


@never_cache
@require_safe
def leave(request: HttpRequest, name: str) -> HttpResponse:
    """Send the browser to the provider."""
    after = own_address(request, request.GET.get("next"))
    try:
        provider, _secret = queries.provider(name)
        return redirect(_sent_away(request, provider, {"next": after}))
    except LaganError as refusal:
        return _refused(request, after, refusal)


@require_POST
@signed_in
def link(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    """Send a visitor who is logged in to the provider, to link what is there. By a page of ours:
    a form of ours may not lead to another host."""
    provider, _secret = queries.provider(name)
    address = _sent_away(request, provider, {"next": "/profile/security/", "link": actor.entity})
    return render(request, "web/pages/away.html", {"address": address, "label": provider.label})


@never_cache
@require_safe
def come_back(request: HttpRequest, name: str) -> HttpResponse:
    """The provider sent the browser back with its answer."""
    away = _was_away(request, name)
    try:
        provider, secret = queries.provider(name)
        with services.limited(asker=network_address(request)):
            if away is None:
                raise _not_begun()
            attempt = oidc.Attempt(away["state"], away["nonce"], away["verifier"])
            answer = {key: str(value) for key, value in request.GET.items()}
            who = oidc.finish(provider, secret, attempt, _back(request, provider), answer)
        return _known(request, provider, who, away)
    except LaganError as refusal:
        return _refused(request, away["next"] if away else "/", refusal)


@csrf_exempt
@require_POST
def take_assertion(request: HttpRequest, name: str) -> HttpResponse:
    """A SAML provider's answer, posted by the browser from another site and therefore without its
    session. It is judged here and goes on, sealed, to a page that has the session."""
    try:
        provider, _secret = queries.provider(name)
        with services.limited(asker=network_address(request)):
            ticket = saml.accept(provider, _here(request), request.POST.get("SAMLResponse", ""))
    except LaganError as refusal:
        return _refused(request, "/", refusal)
    return redirect(f"/login/back/{name}/assertion/?ticket={ticket}")


@never_cache
@require_safe
def come_back_asserted(request: HttpRequest, name: str) -> HttpResponse:
    """The rest of `take_assertion`: only the browser that asked is signed in."""
    away = _was_away(request, name)
    try:
        provider, _secret = queries.provider(name)
        if away is None:
            raise _not_begun()
        who = saml.redeem(provider, request.GET.get("ticket", ""), away["request"])
        return _known(request, provider, who, away)
    except LaganError as refusal:
        return _refused(request, away["next"] if away else "/", refusal)


@require_safe
def metadata(request: HttpRequest, name: str) -> HttpResponse:
    """What a SAML provider wants to know about this hub."""
    provider, _secret = queries.provider(name)
    if provider.protocol != "saml":
        raise NotFound("There is no such way to log in.")
    document = saml.metadata(provider, _here(request))
    return HttpResponse(document, content_type="application/samlmetadata+xml")


def _sent_away(request: HttpRequest, provider: Provider, kept: dict[str, Any]) -> str:
    """The provider's page, with the session remembering what was asked."""
    if provider.protocol == "saml":
        address, number = saml.begin(provider, _here(request))
        facts: dict[str, Any] = {"request": number}
    else:
        address, attempt = oidc.begin(provider, _back(request, provider))
        facts = attempt.facts()
    request.session[AWAY] = {**kept, **facts, "provider": provider.name, "at": time.time()}
    return address


def _was_away(request: HttpRequest, name: str) -> dict[str, Any] | None:
    """What the session remembers, once."""
    away: dict[str, Any] | None = request.session.pop(AWAY, None)
    if away is None or away["provider"] != name or time.time() - away["at"] > PATIENCE:
        return None
    return away


def _not_begun() -> LoginRefused:
    return LoginRefused(_("This log in took too long or began elsewhere; begin again."))


def _known(
    request: HttpRequest, provider: Provider, who: Identity, away: dict[str, Any]
) -> HttpResponse:
    if away.get("link") is not None:
        return _linked(request, provider, who, away["link"])
    user = services.arrive(provider=provider, who=who)
    return arriving.arrived(
        request,
        user,
        how=provider.name,
        after=own_address(request, away["next"]),
        proven=provider.trusts_factor,
        token=who.token,
    )


def _linked(request: HttpRequest, provider: Provider, who: Identity, entity: int) -> HttpResponse:
    """Only for the visitor who began it, in the session in which it was begun."""
    if not request.user.is_authenticated or request.user.entity_id != entity:
        raise LoginRefused(_("You are not logged in as the one who began this."))
    actor = Actor(entity, request.user.username, queries.SESSION)
    try:
        services.link(by=actor, provider=provider, who=who)
    except Conflict as refusal:
        messages.error(request, refusal.sentence)
    else:
        said = _("You can log in by %(label)s from now on.")
        messages.success(request, said % {"label": provider.label})
    return redirect("/profile/security/")


def _refused(request: HttpRequest, after: str, refusal: LaganError) -> HttpResponse:
    """The log in page says what went wrong; so does the profile to who is logged in."""
    if request.user.is_authenticated:
        messages.error(request, refusal.sentence)
        return redirect("/profile/security/")
    status = refusal.status
    return show_log_in(
        request, own_address(request, after), status=status, refused=refusal.sentence
    )


def _here(request: HttpRequest) -> str:
    """Our own address, as the provider knows it."""
    return settings.CONFIG.address or request.build_absolute_uri("/").rstrip("/")


def _back(request: HttpRequest, provider: Provider) -> str:
    return f"{_here(request)}/login/back/{provider.name}/"
