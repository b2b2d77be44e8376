"""Depositing a package, changing its metadata, following it by a new version, having it prepared
and certified. Zips themselves go past Django: `web.depositing`."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.evidence.api import certificate_answer
from lagan.hub.evidence.certificate import make_certificate
from lagan.hub.packages import queries, services
from lagan.hub.packages.queries import KEPT
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.hub.web import groupcontext, pairs
from lagan.hub.web.visitor import signed_in
from lagan.kit.errors import LaganError, NotFound


@require_safe
@signed_in
def deposit(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The form of a new package."""
    if (back := groupcontext.remembered(request, actor)) is not None:
        return back
    context = groupcontext.chosen(request, actor)
    asked = _asked(context.id) if context.id is not None and context.may_deposit else []
    shown = {
        "context": context,
        "groups": [each for each in context.places if each.deposits],
        "pairs": pairs.filled({}, asked),
    }
    return render(request, "web/pages/package_deposit.html", shown)


@require_safe
@signed_in
def version(request: HttpRequest, actor: Actor, package: int) -> HttpResponse:
    """The form of its next version."""
    row = queries.package(actor, package)
    tree_services.require(actor=actor, permission="DATASET_CHANGE", entity=package)
    allowed = row.removed_at is None and row.status in KEPT and row.next_version is None
    shown = {"package": row, "allowed": allowed, "group": tree.full_path([row.group])[row.group]}
    return render(request, "web/pages/package_version.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def edit(request: HttpRequest, actor: Actor, package: int) -> HttpResponse:
    """Its name and metadata as a form; by POST they are changed."""
    row = queries.package(actor, package)
    tree_services.require(actor=actor, permission="DATASET_CHANGE", entity=package)
    tree_services.require(actor=actor, permission="DATASET_METADATA_READ", entity=package)
    name, filled = row.name, pairs.filled(row.user_metadata, _asked(row.group))
    text, refused = row.user_metadata if isinstance(row.user_metadata, str) else None, ""
    if request.method == "POST":
        get = request.POST.get
        name = get("name", "")
        try:
            metadata = pairs.read(get, row.user_metadata)
            services.update_package(by=actor, package=package, name=name, user_metadata=metadata)
            messages.success(request, _("The package was changed."))
            return redirect(f"/packages/{package}/")
        except NotFound:
            raise
        except LaganError as refusal:
            refused = refusal.sentence
            text = get(pairs.TEXT) if text is not None else None
            filled = [*pairs.sent(get), *pairs.filled({})]
    shown = {
        "package": row,
        "group": tree.full_path([row.group])[row.group],
        "name": name,
        "pairs": filled,
        "text": text,
        "refused": refused,
    }
    status = 400 if refused else 200
    return render(request, "web/pages/package_edit.html", shown, status=status)


@require_POST
@signed_in
def prepare(request: HttpRequest, actor: Actor, package: int) -> HttpResponse:
    """Have it prepared for a download; its page shows how far that is."""
    try:
        services.prepare(by=actor, package=package)
    except NotFound:
        raise
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
    return redirect(f"/packages/{package}/")


@require_POST
@signed_in
def certify(request: HttpRequest, actor: Actor, package: int) -> HttpResponse:
    """A certificate of what is kept of it, as a download."""
    made = make_certificate(by=actor, kind="package", id=package)
    return certificate_answer(made, "json" if request.POST.get("form") == "json" else "pdf")


def _asked(group: int) -> Sequence[str]:
    """The keys that the group's template knows, as pairs name them."""
    fields = tree.effective_template(group, "DATASET").fields
    return [key.lstrip(".") for key in fields if key.startswith(".")]
