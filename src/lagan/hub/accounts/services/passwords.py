"""Passwords are set, changed and sent: by their owner, by whoever governs the account, or by a link
that works once."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet

from lagan.hub.accounts import post, queries, rules, tries
from lagan.hub.accounts.errors import NoMail
from lagan.hub.accounts.models import User
from lagan.hub.accounts.services.guards import changeable, governed, put_password
from lagan.hub.accounts.services.sessions import end_visits
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.tree.permissions import Permission
from lagan.kit.errors import BadInput, Conflict, NotFound

_LINK = "lagan.set-password"
_LETTERS_AND_DIGITS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are read for each other."""


@transaction.atomic
def set_password(
    *, by: Actor, username: str, password: str, keep: str | None = None, generated: bool = False
) -> User:
    """Give a user (oneself, or with USER_CHANGE another) a new password; every token, session and
    link issued under the old one ends, but the session whose key is `keep`. BadInput says why a
    password is too weak. One that was `generated` is to be changed at the first sign-in."""
    user = changeable(by, username)
    put_password(user, password)
    user.must_change = generated
    user.save(update_fields=["password", "must_change"])
    end_visits(user, keep=keep)
    record(kind=Kind.PASSWORD_SET, by=by, subject=user.entity_id, data={"generated": generated})
    return user


def change_password(*, by: Actor, current: str, password: str, keep: str | None = None) -> User:
    """Replace one's own password, which must be given; BadInput when it is wrong, LockedOut after
    too many tries. A user without one has no use for this: see `send_password_link`."""
    user = queries.user_of(by)
    if not user.has_usable_password():
        raise Conflict("This account has no password; ask for a link to choose one.")
    tries.count(tries.SECOND_FACTOR, f"password:{user.id}")
    if not user.check_password(current):
        raise BadInput("The current password is another one.", field="current")
    if current == password:
        raise BadInput("The new password is the old one.", field="password")
    tries.forget(tries.SECOND_FACTOR, f"password:{user.id}")
    return set_password(by=by, username=user.username, password=password, keep=keep)


@transaction.atomic
def make_password_link(user: User, *, by: Actor, mailed: bool = False) -> str:
    """The path of a page where whoever has the link sets the user's password: once, within three
    days. One that was `mailed` confirms the address too."""
    record(kind=Kind.PASSWORD_LINK_MADE, by=by, subject=user.entity_id)
    facts: dict[str, Any] = {"user": user.id, "mark": rules.password_mark(user.password)}
    if mailed:
        facts["email"] = user.email
    return f"/set-password/{signing.dumps(facts, salt=_LINK)}/"


@transaction.atomic
def link_for(*, by: Actor, username: str) -> str:
    """As `make_password_link`, for whoever holds USER_CHANGE on the user and passes the link on by
    hand."""
    return make_password_link(governed(by, username, Permission.USER_CHANGE), by=by)


def read_password_link(token: str) -> User:
    """Whose password the link (its last part) may still set. NotFound when it was used, is too old
    or garbled."""
    return _linked_user(token, User.objects.all())[0]


@transaction.atomic
def use_password_link(*, token: str, password: str) -> User:
    """Set the password that the link allows; it does not work again."""
    user, email = _linked_user(token, User.objects.select_for_update())
    by = Actor(user.entity_id, user.username, "link")
    changed = set_password(by=by, username=user.username, password=password)
    if email and email == changed.email and not changed.email_confirmed:
        changed.email_confirmed = True
        changed.save(update_fields=["email_confirmed"])
        record(kind=Kind.EMAIL_CONFIRMED, by=by, subject=changed.entity_id)
    return changed


def _linked_user(token: str, users: QuerySet[User]) -> tuple[User, str | None]:
    refusal = NotFound("This link does not work any more; ask for a new one.")
    try:
        facts: Any = signing.loads(token, salt=_LINK, max_age=rules.LINK_LIFETIME)
    except (signing.BadSignature, ValueError):
        raise refusal from None
    user = users.filter(id=facts["user"], is_active=True).first()
    if user is None or not rules.same(facts["mark"], rules.password_mark(user.password)):
        raise refusal
    return user, facts.get("email")


