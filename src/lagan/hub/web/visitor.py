"""Who looks at a page: views get the visitor's Actor, everybody else is led to the log in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlsplit

from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from lagan.hub.accounts import queries
from lagan.hub.accounts.services import see_visit
from lagan.hub.base.actors import Actor
from lagan.kit.errors import BadInput

P = ParamSpec("P")
_VISITOR = "lagan.visitor"
"""Where a request's META keeps who the view was called for."""


def asked(request: HttpRequest, name: str) -> str:
    """A parameter of the address, empty without one. BadInput for what no database takes."""
    value = request.GET.get(name, "")
    if "\0" in value:
        raise BadInput(f"{name} holds a character that no name has.", field=name)
    return value


def visitor(request: HttpRequest) -> Actor | None:
    """Who the page is for; None on pages that are for everybody."""
    found = request.META.get(_VISITOR)
    return found if isinstance(found, Actor) else None


def signed_in(
    view: Callable[Concatenate[HttpRequest, Actor, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Call `view(request, actor, ...)` for a signed-in visitor; send others to the log in and back
    here."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _led_to_log_in(request)
        actor = queries.signed_in(authorization=None, session_user_id=request.user.pk)
        if not queries.suffices(request.user, request.session):
            logout(request)  # the next log in sets the second factor up
            return _led_to_log_in(request)
        see_visit(request)
        request.META[_VISITOR] = actor
        response = view(request, actor, *args, **kwargs)
        # What a person may see is for that person's browser alone, and not for after the log out.
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return guarded


def _led_to_log_in(request: HttpRequest) -> HttpResponse:
    """A part of a page that htmx asked for must not become the log in: the whole page does."""
    if request.headers.get("HX-Request") == "true":
        here = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
        return HttpResponse(headers={"HX-Redirect": redirect_to_login(here).url})
    return redirect_to_login(request.get_full_path())
