"""Members of a group, roles of an entity, and new groups with their roles."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.tree import queries, services
from lagan.hub.web import permissions, presented
from lagan.hub.web.views.permissions import as_number, entity_head
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import LaganError, NotFound

SIZE = 50
"""Members on a page."""


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def members(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """Who is a member of a group; adding one."""
    if request.method == "POST":
        return _change(request, actor, entity, add=True)
    group = services.require_roll(actor=actor, group=entity)
    after, find = asked(request, "after"), asked(request, "find")
    page = queries.members_page(entity, after=after, size=SIZE)
    settable = queries.may(actor, "GROUP_MEMBER_SET", entity)
    there = {each.pk for each in page.items}
    found = queries.people_to_name(actor, find) if settable else []
    context = {
        "entity": group,
        "path": queries.full_path([entity])[entity],
        "tabs": permissions.tabs(entity, "GROUP", "members"),
        "page": page,
        "settable": settable,
        "find": find,
        "found": [each for each in found if each.id not in there],
        **presented.turning(f"/entities/{entity}/members/", after, page.next),
    }
    return render(request, "web/pages/members.html", context)


@require_POST
@signed_in
def remove_member(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """End a membership, and say so."""
    return _change(request, actor, entity, add=False)


def _change(request: HttpRequest, actor: Actor, entity: int, *, add: bool) -> HttpResponse:
    member = as_number(request.POST.get("member", ""), "member")
    try:
        if add:
            services.add_member(by=actor, member=member, group=entity)
            messages.success(request, _("The member is added."))
        else:
            services.remove_member(by=actor, member=member, group=entity)
            messages.success(request, _("The member is removed."))
    except NotFound:
        raise
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
    return redirect(f"/entities/{entity}/members/")


@require_safe
@signed_in
def roles(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """Every role that an entity has, and through what."""
    insight = services.require_insight(actor=actor, entity=entity, subject=entity)
    context = {**entity_head(insight, "roles"), "roles": queries.tell_roles(insight)}
    return render(request, "web/pages/roles.html", context)


@require_POST
@signed_in
def make_roles(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """Make a group's role groups in one step."""
    try:
        made = services.make_roles(by=actor, group=entity, kind=request.POST.get("kind", ""))
    except NotFound:
        raise
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, _said(made))
    return redirect(f"/entities/{entity}/permissions/")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def new_group(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A research group or a laboratory with its roles, in one step."""
    given = request.POST if request.method == "POST" else request.GET
    kind = "lab" if given.get("kind") == "lab" else "research"
    refused, status = "", 200
    if request.method == "POST":
        try:
            within = as_number(given.get("within", ""), "within")
            make = services.make_lab if kind == "lab" else services.make_research_group
            made = make(by=actor, within=within, name=given.get("name", ""))
        except LaganError as refusal:
            refused, status = refusal.sentence, refusal.status
        else:
            messages.success(request, _said(made))
            return redirect(f"/entities/{made.group.pk}/permissions/")
    return render(
        request, "web/pages/new_group.html", _form(actor, kind, given, refused), status=status
    )


def _form(actor: Actor, kind: str, given: Any, refused: str) -> dict[str, Any]:
    text = given.get("text", "").replace("\0", "")
    groups = queries.groups_for(actor, "GROUP_CREATE", text=text)
    paths = queries.full_path([each.pk for each in groups])
    return {
        "kind": kind,
        "kinds": [
            presented.Choice(words, presented.addressed("/groups/new/", kind=each), each == kind)
            for each, words in (("research", _("Research group")), ("lab", _("Laboratory")))
        ],
        "text": text,
        "name": given.get("name", ""),
        "within": given.get("within", ""),
        "groups": [(str(each.pk), paths[each.pk]) for each in groups],
        "refused": refused,
    }


def _said(made: services.RoleGroups) -> str:
    names = ", ".join(each.name for each in made.roles.values())
    return _("%(group)s has its roles: %(names)s.") % {"group": made.group.name, "names": names}
