"""A method that an address of the API does not know is refused as everything else is: by a problem
document."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from lagan.hub.base.problems import respond
from lagan.kit.errors import BadInput


class MethodNotAllowed(BadInput):
    """The address is there, but this is not done to it."""

    code, status = "method-not-allowed", 405


def refuse_methods(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Django middleware: a bare 405 beneath `/api/` gets its document; `Allow` stays."""

    def answered(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        if response.status_code != 405 or not request.path.startswith("/api/"):
            return response
        refusal = respond(MethodNotAllowed(f'Method "{request.method}" not allowed.'))
        refusal["Allow"] = response.get("Allow", "")
        return refusal

    return answered
