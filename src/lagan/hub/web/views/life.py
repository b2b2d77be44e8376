"""What is done to a dataset beside filling it: expire date, removing, putting back, fetching."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from lagan.hub.base.actors import Actor
from lagan.hub.datasets import queries, services
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.hub.web.views.datasets import _head
from lagan.hub.web.visitor import signed_in
from lagan.kit.errors import LaganError, NotFound

GET_POST = ["GET", "HEAD", "POST"]


@require_http_methods(GET_POST)
@signed_in
def expiry(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """Another expire date, within what the policy allows, which the page says."""
    head = _head(actor, dataset, "expiry")
    tree_services.require(actor=actor, permission="DATASET_DELETE", entity=dataset)
    context = {
        **head,
        "latest": queries.latest_date(dataset),
        "unlimited": tree.may(actor, "DATASET_EXTEND_UNLIMITED", dataset),
    }
    if request.method != "POST":
        return render(request, "web/pages/expiry.html", context)
    given = request.POST.get("expires", "").replace("\0", "")
    try:
        row = services.set_expiry(by=actor, dataset=dataset, date=given)
    except NotFound:
        raise
    except LaganError as refusal:
        context |= {"given": given, "refused": refusal.sentence}
        return render(request, "web/pages/expiry.html", context, status=400)
    if row.expires_at is None:
        messages.success(request, _("It does not expire any more."))
    else:
        when = f"{row.expires_at:%Y-%m-%dT%H:%M:%SZ}"
        messages.success(request, _("It expires on %(when)s.") % {"when": when})
    return redirect(f"/datasets/{dataset}/")


@require_http_methods(GET_POST)
@signed_in
def remove(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """What will be removed, and then its removal."""
    head = _head(actor, dataset, "remove")
    tree_services.require(actor=actor, permission="DATASET_DELETE", entity=dataset)
    if request.method != "POST":
        days = services.RECOVERABLE.days
        return render(request, "web/pages/remove.html", {**head, "days": days})
    try:
        services.remove_dataset(by=actor, dataset=dataset)
        messages.success(request, _("The dataset is removed."))
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
    return redirect(f"/datasets/{dataset}/")


@require_POST
@signed_in
def restore(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """Take the removal back."""
    try:
        services.restore_dataset(by=actor, dataset=dataset)
        messages.success(request, _("The dataset is back."))
    except NotFound:
        raise
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
    return redirect(f"/datasets/{dataset}/")


@require_POST
@signed_in
def acquire(request: HttpRequest, actor: Actor, dataset: int) -> HttpResponse:
    """Fetch what the last try could not."""
    try:
        services.acquire_again(by=actor, dataset=dataset)
        messages.success(request, _("It is being fetched again."))
    except NotFound:
        raise
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
    return redirect(f"/datasets/{dataset}/")
