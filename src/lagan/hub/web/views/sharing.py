"""A dataset's share tab: publish it, make links for people without an account, end them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.datasets import reach as reaching
from lagan.hub.datasets import services, sharing
from lagan.hub.tree import queries as tree
from lagan.hub.web import presented
from lagan.hub.web.views.datasets import _head as dataset_head
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import BadInput, LaganError, NotFound


@require_safe
@signed_in
def share(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """What is published of it, and its links."""
    return _show(request, actor, dataset)


@require_POST
@signed_in
def make_link(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """Make a link and show its address in this one answer; it is kept nowhere."""
    try:
        _link, token = services.create_link(by=actor, dataset=dataset, **_wishes(request))
    except (BadInput, NotFound) as refusal:
        if not tree.may(actor, "DATASET_PERM_SET", dataset):
            raise
        given = request.POST.dict()
        return _show(request, actor, dataset, 400, refused=refusal.sentence, given=given)
    address = request.build_absolute_uri(f"/s/{token}/")
    return _show(request, actor, dataset, made=address)


@require_POST
@signed_in
def revoke_link(request: HttpRequest, actor: Actor, dataset: int, key: int) -> HttpResponse:
    """End a link, and say so."""
    services.revoke_link(by=actor, dataset=dataset, link=key)
    messages.success(request, _("The link is revoked; it opens nothing any more."))
    return redirect(f"/datasets/{dataset}/share/")


@require_POST
@signed_in
def publish(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """Publish it, with or without its files."""
    return _act(
        request,
        dataset,
        lambda: services.publish(
            by=actor, dataset=dataset, files=request.POST.get("files") == "with"
        ),
        _("Published: anybody who has its address sees its landing page."),
    )


@require_POST
@signed_in
def unpublish(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """Publish it no longer."""
    return _act(
        request,
        dataset,
        lambda: services.unpublish(by=actor, dataset=dataset),
        _("No longer published."),
    )


def _act(request: HttpRequest, dataset: int, verb: Any, said: str) -> HttpResponse:
    try:
        verb()
        messages.success(request, said)
    except NotFound:
        raise
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
    return redirect(f"/datasets/{dataset}/share/")


def _show(
    request: HttpRequest, actor: Actor, dataset: int, status: int = 200, **more: Any
) -> HttpResponse:
    head = dataset_head(actor, dataset, "share")
    after = asked(request, "after")
    shares = tree.may(actor, "DATASET_PERM_SET", dataset)
    page = sharing.links(actor, dataset, after=after) if shares else None
    context = {
        **head,
        "shares": shares,
        "publishes": tree.may(actor, "DATASET_PUBLISH", dataset),
        "publication": reaching.published(dataset),
        "landing": request.build_absolute_uri(f"/d/{dataset}/"),
        "links": page.items if page else [],
        "days": sharing.DAYS,
        **presented.turning(f"/datasets/{dataset}/share/", after, page.next if page else None),
        **more,
    }
    return render(request, "web/pages/share.html", context, status=status)


def _wishes(request: HttpRequest) -> dict[str, Any]:
    given = request.POST
    return {
        "folder": given.get("folder", "").strip(),
        "days": _number(given.get("days", ""), "days") or sharing.DAYS,
        "password": given.get("password", ""),
        "most_downloads": _number(given.get("most_downloads", ""), "most_downloads"),
        "note": given.get("note", ""),
    }


def _number(text: str, field: str) -> int | None:
    if not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdigit() and len(text) < 12):
        raise BadInput(_("A number was expected."), field=field)
    return int(text)