@transaction.atomic
def send_password_link(*, by: Actor, username: str) -> str:
    """Mail a user a link to choose a password; needs USER_CHANGE, or it is oneself. The address
    that it goes to. NoMail without a mail server, Conflict without an address."""
    user = changeable(by, username)
    _require_mail(user)
    post.leave("password", {"user": user.entity_id, "link": True})
    return user.email


@transaction.atomic
def send_generated_password(*, by: Actor, username: str) -> str:
    """Give a user a password of our making and mail it; it is changed at the first sign-in. The
    address that it goes to. Needs USER_CHANGE. Source: seeds/dataset-archive.txt, By a user."""
    user = governed(by, username, Permission.USER_CHANGE)
    _require_mail(user)
    password = generated_password()
    set_password(by=by, username=username, password=password, generated=True)
    post.leave("password", {"user": user.entity_id, "password": password})
    return user.email


def send_first_password(*, by: Actor, user: User) -> str | None:
    """What a new user without a password is sent, as LAGAN_FIRST_PASSWORD says; None when no letter
    can leave, and somebody has to pass on a link."""
    if not (post.ready() and user.email):
        return None
    if settings.CONFIG.first_password == "GENERATED":  # noqa: S105 - the name of a choice
        return send_generated_password(by=by, username=user.username)
    return send_password_link(by=by, username=user.username)


def forget_password(*, address: str, asker: str) -> None:
    """Somebody at the network address `asker` forgot the password of the account with the mail
    address or user name given. A letter goes there if there is such an account; nobody learns
    whether there is. LockedOut for an asker that asks too often; NoMail without a mail server."""
    if not post.ready():
        raise NoMail("This hub sends no mail; ask an administrator for a link.")
    tries.count(tries.ASKERS, asker)
    clean = address.strip()[:254].replace("\x00", "\ufffd").encode(errors="replace").decode()
    post.leave("forgotten", {"address": clean})


def generated_password() -> str:
    """Four groups of four letters and digits: 79 random bits that can be read out."""
    groups = (_group() for _ in range(4))
    return "-".join(groups)


def _group() -> str:
    return "".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(4))


def _require_mail(user: User) -> None:
    if not user.email:
        raise Conflict("This user has no mail address.", username=user.username)
    if not post.ready():
        raise NoMail("This hub sends no mail; pass on a link instead.")


@transaction.atomic
def send_confirmation(*, by: Actor) -> str:
    """Mail the actor a link that confirms the address of the account."""
    user = queries.user_of(by)
    _require_mail(user)
    tries.count(tries.LETTERS, f"confirm:{user.id}")
    post.leave("confirm", {"user": user.entity_id})
    return user.email


def confirmation_link(user: User) -> str:
    """The path of the page that confirms this user's present address, for three days."""
    facts = {"user": user.id, "email": user.email}
    return f"/confirm-email/{signing.dumps(facts, salt=_CONFIRM)}/"


_CONFIRM = "lagan.confirm-email"


@transaction.atomic
def confirm_email(*, token: str) -> User:
    """Whoever has this link reads the mail of the address in it. NotFound when it is too old or the
    address is another by now."""
    refusal = NotFound("This link does not work any more; ask for a new one.")
    try:
        facts: Any = signing.loads(token, salt=_CONFIRM, max_age=rules.LINK_LIFETIME)
    except (signing.BadSignature, ValueError):
        raise refusal from None
    user = User.objects.select_for_update().filter(id=facts["user"], is_active=True).first()
    if user is None or user.email != facts["email"]:
        raise refusal
    if not user.email_confirmed:
        user.email_confirmed = True
        user.save(update_fields=["email_confirmed"])
        record(kind=Kind.EMAIL_CONFIRMED, by=SYSTEM, subject=user.entity_id)
    return user
