"""The datasets page: searching with everything in the address, counts by value, saved searches."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.datasets.search import facets as counting
from lagan.hub.datasets.search import queries, services
from lagan.hub.datasets.search.asking import NAMES, Query, asked
from lagan.hub.datasets.search.conditions import condition
from lagan.hub.datasets.search.errors import BadSearch
from lagan.hub.web import searching
from lagan.hub.web.visitor import signed_in
from lagan.kit.errors import LaganError, NotFound

PAGE = "/datasets/"


@require_safe
@signed_in
def dataset_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Datasets that the visitor may read, found as the address says. A condition that was put
    together in the form becomes part of the address first."""
    query = asked(_parameters(request))
    draft, problem = _draft(request), ""
    if draft["key"]:
        try:
            made = condition(draft["key"], draft["comparator"], draft["value"], draft["filter"])
            return redirect(searching.address(asked([*query.parameters, ("where", made.written)])))
        except BadSearch as refusal:
            problem = refusal.sentence
    elif request.GET.get("form"):
        return redirect(searching.address(query))
    after = request.GET.get("after") or None
    found = queries.search(actor, query, after=after)
    context = {
        "found": found,
        "query": query,
        "draft": draft,
        "problem": problem,
        "counts": _counts(request, actor, query) if request.GET.get("facets") else None,
        "saved": queries.saved(actor),
        "groups": queries.sharing_groups(actor),
        **searching.page(query),
        "next_page": searching.address(query, after=found.next) if found.next else None,
        "first_page": searching.address(query) if after else None,
    }
    return render(request, "web/pages/datasets.html", context)


@require_safe
@signed_in
def facets(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The counts alone, which the page asks for once it is there."""
    query = asked(_parameters(request))
    context = {"counts": _counts(request, actor, query), "query": query}
    return render(request, "web/parts/facets.html", context)


@require_POST
@signed_in
def save(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keep the search of the form under a name."""
    given = request.POST.get("parameters", "")
    query = asked(parse_qsl(given, keep_blank_values=True))
    _acted(
        request,
        lambda: services.save_search(
            by=actor, name=request.POST.get("name", ""), query=query, group=_group(request)
        ),
        _("The search is saved."),
    )
    return redirect(searching.address(query))


@require_POST
@signed_in
def change(request: HttpRequest, actor: Actor, search: int) -> HttpResponse:
    """Rename a saved search or share it otherwise."""
    _acted(
        request,
        lambda: services.change_search(
            by=actor, search=search, name=request.POST.get("name", ""), group=_group(request)
        ),
        _("The search is changed."),
    )
    return redirect(PAGE)


@require_POST
@signed_in
def forget(request: HttpRequest, actor: Actor, search: int) -> HttpResponse:
    """Forget a saved search."""
    _acted(
        request,
        lambda: services.forget_search(by=actor, search=search),
        _("The search is forgotten."),
    )
    return redirect(PAGE)


def _parameters(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, value) for name in NAMES for value in request.GET.getlist(name)]


def _draft(request: HttpRequest) -> dict[str, str]:
    """A condition that is being put together."""
    names = ("key", "comparator", "filter", "value")
    given = {name: request.GET.get(name, "").strip() for name in names}
    return {**given, "comparator": given["comparator"] or "="}


def _counts(request: HttpRequest, actor: Actor, query: Query) -> dict[str, Any]:
    keys = [each for each in request.GET.getlist("count") if each.strip()]
    return searching.counts(query, counting.facets(actor, query, keys), keys)


def _group(request: HttpRequest) -> int | None:
    given = request.POST.get("group", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def _acted(request: HttpRequest, act: Any, done: str) -> None:
    try:
        act()
        messages.success(request, done)
    except NotFound:
        raise
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
