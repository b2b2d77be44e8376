"""The landing page of a dataset: what it is and how to cite it, in the form that was asked for."""

from __future__ import annotations

import json

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from lagan.hub.accounts.auth import ANYBODY
from lagan.hub.base.problems import respond
from lagan.hub.datasets import reach as reaching
from lagan.hub.datasets.description import citation, schema_org
from lagan.hub.datasets.description.facts import Facts, facts
from lagan.hub.datasets.description.forms import CRATE, FORMS, form, links
from lagan.hub.datasets.reach import Reach
from lagan.hub.web import presented
from lagan.kit.errors import LaganError, NotSignedIn

PAGE = "text/html"
KINDS = {kind: name for name, (kind, _) in FORMS.items()}
"""Media types that may be asked for in place of the page."""


@require_safe
@vary_on_headers("Accept", "Cookie", "Authorization")
def landing(request: HttpRequest, dataset: int) -> HttpResponse:
    """The page, or the metadata in the form that `Accept` prefers."""
    wanted = request.get_preferred_type([PAGE, *KINDS]) or PAGE
    try:
        reach = reaching.reach(ANYBODY(request), dataset)
        about = facts(reach, request.build_absolute_uri("/").rstrip("/"))
        response = _page(request, reach, about) if wanted == PAGE else _form(about, KINDS[wanted])
    except NotSignedIn as refusal:
        if wanted == PAGE:
            return redirect_to_login(request.get_full_path())
        return respond(refusal)
    except LaganError as refusal:
        if wanted == PAGE:
            raise
        return respond(refusal)
    response["Link"] = ", ".join(_link(address, about) for address, about in links(about))
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def _form(about: Facts, name: str) -> HttpResponse:
    kind, body = form(about, name)
    return HttpResponse(body, content_type=kind)


def _page(request: HttpRequest, reach: Reach, about: Facts) -> HttpResponse:
    page = reaching.folder(reach, "") if reach.files else None
    context = {
        "about": about,
        "reach": reach,
        "citation": citation.sentence(about),
        "meta": schema_org.meta_tags(about),
        "linked": _script(schema_org.dataset(about)),
        "forms": [CRATE, *FORMS],
        "lines": [presented.file_line(about.row.id, each, None) for each in page.items[:25]]
        if page
        else [],
        "more": page is not None and (page.next is not None or len(page.items) > 25),
        "others": [(key.lstrip("."), values) for key, values in about.others.items()],
    }
    return render(request, "web/pages/landing.html", context)


def _script(told: object) -> SafeString:
    """JSON for a data block: nothing in it ends the block."""
    text = json.dumps(told, ensure_ascii=False)
    for sign, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(sign, code)
    return mark_safe(text.encode("utf-8", "replace").decode())  # noqa: S308  escaped above


def _link(address: str, attributes: dict[str, str]) -> str:
    words = "; ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f"<{_plain(address)}>; {words}"


def _plain(address: str) -> str:
    """An address as a header can hold it: people write them, also with other signs in them."""
    kept = "".join(each for each in address if each.isprintable() and each not in '<>"\\ ')
    return kept.encode("ascii", "ignore").decode()
