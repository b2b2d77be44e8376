"""Friendly pages for what cannot be shown or done; programs get the problem documents of their own
doors."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from lagan.hub.base import problems
from lagan.hub.web.names import readable
from lagan.hub.web.surroundings import PLACES
from lagan.kit.errors import LaganError, NotFound

API = "/api/"
"""Beneath it programs ask, not people."""
SHARED = "/s/"
"""Links that do not work are all answered alike, and their secrets are on no page."""
_OFTEN = ("/browse/", "/datasets/", "/jobs/")


def refusal(request: HttpRequest, status: int, sentence: str = "") -> HttpResponse:
    """The page for `status`, with `sentence` where there is more to say than the usual."""
    heading, usual = _words(status)
    context = {"status": status, "heading": heading, "sentence": sentence or usual}
    if status == 404 and not request.path.startswith(SHARED):
        context |= _ways_on(request)
    return render(request, "web/pages/refusal.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The page for 400."""
    return refusal(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The page for 403."""
    return refusal(request, 403)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form that did not come from one of our pages, or from one that is too old."""
    return refusal(
        request,
        403,
        _("This form is too old or did not come from here. Load the page again and repeat."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The page for 404."""
    if request.path.startswith(API):
        return problems.respond(NotFound("There is nothing at this address."))
    return refusal(request, 404)


def failed(request: HttpRequest) -> HttpResponse:
    """The page for 500. It asks the database nothing, which may be what failed."""
    heading, sentence = _words(500)
    context = {"status": 500, "heading": heading, "sentence": sentence}
    return HttpResponse(render_to_string("web/pages/refusal.html", context), status=500)


class Refusals:
    """Middleware that turns a page's LaganError into the page that says it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as before."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A refusal with its own status and sentence; doors beneath /api/ translate their own."""
        if not isinstance(exception, LaganError) or request.path.startswith(API):
            return None
        # What is absent is said in one way, whether it is hidden or was never there.
        sentence = "" if exception.status == 404 else exception.sentence
        return refusal(request, exception.status, sentence)


def _ways_on(request: HttpRequest) -> dict[str, object]:
    """The address that was asked for, the place that it lies beneath and others, and a word of it
    to search for."""
    path = request.path
    beneath = [each for each in PLACES if each.address != "/" and path.startswith(each.address)]
    ways = [*beneath, *(each for each in PLACES if each.address in _OFTEN and each not in beneath)]
    words = [each for each in path.split("/") if len(each) > 2 and not each.isdigit()]
    guess = words[-1] if words and request.user.is_authenticated and not beneath else ""
    return {
        "address": readable(path)[:500],
        "ways": ways[:4],
        "guess": readable(guess).replace("-", " ")[:100],
    }


def _words(status: int) -> tuple[str, str]:
    """A heading and a sentence for a status."""
    known = {
        400: (
            _("This was not understood"),
            _("Something in the address or the form does not have the form that was asked for."),
        ),
        403: (
            _("Not yours to do"),
            _("You may see this, but not do that. Ask its owner or a group administrator."),
        ),
        404: (
            _("There is no such page"),
            _("The address may be mistyped, or what it names is not yours to see."),
        ),
        500: (
            _("Something went wrong here"),
            _("It is not your fault, and no data is lost. The hub's log has the details."),
        ),
        503: (
            _("Not reachable just now"),
            _("A part of the hub cannot be reached. Try again in a moment."),
        ),
    }
    return known.get(status, (_("This was refused"), ""))
