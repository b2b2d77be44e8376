"""Administration of sites: add, delete, addresses, limits, places; their keys and their workers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.jobs import keys, marks, presence, sites
from lagan.hub.jobs.site_rights import may_administer, require_administer
from lagan.hub.web import picking
from lagan.hub.web.views.jobs import is_part
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import BadInput, LaganError, NotFound

HERE = "/administration/sites/"


@require_safe
@signed_in
def administration(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The first of its tabs."""
    return redirect(HERE)


@require_safe
@signed_in
def site_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The sites by name, either way; its live part alone for htmx."""
    return _list(request, actor)


@require_POST
@signed_in
def add(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A new site; then its page, where its key is made."""
    name = request.POST.get("name", "").strip()
    try:
        row = sites.add_site(by=actor, name=name)
    except LaganError as refusal:
        return _list(request, actor, refused=refusal, given=name)
    messages.success(request, _("The site is added. Make a key for its workers now."))
    return redirect(f"{HERE}{row.pk}/")


@require_POST
@signed_in
def remove(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Delete the sites that were ticked, once that was confirmed."""
    require_administer(actor)
    picked = [_id(each) for each in request.POST.getlist("site")]
    rows = [sites.site(actor, each) for each in dict.fromkeys(picked)]
    if not rows:
        messages.error(request, _("Tick the sites to delete first."))
    elif not request.POST.get("confirmed"):
        return render(request, "web/pages/sites_remove.html", {"sites": rows})
    else:
        _remove(request, actor, [(row.pk, row.name) for row in rows])
    return redirect(HERE)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def site(request: HttpRequest, actor: Actor, site: int) -> HttpResponse:
    """One site: what it is called, how much runs there, who may use it, its keys and workers."""
    if request.method != "POST":
        return _site(request, actor, site)
    try:
        sites.change_site(by=actor, site=site, **_posted(request, actor))
    except LaganError as refusal:
        if refusal.status == 404 and not refusal.facts.get("entity"):
            raise
        return _site(request, actor, site, refused=refusal)
    messages.success(request, _("The site is changed."))
    return redirect(f"{HERE}{site}/")


@require_POST
@signed_in
def make_key(request: HttpRequest, actor: Actor, site: int) -> HttpResponse:
    """A new key for the site's workers, shown this once."""
    row = sites.site(actor, site)
    name = request.POST.get("name", "")
    try:
        key, text = keys.make_site_key(site=row.name, name=name, by=actor)
    except LaganError as refusal:
        return _site(request, actor, site, key_refused=refusal)
    return _site(request, actor, site, made={"name": key.name, "secret": text})


@require_POST
@signed_in
def revoke_key(request: HttpRequest, actor: Actor, site: int, key: int) -> HttpResponse:
    """Workers that have only this key are refused from now on."""
    row = sites.site(actor, site)
    if not any(each.pk == key for each in keys.site_keys(row.name)):
        raise NotFound(f"There is no key {key} of this site.")
    keys.revoke_site_key(key=key, by=actor)
    messages.success(request, _("The key is revoked."))
    return redirect(f"{HERE}{site}/")


def _list(
    request: HttpRequest, actor: Actor, refused: LaganError | None = None, given: str = ""
) -> HttpResponse:
    down = asked(request, "sort") == "-name"
    mark = marks.digest(marks.of_sites(actor))
    rows = list(sites.visible(actor).order_by("-name" if down else "name"))
    there = presence.workers()
    context = {
        "live": mark,
        "sites": [(row, _workers_of(row.name, there)) for row in rows],
        "down": down,
        "administers": may_administer(actor),
        "refused": refused.sentence if refused else "",
        "given": given,
    }
    template = "web/parts/sites.html" if is_part(request) else "web/pages/sites.html"
    return render(request, template, context, status=refused.status if refused else 200)


def _workers_of(site: str, there: list[presence.WorkerRow]) -> list[presence.WorkerRow]:
    return [each for each in there if each.site == site and each.online]


def _site(
    request: HttpRequest,
    actor: Actor,
    id: int,
    refused: LaganError | None = None,
    key_refused: LaganError | None = None,
    **more: Any,
) -> HttpResponse:
    mark = marks.digest(marks.of_sites(actor))
    row = sites.site(actor, id)
    administers = may_administer(actor)
    context: dict[str, Any] = {
        "live": mark,
        "site": row,
        "workers": presence.workers(row.name),
        "administers": administers,
        "refused": refused.sentence if refused else "",
        "field": refused.facts.get("field") if refused else None,
        "key_refused": key_refused.sentence if key_refused else "",
        "given": request.POST if refused else None,
        "addresses": request.POST.get("addresses", "") if refused else "\n".join(row.addresses),
        **more,
    }
    if is_part(request) and request.method != "POST":
        return render(request, "web/parts/workers.html", context)
    if administers:
        context["keys"] = keys.site_keys(row.name)
        context["place"] = _place(actor, row.place)
    odd = refused or key_refused
    return render(request, "web/pages/site.html", context, status=odd.status if odd else 200)


def _place(actor: Actor, place: int | None) -> dict[str, Any]:
    label = _("Who may use it: those with rights in this group")
    hint = _("Without one, those with rights on the root of the tree.")
    given: dict[str, Any] = {"name": "place", "label": label, "types": ["GROUP"], "hint": hint}
    try:
        return picking.picker(actor, chosen=place, optional=True, **given)
    except NotFound:  # the group has gone
        return picking.picker(actor, optional=True, **given)


def _posted(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    given = request.POST
    limit = given.get("limit", "").strip()
    if not (limit.isascii() and limit.isdigit() and len(limit) < 7):
        raise BadInput(_("How many tasks run at once is a whole number."), field="limit")
    kept = given.get("place") and not given.get("no_place")
    place = picking.picked(actor, given.dict(), "place") if kept else None
    return {
        "name": given.get("name", "").strip(),
        "title": given.get("title", ""),
        "limit": int(limit),
        "place": place,
        "addresses": given.get("addresses", "").split(),
    }


def _remove(request: HttpRequest, actor: Actor, rows: list[tuple[int, str]]) -> None:
    gone = 0
    for id, _name in rows:
        try:
            sites.remove_site(by=actor, site=id)
            gone += 1
        except LaganError as refusal:
            messages.error(request, refusal.sentence)
    if gone:
        said = ngettext("%(n)d site is deleted.", "%(n)d sites are deleted.", gone) % {"n": gone}
        messages.success(request, said)


def _id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadInput("A site is named by its number.", field="site")
    return int(text)
