"""Log in with a password, then with whatever else the account asks for, and log out."""

from __future__ import annotations

from typing import Any

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, password_validation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from lagan.hub.accounts import oidc, post, queries, services
from lagan.hub.accounts.errors import LockedOut
from lagan.hub.base.actors import Actor
from lagan.hub.web import arriving
from lagan.hub.web.arriving import own_address
from lagan.kit.errors import BadInput, LaganError, NotFound, NotSignedIn


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Ask for name and password, or offer the providers; then lead to where the visitor wanted to
    go."""
    after = own_address(request, request.POST.get("next") or request.GET.get("next"))
    if request.user.is_authenticated:
        return redirect(after)
    username = request.POST.get("username", "")
    if request.method != "POST":
        return show_log_in(request, after)
    try:
        user = services.check_password(
            username=username, password=request.POST.get("password", ""), request=request
        )
    except LockedOut:
        minutes = round(float(settings.AXES_COOLOFF_TIME) * 60)
        facts = {"username": username, "locked": True, "minutes": minutes}
        return show_log_in(request, after, status=429, **facts)
    except NotSignedIn:
        refused = _("User name and password do not belong together.")
        return show_log_in(request, after, status=401, username=username, refused=refused)
    return arriving.arrived(request, user, how=arriving.PASSWORD, after=after, proven=False)


def show_log_in(
    request: HttpRequest, after: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    """The page with every way in, the one that was taken last first."""
    last = request.COOKIES.get(arriving.LAST, "")
    ways = sorted(queries.providers(), key=lambda each: each.name != last)
    context = {"next": after, "username": "", "ways": ways, "last": last, "mail": post.ready()}
    return render(request, "web/pages/login.html", {**context, **more}, status=status)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session, and offer to end the provider's as well."""
    how, token = request.session.get("how", ""), request.session.get("id_token", "")
    key = request.session.session_key
    if request.user.is_authenticated and key:
        services.close_visit(session=key)
    logout(request)
    messages.info(request, _("You are logged out."))
    there = _farewell(request, how, token)
    if there is None:
        return redirect(settings.LOGIN_URL)
    context = {"address": there[1], "label": there[0]}
    return render(request, "web/pages/farewell.html", context)


