"""The visitor's own ways in: logins, password, second factor, sessions; and the visitor's own
data."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import password_validation, update_session_auth_hash
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lagan.hub.accounts import post, queries, services
from lagan.hub.base.actors import Actor
from lagan.hub.web.views.login import drawn, typed_twice
from lagan.hub.web.visitor import signed_in
from lagan.kit.errors import BadInput, LaganError

HERE = "/profile/security/"


@require_safe
@signed_in
def security(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every way in, and every session."""
    user = queries.user_of(actor)
    linked = list(queries.logins(actor))
    known = {each.name: each for each in queries.providers()}
    names = {each.provider for each in linked}
    context = {
        "tab": "security",
        "person": user,
        "logins": [(each, known.get(each.provider)) for each in linked],
        "others": [each for each in known.values() if each.name not in names],
        "factors": queries.factors(user),
        "codes_left": queries.recovery_codes_left(user),
        "needed": queries.needs_factor(user),
        "visits": queries.visits(actor),
        "here": request.session.session_key,
        "mail": post.ready(),
    }
    return render(request, "web/pages/security.html", context)


@require_POST
@signed_in
def unlink(request: HttpRequest, actor: Actor, login: int) -> HttpResponse:
    """Take one identity elsewhere away."""
    return _done(
        request,
        lambda: services.unlink(by=actor, login=login),
        _("That login does not open this account any more."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def change_password(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A new password, in the dialogue of the seed: choose which, type it twice."""
    user = queries.user_of(actor)
    known = {each.name: each for each in queries.providers()}
    context: dict[str, Any] = {
        "tab": "security",
        "person": user,
        "elsewhere": [
            known[each.provider] for each in queries.logins(actor) if each.provider in known
        ],
        "rules": password_validation.password_validators_help_texts(),
        "mail": post.ready(),
    }
    if request.method != "POST":
        return render(request, "web/pages/change_password.html", context)
    try:
        changed = services.change_password(
            by=actor,
            current=request.POST.get("current", ""),
            password=typed_twice(request),
            keep=request.session.session_key,
        )
    except LaganError as refusal:
        context |= {"refused": refusal.sentence, "field": refusal.facts.get("field")}
        return render(request, "web/pages/change_password.html", context, status=refusal.status)
    key = request.session.session_key
    update_session_auth_hash(request, changed)
    if key:
        services.rename_visit(session=key, to=request.session.session_key)
    messages.success(request, _("Your password is changed; you are logged out everywhere else."))
    return redirect(HERE)


@require_POST
@signed_in
def send_link(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Mail the visitor a link to choose a password."""
    return _done(
        request,
        lambda: services.send_password_link(by=actor, username=actor.name),
        _("A letter with a link is on its way to you."),
    )


@require_POST
@signed_in
def send_confirmation(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Mail the visitor a link that confirms the address."""
    return _done(
        request,
        lambda: services.send_confirmation(by=actor),
        _("A letter with a link is on its way to you."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def set_up(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Set up an authenticator, and prove that it works."""
    refused, status = "", 200
    if request.method == "POST":
        try:
            codes = services.confirm_totp(by=actor, code=request.POST.get("code", ""))
        except BadInput as refusal:
            refused, status = refusal.sentence, refusal.status
        else:
            request.session[queries.SECOND] = True
            return _show_codes(request, codes)
    seed = services.begin_totp(by=actor)
    context = {"seed": seed, "drawing": drawn(seed.address), "refused": refused, "inside": True}
    return render(request, "web/pages/enrol.html", context, status=status)


@require_POST
@signed_in
def remove_factor(request: HttpRequest, actor: Actor, factor: int) -> HttpResponse:
    """Take one second factor away; a code proves whose it is."""
    code = request.POST.get("code", "")
    return _done(
        request,
        lambda: services.remove_factor(by=actor, factor=factor, code=code),
        _("The second factor is removed."),
    )


@require_POST
@signed_in
def new_codes(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A fresh set of recovery codes, shown this once."""
    try:
        codes = services.new_recovery_codes(by=actor, code=request.POST.get("code", ""))
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
        return redirect(HERE)
    return _show_codes(request, codes)


@require_POST
@signed_in
def end_session(request: HttpRequest, actor: Actor, visit: int) -> HttpResponse:
    """Log one of the visitor's sessions out."""
    return _done(
        request,
        lambda: services.end_visit(by=actor, visit=visit),
        _("That session is logged out."),
    )


@require_POST
@signed_in
def end_sessions(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Log all but this session out."""
    key = request.session.session_key
    return _done(
        request,
        lambda: services.end_other_visits(by=actor, keep=key),
        _("You are logged out everywhere else."),
    )


@require_safe
@signed_in
def my_data(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What is kept about the visitor, part by part."""
    context = {"tab": "data", "person": queries.user_of(actor), "parts": services.personal_parts()}
    return render(request, "web/pages/my_data.html", context)


@require_POST
@signed_in
def download(request: HttpRequest, actor: Actor) -> HttpResponseBase:
    """All of it, as a zip of JSON and one readable page."""
    file = services.export_personal(by=actor, username=actor.name)
    return FileResponse(file, as_attachment=True, filename=f"personal-data-{actor.name}.zip")


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    if not codes:
        messages.success(request, _("The second factor is set up."))
        return redirect(HERE)
    context = {"codes": codes, "after": HERE}
    answer = render(request, "web/pages/codes.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def _done(request: HttpRequest, act: Any, said: str) -> HttpResponse:
    try:
        act()
    except LaganError as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    return redirect(HERE)
