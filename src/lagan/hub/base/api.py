"""The one REST API of the hub: every room brings its router, every refusal leaves as a problem
document."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpRequest
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser
from ninja.types import DictStrAny

import lagan
from lagan.hub.base.problems import answer
from lagan.kit.errors import BadInput, TooLarge

LARGEST_BODY = 64 << 20
"""Bytes of one JSON body after it was unpacked: a look-up of 10,000 files with the longest names
fits."""


class Bodies(Parser):
    """JSON bodies, packed by gzip or not."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        """The body's value. BadInput, TooLarge."""
        packed = request.headers.get("Content-Encoding", "").lower() == "gzip"
        body = _unpacked(request.body) if packed else request.body
        try:
            value: DictStrAny = json.loads(body)
        except (ValueError, RecursionError):
            raise BadInput("The body is not JSON.") from None
        return value


def _unpacked(body: bytes) -> bytes:
    inflate = zlib.decompressobj(wbits=31)
    try:
        data = inflate.decompress(body, LARGEST_BODY)
    except zlib.error:
        raise BadInput("The body says that it is gzip, but is not.") from None
    if len(data) == LARGEST_BODY:
        raise TooLarge(f"The body is larger than {LARGEST_BODY} bytes.", limit=LARGEST_BODY)
    if not inflate.eof:
        raise BadInput("The packed body ends too early.")
    return data


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
        parser=Bodies(),
    )
    for kind in (Exception, Http404, HttpError, ValidationError, AuthenticationError):
        api.exception_handler(kind)(answer)
    for prefix, router in routers.items():
        api.add_router(prefix, router)
    return api