def _farewell(request: HttpRequest, how: str, token: str) -> tuple[str, str] | None:
    """The provider's name and its page for logging out, if there is one."""
    if not how or how == arriving.PASSWORD:
        return None
    try:
        provider, _secret = queries.provider(how)
    except NotFound:
        return None
    if provider.protocol != "oidc":
        return None
    back = request.build_absolute_uri(settings.LOGIN_URL)
    address = oidc.farewell(provider, token, back)
    return (provider.label, address) if address else None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second(request: HttpRequest) -> HttpResponse:
    """Ask for a one-time password or a recovery code."""
    found = arriving.on_the_way(request)
    if found is None:
        return _again(request)
    user, half = found
    if half.proven:
        return arriving.go_on(request, user, half)
    if request.method != "POST":
        return render(request, "web/pages/second.html")
    try:
        services.check_factor(user=user, code=request.POST.get("code", ""))
    except (NotSignedIn, LockedOut) as refusal:
        context = {"refused": _refused(refusal)}
        return render(request, "web/pages/second.html", context, status=refusal.status)
    return arriving.go_on(request, user, arriving.prove(request, user, half))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Set up the second factor without which this account does not get in."""
    found = arriving.on_the_way(request)
    if found is None:
        return _again(request)
    user, half = found
    if half.proven or queries.has_factor(user):
        return arriving.go_on(request, user, half)
    by = Actor(user.entity_id, user.username, half.how)
    if request.method == "POST":
        try:
            codes = services.confirm_totp(by=by, code=request.POST.get("code", ""))
        except (BadInput, LockedOut) as refusal:
            return _show_seed(request, by, status=refusal.status, refused=_refused(refusal))
        half = arriving.prove(request, user, half)
        if not codes:
            return arriving.go_on(request, user, half)
        return render(request, "web/pages/codes.html", {"codes": codes, "after": "/login/second/"})
    return _show_seed(request, by)


def _show_seed(request: HttpRequest, by: Actor, status: int = 200, **more: Any) -> HttpResponse:
    seed = services.begin_totp(by=by)
    context = {"seed": seed, "drawing": drawn(seed.address)}
    return render(request, "web/pages/enrol.html", {**context, **more}, status=status)


def drawn(text: str) -> SafeString:
    """A QR code of the text as SVG, black on white in any theme, from here and nowhere else."""
    code = segno.make(text, error="m").svg_inline(
        scale=5, dark="#000", light="#fff", title=_("QR code"), omitsize=False
    )
    return mark_safe(code)  # noqa: S308  drawn by the package, of squares


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Replace the password that the hub made and sent, before anything else."""
    found = arriving.on_the_way(request)
    if found is None:
        return _again(request)
    user, half = found
    if services.next_step(user, proven=half.proven) is not services.Step.CHANGE:
        return arriving.go_on(request, user, half)
    by = Actor(user.entity_id, user.username, half.how)
    context = {"sent": True, **_about_password(user.username)}
    if request.method != "POST":
        return render(request, "web/pages/password.html", context)
    try:
        password = typed_twice(request)
        if user.check_password(password):
            raise BadInput(_("The new password is the one that was sent."))
        user = services.set_password(by=by, username=user.username, password=password)
    except BadInput as refusal:
        context["refused"] = refusal.sentence
        return render(request, "web/pages/password.html", context, status=400)
    messages.success(request, _("Your password is set."))
    return arriving.come_in(request, user, half)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose_password(request: HttpRequest, token: str) -> HttpResponse:
    """Let whoever has the link set the password once, and log them in."""
    try:
        user = services.read_password_link(token)
    except NotFound as refusal:
        return dead_link(request, refusal)
    context = _about_password(user.username)
    if request.method != "POST":
        return render(request, "web/pages/password.html", context)
    try:
        user = services.use_password_link(token=token, password=typed_twice(request))
    except BadInput as refusal:
        context["refused"] = refusal.sentence
        return render(request, "web/pages/password.html", context, status=400)
    messages.success(request, _("Your password is set."))
    after = settings.LOGIN_REDIRECT_URL
    return arriving.arrived(request, user, how=arriving.PASSWORD, after=after, proven=False)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgot(request: HttpRequest) -> HttpResponse:
    """Mail a link to whoever forgot the password; the answer is the same for everybody."""
    context: dict[str, Any] = {"mail": post.ready()}
    if request.method == "POST":
        try:
            services.forget_password(
                address=request.POST.get("address", ""), asker=network_address(request)
            )
        except LaganError as refusal:
            context["refused"] = _refused(refusal)
            return render(request, "web/pages/forgot.html", context, status=refusal.status)
        context["sent"] = True
    return render(request, "web/pages/forgot.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm an address; a press of a button, because mail programs look at links by
    themselves."""
    if request.method != "POST":
        return render(request, "web/pages/confirm.html")
    try:
        user = services.confirm_email(token=token)
    except NotFound as refusal:
        return dead_link(request, refusal)
    messages.success(request, _("The address %(email)s is confirmed.") % {"email": user.email})
    return redirect("/profile/security/")


def typed_twice(request: HttpRequest) -> str:
    """The password that was typed into both fields, else BadInput."""
    password = request.POST.get("password", "")
    if password != request.POST.get("again"):
        raise BadInput(_("The two passwords are not the same."), field="again")
    return password


def network_address(request: HttpRequest) -> str:
    """Whose tries are counted together."""
    return services.network_address(request)


def dead_link(request: HttpRequest, refusal: NotFound) -> HttpResponse:
    """The page for a link that was used or is too old."""
    heading = _("This link does not work any more")
    context = {"heading": heading, "sentence": refusal.sentence, "status": 404}
    return render(request, "web/pages/refusal.html", context, status=404)


def _about_password(username: str) -> dict[str, Any]:
    return {
        "username": username,
        "rules": password_validation.password_validators_help_texts(),
    }


def _again(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("That took too long. Begin again."))
    return redirect(settings.LOGIN_URL)


def _refused(refusal: LaganError) -> str:
    if isinstance(refusal, LockedOut):
        said = _("Too many tries. Wait %(minutes)s minutes, or ask an administrator to unlock you.")
        return said % {"minutes": refusal.facts.get("minutes", 15)}
    return refusal.sentence
