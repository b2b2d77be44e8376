"""Request bodies may come packed by gzip; behind this, views see them unpacked."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from lagan.hub.base.problems import respond
from lagan.kit.errors import BadInput, LaganError, TooLarge

LARGEST_BODY = 64 << 20
"""Bytes of a body after it was unpacked: a look-up of 10,000 files with the longest names fits."""


def unpack_bodies(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Django middleware: unpacks what says `Content-Encoding: gzip`; refuses what is not, or is
    larger than LARGEST_BODY."""

    def unpacked(request: HttpRequest) -> HttpResponse:
        if request.headers.get("Content-Encoding", "").lower() == "gzip":
            try:
                body = unpack(request.body)
            except LaganError as refusal:
                return respond(refusal)
            request._body = body  # where Django keeps what it read
            request._stream = io.BytesIO(body)
            request.META["CONTENT_LENGTH"] = str(len(body))
        return answer(request)

    return unpacked


def unpack(body: bytes) -> bytes:
    """The bytes that `body` packs. BadInput, TooLarge."""
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
