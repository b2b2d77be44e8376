"""Administration of users, for whoever holds the permissions on them: list, make, change, shut out,
unlock, anonymise."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lagan.hub.accounts import post, queries, services
from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import page_by_key
from lagan.hub.web import joblists
from lagan.hub.web.presented import turning
from lagan.hub.web.views.jobs import is_part
from lagan.hub.web.visitor import asked, signed_in
from lagan.kit.errors import LaganError, NotFound

SIZE = 50
FIELDS = ("username", "email", "full_name")


@require_safe
@signed_in
def people(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Those whom the visitor sees, by user name."""
    text, after = asked(request, "text"), asked(request, "after")
    rows = queries.found_users(actor, text)
    page = page_by_key(rows, keys=("username",), after=after or None, size=SIZE)
    context = {
        "page": page,
        "text": text,
        "may_create": queries.may_create_users(actor),
        "administers": queries.is_administrator(queries.user_of(actor)),
        **turning("/people/", after, page.next, text=text),
    }
    return render(request, "web/pages/people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def new_person(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make a user; a letter with the first password or a link goes out, if one can."""
    if not queries.may_create_users(actor):
        raise NotFound("There is no such page.")
    given = {name: request.POST.get(name, "").strip() for name in FIELDS}
    context: dict[str, Any] = {"given": given, "mail": post.ready()}
    if request.method != "POST":
        return render(request, "web/pages/new_person.html", context)
    try:
        user = services.create_user(
            by=actor,
            username=given["username"],
            email=given["email"],
            full_name=given["full_name"],
            admin=bool(request.POST.get("admin")),
        )
        sent = services.send_first_password(by=actor, user=user)
    except LaganError as refusal:
        context |= {"refused": refusal.sentence, "field": refusal.facts.get("field")}
        return render(request, "web/pages/new_person.html", context, status=refusal.status)
    made = _("%(name)s can log in soon.") % {"name": user.get_full_name()}
    if sent:
        letter = _("A letter is on its way to %(email)s.") % {"email": sent}
        messages.success(request, f"{made} {letter}")
        return redirect(f"/people/{user.username}/")
    link = services.make_password_link(user, by=actor)
    return _show(request, actor, user.username, link=request.build_absolute_uri(link))


@require_safe
@signed_in
def person(request: HttpRequest, actor: Actor, username: str) -> HttpResponse:
    """One of them, what the visitor may do about it, and their jobs; of these the live part alone
    for htmx."""
    if is_part(request):
        user = queries.visible_user(actor, username)
        return render(request, "web/parts/jobs.html", _jobs(request, actor, user.username))
    return _show(request, actor, username)


@require_POST
@signed_in
def change(request: HttpRequest, actor: Actor, username: str) -> HttpResponse:
    """Change the address and the names."""
    given = {name: request.POST.get(name, "") for name in ("email", "first_name", "last_name")}
    try:
        services.change_user(by=actor, username=username, **given)
    except LaganError as refusal:
        return _show(request, actor, username, status=refusal.status, refused=refusal.sentence)
    messages.success(request, _("The account is changed."))
    return redirect(f"/people/{username}/")


@require_POST
@signed_in
def act(request: HttpRequest, actor: Actor, username: str, verb: str) -> HttpResponse:
    """One of the acts that need no more than a press of a button."""
    verbs = {
        "deactivate": (_deactivate, _("The account is shut; all its sessions have ended.")),
        "activate": (_activate, _("The account is open again.")),
        "unlock": (services.unlock, _("Failed tries are forgotten.")),
        "reset-factor": (services.reset_factors, _("The second factor is gone.")),
        "send-link": (services.send_password_link, _("A letter with a link is on its way.")),
        "send-password": (services.send_generated_password, _("A new password is on its way.")),
    }
    if verb not in verbs:
        raise NotFound("There is no such page.")
    do, said = verbs[verb]
    try:
        do(by=actor, username=username)
    except LaganError as refusal:
        if refusal.status == 404:
            raise
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    return redirect(f"/people/{username}/")


@require_POST
@signed_in
def show_link(request: HttpRequest, actor: Actor, username: str) -> HttpResponse:
    """A link to choose a password, to be passed on by hand; shown this once."""
    link = services.link_for(by=actor, username=username)
    return _show(request, actor, username, link=request.build_absolute_uri(link))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def anonymise(request: HttpRequest, actor: Actor, username: str) -> HttpResponse:
    """Say what will be gone and what stays; the user name typed again confirms it."""
    user = queries.visible_user(actor, username)
    if "USER_DELETE" not in queries.permissions(actor, user):
        raise NotFound("There is no such page.")
    context: dict[str, Any] = {"person": user, "parts": services.personal_parts()}
    if request.method != "POST":
        return render(request, "web/pages/anonymise.html", context)
    if request.POST.get("confirm", "").strip() != user.username:
        context["refused"] = _("This is not the user name.")
        return render(request, "web/pages/anonymise.html", context, status=400)
    try:
        services.anonymise(by=actor, username=username)
    except LaganError as refusal:
        context["refused"] = refusal.sentence
        return render(request, "web/pages/anonymise.html", context, status=refusal.status)
    messages.success(request, _("Nothing says any more who this was."))
    return redirect("/people/")


@require_POST
@signed_in
def data(request: HttpRequest, actor: Actor, username: str) -> HttpResponseBase:
    """What is kept about a person, as a zip."""
    file = services.export_personal(by=actor, username=username)
    return FileResponse(file, as_attachment=True, filename=f"personal-data-{username}.zip")


def _show(
    request: HttpRequest, actor: Actor, username: str, status: int = 200, **more: Any
) -> HttpResponse:
    user = queries.visible_user(actor, username)
    context = {
        "person": user,
        "itself": user.entity_id == actor.entity,
        "may": queries.permissions(actor, user),
        "where": queries.home_of(user),
        "logins": queries.logins_of(user),
        "second": queries.has_factor(user),
        "mail": post.ready(),
    }
    asked_for = request if request.method == "GET" else None
    context |= _jobs(asked_for, actor, user.username)
    return render(request, "web/pages/person.html", {**context, **more}, status=status)


def _jobs(request: HttpRequest | None, actor: Actor, username: str) -> dict[str, Any]:
    """The list of their jobs as the address asks for it."""
    base = f"/people/{quote(username)}/"
    found = joblists.Asking(base=base, owner=username)
    if request is not None:
        found = joblists.asking(request, base=base, owner=username)
    listed = joblists.job_list(actor, found)
    return {**listed, **joblists.choices(actor, found, listed["stats"])}


def _deactivate(*, by: Actor, username: str) -> None:
    services.set_active(by=by, username=username, active=False)


def _activate(*, by: Actor, username: str) -> None:
    services.set_active(by=by, username=username, active=True)
