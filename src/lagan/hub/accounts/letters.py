"""What the letters of this room say, in plain text, written when they leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from lagan.hub.accounts import tries
from lagan.hub.accounts.errors import LockedOut
from lagan.hub.accounts.models import User
from lagan.hub.accounts.post import register_letter
from lagan.hub.accounts.queries import find_user
from lagan.hub.accounts.services.passwords import confirmation_link, make_password_link
from lagan.hub.base.actors import SYSTEM


def register() -> None:
    """Tell `post` how they are written."""
    register_letter("password", first_password)
    register_letter("forgotten", forgotten)
    register_letter("confirm", confirm)


def first_password(facts: Mapping[str, Any]) -> EmailMessage | None:
    """To a user whose account somebody made, or who was sent a new password."""
    user = _addressee(facts)
    if user is None:
        return None
    hello = _("There is an account for you at %(address)s. Your user name is %(username)s.")
    lines = [_greeting(user), "", hello % {**_here(), "username": user.username}, ""]
    if password := facts.get("password"):
        lines += [_("Your password is"), "", f"    {password}", ""]
        lines += [_("You choose another one when you log in for the first time."), ""]
    else:
        lines += [_("Choose a password here, within three days:"), "", _password_page(user), ""]
    return _message(user, _("Your account"), lines)


def forgotten(facts: Mapping[str, Any]) -> EmailMessage | None:
    """To whoever has the address, if there is an account; nothing to anybody else, and to nobody
    more than three an hour."""
    given = str(facts["address"])
    user = find_user(email=given) or find_user(username=given)
    if user is None or not user.is_active or not user.email:
        return None
    try:
        tries.count(tries.LETTERS, user.email.lower())
    except LockedOut:
        return None
    asked = _("Somebody, probably you, asked for a new password for %(username)s at %(address)s.")
    lines = [_greeting(user), "", asked % {**_here(), "username": user.username}, ""]
    if not user.has_usable_password() and user.logins.exists():
        lines += [_("You log in there by your institution, so there may be nothing to do."), ""]
    lines += [_("Choose a password here, within three days:"), "", _password_page(user), ""]
    lines += [_("If it was not you, nothing has changed, and you need not do anything."), ""]
    return _message(user, _("A new password"), lines)


def confirm(facts: Mapping[str, Any]) -> EmailMessage | None:
    """To the address that an account is said to have."""
    user = _addressee(facts)
    if user is None:
        return None
    asked = _("This address was given for the account %(username)s at %(address)s.")
    lines = [_greeting(user), "", asked % {**_here(), "username": user.username}, ""]
    lines += [_("If that is right, confirm it here, within three days:"), ""]
    lines += [settings.CONFIG.address + confirmation_link(user), ""]
    return _message(user, _("Confirm your address"), lines)


def _addressee(facts: Mapping[str, Any]) -> User | None:
    """Who is still there, lets letters in and is not shut out."""
    user = User.objects.filter(entity=facts["user"], is_active=True).first()
    return user if user is not None and user.email else None


def _password_page(user: User) -> str:
    return str(settings.CONFIG.address) + make_password_link(user, by=SYSTEM, mailed=True)


def _greeting(user: User) -> str:
    return _("Hello %(name)s,") % {"name": user.get_full_name()}


def _here() -> dict[str, str]:
    return {"address": settings.CONFIG.address}


def _message(user: User, subject: str, lines: list[str]) -> EmailMessage:
    body = "\n".join([*lines, "-- ", f"Lagan, {settings.CONFIG.address}", ""])
    return EmailMessage(f"Lagan: {subject}", body, to=[user.email])
