"""The way in, for whoever proved a first factor: what is asked next, and the session at its end.

Between the steps the session holds `half`: who it will be, how they came, and where they wanted to
go. Nobody is signed in by that.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from lagan.hub.accounts import queries, rules, services
from lagan.hub.accounts.services import Step

BACKEND = "django.contrib.auth.backends.ModelBackend"
HALF = "half"
PATIENCE = 600
"""Seconds between the first factor and the end."""
LAST = "last-login"
"""The cookie that remembers by which way somebody came."""
PASSWORD = "password"  # noqa: S105 - the name of a way in


@dataclass(frozen=True, slots=True)
class Half:
    """Somebody on the way in. `how` is `password` or a provider's name; `token` the provider's id
    token; `mark` that of the password, which must not change on the way."""

    user: int
    mark: str
    how: str
    after: str
    at: float
    proven: bool = False
    token: str = ""


def own_address(request: HttpRequest, address: str | None) -> str:
    """`address` if it is one of ours, else home: a link must not lead a visitor elsewhere after
    the log in."""
    secure = request.is_secure()
    if address and url_has_allowed_host_and_scheme(
        address, {request.get_host()}, require_https=secure
    ):
        return address
    return settings.LOGIN_REDIRECT_URL


def arrived(
    request: HttpRequest, user: queries.User, *, how: str, after: str, proven: bool, token: str = ""
) -> HttpResponse:
    """The first factor is right: on to what is asked next, or in."""
    mark = rules.password_mark(user.password)
    half = Half(user.id, mark, how, after, time.time(), proven, token)
    request.session.cycle_key()
    request.session[HALF] = asdict(half)
    return go_on(request, user, half)


def on_the_way(request: HttpRequest) -> tuple[queries.User, Half] | None:
    """Who is between the steps; None for nobody, or too late."""
    kept = request.session.get(HALF)
    half = Half(**kept) if kept else None
    if half is None or not 0 <= time.time() - half.at < PATIENCE:
        return None
    user = queries.active_user(half.user)
    if user is None or not rules.same(half.mark, rules.password_mark(user.password)):
        return None
    return user, half


def go_on(request: HttpRequest, user: queries.User, half: Half) -> HttpResponse:
    """To the next step that the account asks for."""
    own = half.how == PASSWORD
    match services.next_step(user, proven=half.proven, own_password=own):
        case Step.FACTOR:
            return redirect("/login/second/")
        case Step.ENROL:
            return redirect("/login/enrol/")
        case Step.CHANGE:
            return redirect("/login/change/")
    return come_in(request, user, half)


def prove(request: HttpRequest, user: queries.User, half: Half) -> Half:
    """The second factor is right."""
    proven = Half(**{**asdict(half), "proven": True, "mark": rules.password_mark(user.password)})
    request.session[HALF] = asdict(proven)
    return proven


def come_in(request: HttpRequest, user: queries.User, half: Half) -> HttpResponse:
    """Sign in, note the session, and lead to where the visitor wanted to go."""
    request.session.pop(HALF, None)
    login(request, user, BACKEND)
    services.enter(user=user, how=half.how, second=half.proven)
    request.session["how"] = half.how
    if half.proven:
        request.session[queries.SECOND] = True
    if half.token:
        request.session["id_token"] = half.token
    services.begin_visit(user=user, request=request, how=half.how)
    answer = redirect(half.after)
    answer.set_cookie(
        LAST,
        half.how,
        max_age=365 * 86_400,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return answer
