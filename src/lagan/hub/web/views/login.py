"""Log in, log out, and choosing a password by a link that works once."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, password_validation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from lagan.hub.accounts import services
from lagan.hub.accounts.errors import LockedOut
from lagan.kit.errors import BadInput, NotFound, NotSignedIn

BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Ask for name and password; then lead to where the visitor wanted to go."""
    after = _own(request, request.POST.get("next") or request.GET.get("next"))
    if request.user.is_authenticated:
        return redirect(after)
    context = {"next": after, "username": request.POST.get("username", "")}
    if request.method != "POST":
        return render(request, "web/pages/login.html", context)
    try:
        user = services.sign_in(
            username=context["username"], password=request.POST.get("password", ""), request=request
        )
    except LockedOut:
        minutes = round(float(settings.AXES_COOLOFF_TIME) * 60)
        return render(
            request,
            "web/pages/login.html",
            {**context, "locked": True, "minutes": minutes},
            status=429,
        )
    except NotSignedIn:
        refused = _("User name and password do not belong together.")
        return render(request, "web/pages/login.html", {**context, "refused": refused}, status=401)
    login(request, user, BACKEND)
    return redirect(after)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    messages.info(request, _("You are logged out."))
    return redirect(settings.LOGIN_URL)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose_password(request: HttpRequest, token: str) -> HttpResponse:
    """Let whoever has the link set the password once, and log them in."""
    try:
        user = services.read_password_link(token)
    except NotFound as refusal:
        context = {
            "heading": _("This link does not work any more"),
            "sentence": refusal.sentence,
            "status": 404,
        }
        return render(request, "web/pages/refusal.html", context, status=404)
    context = {
        "username": user.username,
        "rules": password_validation.password_validators_help_texts(),
    }
    if request.method != "POST":
        return render(request, "web/pages/password.html", context)
    password = request.POST.get("password", "")
    if password != request.POST.get("again"):
        refused = _("The two passwords are not the same.")
        return render(
            request, "web/pages/password.html", {**context, "refused": refused}, status=400
        )
    try:
        user = services.use_password_link(token=token, password=password)
    except BadInput as refusal:
        return render(
            request, "web/pages/password.html", {**context, "refused": refusal.sentence}, status=400
        )
    login(request, user, BACKEND)
    messages.success(request, _("Your password is set."))
    return redirect(settings.LOGIN_REDIRECT_URL)


def _own(request: HttpRequest, address: str | None) -> str:
    """`address` if it is one of ours, else home: a link must not lead a visitor elsewhere after
    the log in."""
    secure = request.is_secure()
    if address and url_has_allowed_host_and_scheme(
        address, {request.get_host()}, require_https=secure
    ):
        return address
    return settings.LOGIN_REDIRECT_URL
