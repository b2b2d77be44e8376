"""The one REST API of the hub: every room brings its router, every refusal leaves as a problem
document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpRequest
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError

import lagan
from lagan.hub.base.actors import Actor
from lagan.hub.base.problems import answer


def build_api(routers: Mapping[str, Router | str], auth: Callable[[HttpRequest], Any]) -> NinjaAPI:
    """The API with `routers` under their prefixes, closed to whom `auth` does not know unless a
    route says otherwise; its pages at `docs/` need nothing from outside (`ninja` is an
    installed app, so they use the files that it ships), its description is at `schema/`."""
    api = NinjaAPI(
        title="Lagan",
        version=lagan.__version__,
        auth=auth,
        docs_url="docs/",
        openapi_url="schema/",
    )
    for kind in (Exception, Http404, HttpError, ValidationError, AuthenticationError):
        api.exception_handler(kind)(answer)
    for prefix, router in routers.items():
        api.add_router(prefix, router)
    return api


def asker(request: HttpRequest) -> Actor:
    """Who sent a request that the API's `auth` let in."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    return actor
