"""Signing in: the password or the provider first, then whatever else the account asks for, and only
then anybody is in."""

from __future__ import annotations

from enum import StrEnum

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_ip_address
from axes.utils import reset as reset_attempts
from django.contrib.auth import authenticate as check_password_of
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from lagan.hub.accounts import queries, rules, tries
from lagan.hub.accounts.errors import (
    LockedOut,
    PasswordChangeNeeded,
    SecondFactorMissing,
    SecondFactorNeeded,
)
from lagan.hub.accounts.models import User
from lagan.hub.accounts.services.factors import check_factor
from lagan.hub.accounts.services.guards import governed
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import NOBODY, Actor
from lagan.hub.tree.permissions import Permission
from lagan.kit.errors import NotSignedIn


class Step(StrEnum):
    """What still lies between a proven first factor and being signed in."""

    IN = "in"
    FACTOR = "factor"
    ENROL = "enrol"
    CHANGE = "change"


def check_password(*, username: str, password: str, request: HttpRequest) -> User:
    """The user with this name and password, who is not yet signed in by that. NotSignedIn when
    they do not belong together; LockedOut, whatever the password, after repeated failures from one
    address. Pages and API alike come through here."""
    credentials = _harmless({"username": username, "password": password})
    # A name that no user can have is not looked up, but costs and counts as much as a wrong one.
    found = check_password_of(request, **credentials)
    if isinstance(found, User):
        AxesProxyHandler.reset_attempts(
            username=found.username, ip_address=get_client_ip_address(request)
        )
        return found
    _record_refusal(username)
    if not AxesProxyHandler.is_allowed(request, credentials):
        raise LockedOut("Too many wrong passwords; try again in a quarter of an hour.")
    raise NotSignedIn("This user name and password do not belong together.")


def next_step(user: User, *, proven: bool = False, own_password: bool = True) -> Step:
    """What is asked of the user next. `proven`: a second factor was given, here or at a provider
    that is trusted with it. `own_password`: the user came by a password of this hub."""
    if not proven:
        if queries.has_factor(user):
            return Step.FACTOR
        if queries.needs_factor(user):
            return Step.ENROL
    return Step.CHANGE if own_password and user.must_change else Step.IN


@transaction.atomic
def enter(*, user: User, how: str, second: bool = False) -> None:
    """The user is in: keep when, and say so in the record. `how` as in `sessions.begin_visit`."""
    User.objects.filter(id=user.id).update(last_login=timezone.now())
    by = Actor(user.entity_id, user.username, how)
    data = {"how": how, "second_factor": second}
    record(kind=Kind.LOGIN_DONE, by=by, subject=user.entity_id, data=data)


def sign_in(*, username: str, password: str, request: HttpRequest, otp: str = "") -> User:
    """All steps at once, for programs: as `check_password`; SecondFactorNeeded when the account has
    a second factor and `otp` is empty, NotSignedIn when it is wrong, SecondFactorMissing when the
    account must have one and has none, PasswordChangeNeeded for a password of our making."""
    user = check_password(username=username, password=password, request=request)
    proven = False
    if otp and queries.has_factor(user):
        check_factor(user=user, code=otp)
        proven = True
    match next_step(user, proven=proven):
        case Step.FACTOR:
            raise SecondFactorNeeded("Give a one-time password as well, as `otp`.")
        case Step.ENROL:
            raise SecondFactorMissing("This account needs a second factor: set it up on the pages.")
        case Step.CHANGE:
            raise PasswordChangeNeeded("This password was sent by mail: change it on the pages.")
    enter(user=user, how="password", second=proven)
    return user


def issue_tokens(user: User) -> dict[str, str]:
    """An access and a refresh token."""
    mark = rules.password_mark(user.password)
    types: tuple[rules.TokenType, ...] = ("access", "refresh")
    return {each: rules.encode_token(rules.Token(user.id, mark, each)) for each in types}


def access_token_of(entity: int) -> str:
    """An access token of the user whose USER entity this is, for a program that acts for that
    person; NotSignedIn when the user may not sign in any more."""
    user = User.objects.filter(entity_id=entity, is_active=True).first()
    if user is None:
        raise NotSignedIn("Whoever started this may not sign in any more.")
    return issue_tokens(user)["access"]


def refresh(token: str) -> str:
    """A new access token for a refresh token that is still good, else NotSignedIn."""
    return issue_tokens(queries.token_user(token, "refresh"))["access"]


@transaction.atomic
def unlock(*, by: Actor, username: str) -> None:
    """Forget the failed tries that shut a user out, of passwords and of second factors; needs
    USER_CHANGE."""
    user = governed(by, username, Permission.USER_CHANGE)
    reset_attempts(username=user.username)
    for limit, who in _limits_of(user):
        tries.forget(limit, who)
    record(kind=Kind.LOGIN_UNLOCKED, by=by, subject=user.entity_id)


def _limits_of(user: User) -> list[tuple[tries.Limit, str]]:
    return [
        (tries.SECOND_FACTOR, str(user.id)),
        (tries.SECOND_FACTOR, f"password:{user.id}"),
        (tries.LETTERS, user.email.lower()),
        (tries.LETTERS, f"confirm:{user.id}"),
    ]


def _harmless(credentials: dict[str, str]) -> dict[str, str]:
    """Without what no database takes: NUL and lone surrogates."""
    return {
        name: value.replace("\x00", "\ufffd").encode(errors="replace").decode()
        for name, value in credentials.items()
    }


def _record_refusal(username: str) -> None:
    """Only of users that exist: what was typed instead of a name may be a password."""
    user = queries.find_user(username=username)
    if user is not None:
        with transaction.atomic():
            record(kind=Kind.LOGIN_REFUSED, by=NOBODY, subject=user.entity_id, result="refused")
