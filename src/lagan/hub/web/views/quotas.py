"""What groups may take and what they use: the list of quotas, one group with what lies beneath
it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.datasets import quotas
from lagan.hub.datasets.quotas import QuotaRow
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.hub.web import presented, shown
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import BadInput, LaganError, NotFound
from lagan.kit.sizes import parse_size


@dataclass(frozen=True, slots=True)
class Line:
    """An entity beneath a group: what it holds, and its own quota if it has one."""

    name: str
    address: str
    type: str
    bytes: int
    files: int
    quota: QuotaRow | None


@require_safe
@signed_in
def quota_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every quota that the visitor sees, in the order of the tree."""
    after = asked(request, "after")
    page = quotas.quotas(actor, after=after)
    context = {
        "quotas": page.items,
        "tops": tree.visible_entities(actor, "GROUP", parent=_root(), size=50).items,
        **presented.turning("/quotas/", after, page.next),
    }
    return render(request, "web/pages/quotas.html", context)


@require_safe
@signed_in
def quota(request: HttpRequest, actor: Actor, group: int) -> HttpResponse:
    """One group: the quotas that bind it, and what lies beneath it."""
    return _show(request, actor, group)


@require_POST
@signed_in
def set_quota(request: HttpRequest, actor: Actor, group: int) -> HttpResponse:
    """Give the group a quota, or say beside the form what is wrong with it."""
    try:
        quotas.set_quota(by=actor, group=group, **_wishes(request))
    except BadInput as refusal:
        if not quotas.may_govern(actor, group):
            raise
        given = request.POST.dict()
        return _show(request, actor, group, 400, refused=refusal.sentence, given=given)
    messages.success(request, _("The quota is set."))
    return redirect(f"/quotas/{group}/")


@require_POST
@signed_in
def clear_quota(request: HttpRequest, actor: Actor, group: int) -> HttpResponse:
    """Take the group's quota away."""
    try:
        quotas.clear_quota(by=actor, group=group)
        messages.success(request, _("The group has no quota of its own any more."))
    except NotFound:
        raise
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
    return redirect(f"/quotas/{group}/")


def _show(
    request: HttpRequest, actor: Actor, group: int, status: int = 200, **more: Any
) -> HttpResponse:
    entity = tree_services.require_sight(actor=actor, entity=group)
    if entity.type != "GROUP":
        raise NotFound("Only groups have quotas.", group=group)
    bound = quotas.above(actor, group)
    own = next((row for row in bound if row.group == group), None)
    context = {
        "group": entity,
        "where": tree.full_path([group])[group],
        "own": own,
        "above": [row for row in bound if row.group != group],
        "lines": _lines(actor, group),
        "governs": quotas.may_govern(actor, group),
        "given": _given(own),
        **more,
    }
    return render(request, "web/pages/quota.html", context, status=status)


def _lines(actor: Actor, group: int) -> list[Line]:
    """Groups first, those without data too: they can be given a quota; then datasets."""
    parts = {each.id: each for each in quotas.parts(actor, group)}
    groups = tree.visible_entities(actor, "GROUP", parent=group, size=200).items
    own = quotas.of_groups([each.id for each in groups])
    lines = [
        Line(
            each.name, f"/quotas/{each.id}/", "GROUP", part.bytes if part else 0,
            part.files if part else 0, own.get(each.id),
        )
        for each in groups
        for part in [parts.get(each.id)]
    ]  # fmt: skip
    lines += [
        Line(each.name, f"/datasets/{each.id}/", each.type, each.bytes, each.files, None)
        for each in parts.values()
        if each.type == "DATASET"
    ]
    return sorted(lines, key=lambda line: (line.type != "GROUP", -line.bytes, line.name))


def _wishes(request: HttpRequest) -> dict[str, Any]:
    given = request.POST
    size, files, levels = (given.get(each, "").strip() for each in ("bytes", "files", "levels"))
    if files and not (files.isascii() and files.isdigit()):
        raise BadInput(_("The number of files is a whole number."), field="files")
    words = levels.replace(",", " ").replace("%", " ").split()
    if not all(word.isascii() and word.isdigit() for word in words):
        raise BadInput(_("Levels are numbers like 80, 90."), field="levels")
    return {
        "bytes": parse_size(size) if size else None,
        "files": int(files) if files else None,
        "levels": [int(word[:6]) for word in words],
    }


def _given(own: QuotaRow | None) -> dict[str, str]:
    """What the form begins with."""
    if own is None:
        return {"bytes": "", "files": "", "levels": "80, 90"}
    return {
        "bytes": "" if own.bytes is None else shown.exact_size(own.bytes),
        "files": "" if own.files is None else str(own.files),
        "levels": ", ".join(map(str, own.levels)),
    }


def _root() -> int:
    return tree_services.ground().root.id
