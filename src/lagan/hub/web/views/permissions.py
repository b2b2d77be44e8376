"""Who may do what with an entity: the editor, why somebody may, who may, what each one means."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lagan.hub.base.actors import Actor
from lagan.hub.tree import queries, services
from lagan.hub.tree.meanings import meaning
from lagan.hub.tree.permissions import Permission, can_matter, families_on, known_permission
from lagan.hub.web import permissions, presented
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import BadInput, LaganError, NotFound

SIZE = 50
"""Holders on a page."""


@require_safe
@signed_in
def meanings(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every permission and what it allows."""
    context = {"families": permissions.explained(list(Permission))}
    return render(request, "web/pages/permission_meanings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def editor(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """The four columns for a subject at the entity; setting them."""
    if request.method == "POST":
        return _set(request, actor, entity)
    context = _editor(request, actor, entity)
    part = request.headers.get("HX-Target") == "editor"
    page = "web/parts/permission_editor.html" if part else "web/pages/permissions.html"
    return render(request, page, context)


def _editor(request: HttpRequest, actor: Actor, entity: int) -> dict[str, Any]:
    given, name, text = _number(request, "subject"), asked(request, "name"), asked(request, "text")
    insight = services.require_insight(actor=actor, entity=entity, subject=given or actor.entity)
    subjects = queries.tell_subjects(insight) if insight.every else []
    subject = given or _first(subjects, actor)
    about = services.require_subject(insight=insight, subject=subject, name=name)
    rows = queries.tell_columns(insight, subject)
    kind, every = insight.entity.type, asked(request, "all") == "1"
    kept = {"subject": str(subject), "name": name}
    here = f"/entities/{entity}/permissions/"
    find = asked(request, "find")
    return {
        **entity_head(insight, "permissions"),
        "subject": about,
        "subjects": subjects,
        "fresh": about.pk not in {each.id for each in subjects},
        "families": permissions.families(
            rows,
            entity=entity,
            kind=kind,
            subject=subject,
            settable=queries.permissions_on(actor, entity) if insight.every else (),
            every=every,
            text=text,
            name=name,
        ),
        "may_set": insight.every,
        "offers_roles": _offers_roles(actor, insight),
        "text": text,
        "name": name,
        "every": every,
        "other": presented.addressed(here, **kept, text=text, all="" if every else "1"),
        "find": find,
        "found": queries.people_to_name(actor, find) if insight.every else [],
    }


def _offers_roles(actor: Actor, insight: queries.Insight) -> bool:
    """Whether the group's role groups can be made in one step by the visitor."""
    entity = insight.entity
    return (
        entity.type == "GROUP" and insight.every and queries.may(actor, "GROUP_CREATE", entity.id)
    )


def _first(subjects: list[queries.Named], actor: Actor) -> int:
    """Whom the editor shows when nobody was chosen: the first with marks here, else the
    visitor."""
    first = next((each.id for each in subjects if each.id is not None), actor.entity)
    if first is None:
        raise NotFound("Nobody has permissions here.")
    return first


def _set(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """Replace the marks that the form showed; those that it did not show stay."""
    form = request.POST
    subject = _posted_number(form, "subject")
    shown = set(form.getlist("shown"))
    granted, denied = queries.grants_on(entity).get(subject, (frozenset(), frozenset()))
    try:
        services.set_grants(
            by=actor,
            subject=subject,
            object=entity,
            grant=(granted - shown) | (shown & set(form.getlist("grant"))),
            deny=(denied - shown) | (shown & set(form.getlist("deny"))),
        )
        messages.success(request, _("The permissions are set."))
    except NotFound:
        raise
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
    kept = {each: form.get(each, "") for each in ("name", "all", "text")}
    here = f"/entities/{entity}/permissions/"
    return redirect(presented.addressed(here, subject=str(subject), **kept))


@require_safe
@signed_in
def why(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """Why a subject may or may not: a page, or for htmx the part that says it."""
    subject, permission = (
        _number(request, "subject"),
        known_permission(asked(request, "permission")),
    )
    about = subject or actor.entity or 0
    insight = services.require_insight(actor=actor, entity=entity, subject=about)
    services.require_subject(insight=insight, subject=about, name=asked(request, "name"))
    told = queries.tell_why(insight, about, permission)
    who = presented.addressed(f"/entities/{entity}/permissions/who/", permission=permission)
    context = {"told": told, "meaning": meaning(permission), "who": who}
    if request.headers.get("HX-Request") == "true":
        return render(request, "web/parts/why.html", context)
    return render(request, "web/pages/why.html", {**entity_head(insight, "permissions"), **context})


@require_safe
@signed_in
def who(request: HttpRequest, actor: Actor, entity: int) -> HttpResponse:
    """Who holds a permission on the entity, as far as the visitor sees them."""
    insight = services.require_insight(actor=actor, entity=entity)
    kind = insight.entity.type
    choices = [each for each in _ordered(kind) if can_matter(each, kind)]
    given = asked(request, "permission")
    permission = known_permission(given) if given else Permission(f"{kind}_READ")
    type, after = asked(request, "type") or "USER", asked(request, "after")
    page = queries.tell_who(insight, permission, type=type, after=after, size=SIZE)
    here, kept = f"/entities/{entity}/permissions/who/", {"permission": str(permission)}
    context = {
        **entity_head(insight, "permissions/who"),
        "page": page,
        "permission": permission,
        "meaning": meaning(permission),
        "choices": choices,
        "type": type,
        "types": [
            presented.Choice(words, presented.addressed(here, **kept, type=each), each == type)
            for each, words in (("USER", _("Users")), ("GROUP", _("Groups")))
        ],
        "granted": queries.tell_granted(insight, permission),
        "every": insight.every,
        **presented.turning(here, after, page.next, **kept, type=type),
    }
    return render(request, "web/pages/who.html", context)


def entity_head(insight: queries.Insight, part: str) -> dict[str, Any]:
    """What the head of every page about an entity's permissions needs."""
    entity = insight.entity
    return {
        "entity": entity,
        "path": queries.full_path([entity.id])[entity.id],
        "tabs": permissions.tabs(entity.id, entity.type, part),
    }


def _ordered(kind: str) -> list[Permission]:
    return [
        each
        for family in families_on(kind)
        for each in Permission
        if each.partition("_")[0] == family
    ]


def _number(request: HttpRequest, name: str) -> int | None:
    """A number of the address, None without one. BadInput for what is none."""
    value = asked(request, name)
    if not value:
        return None
    return as_number(value, name)


def _posted_number(form: QueryDict, name: str) -> int:
    return as_number(form.get(name, ""), name)


def as_number(value: str, name: str) -> int:
    """The number of an entity as a form or an address gives it. BadInput for what is none."""
    if not value.isdecimal() or len(value) > 18:
        raise BadInput(f"{name} is the number of an entity.", field=name)
    return int(value)
