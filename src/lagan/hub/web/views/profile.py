"""The visitor's own page: appearance, language, client keys."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lagan.hub.accounts import queries, services
from lagan.hub.base.actors import Actor
from lagan.hub.web.visitor import signed_in
from lagan.kit.errors import BadInput


@require_safe
@signed_in
def profile(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Who the hub takes the visitor for, how pages look, which keys work."""
    return _show(request, actor)


@require_POST
@signed_in
def make_key(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make a key and show its text in this one answer; it is kept nowhere."""
    name = request.POST.get("name", "")
    try:
        key, text = services.create_client_key(by=actor, name=name)
    except BadInput as refusal:
        return _show(request, actor, status=400, refused=refusal.sentence, given=name)
    return _show(request, actor, made={"name": key.name, "secret": text})


@require_POST
@signed_in
def revoke_key(request: HttpRequest, actor: Actor, key: int) -> HttpResponse:
    """End a key, and say so."""
    services.revoke_client_key(by=actor, key=key)
    messages.success(request, _("The key is revoked; nothing can use it any more."))
    return redirect("/profile/")


def _show(request: HttpRequest, actor: Actor, status: int = 200, **more: Any) -> HttpResponse:
    context: dict[str, Any] = {
        "person": queries.user_of(actor),
        "keys": queries.client_keys(actor),
        # Each by its own name, not as the language of the page calls it.
        "languages": settings.LANGUAGES,
    }
    return render(request, "web/pages/profile.html", {**context, **more}, status=status)
