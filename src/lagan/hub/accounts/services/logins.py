"""Identities elsewhere sign users in: they are found, matched by a verified address, made into new
accounts, linked and unlinked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from lagan.hub.accounts import queries, tries
from lagan.hub.accounts.claims import Identity, username_wishes
from lagan.hub.accounts.errors import LoginRefused
from lagan.hub.accounts.models import Login, User
from lagan.hub.accounts.providers import Provider
from lagan.hub.accounts.services.guards import refuse_client_key
from lagan.hub.accounts.services.users import create_user
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base import locks
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.kit.errors import Conflict, NotFound


@contextmanager
def limited(*, asker: str) -> Iterator[None]:
    """Judge an answer of a provider inside: LockedOut when too many that came by way of the network
    address `asker` were refused; one that is refused counts."""
    tries.look(tries.PROVIDERS, asker)
    try:
        yield
    except LoginRefused:
        tries.count(tries.PROVIDERS, asker)
        raise


@transaction.atomic
def arrive(*, provider: Provider, who: Identity) -> User:
    """The user whom this identity signs in. One known by this login; else the local user with the
    same address, if the provider vouches for it and the account's own is confirmed; else a new one.
    LoginRefused when none may be made, or the account is shut. Source: seeds/dataset-archive.txt,
    By a user; Users."""
    locks.until_commit("accounts.arrivals")
    login = Login.objects.filter(issuer=who.issuer, subject=who.subject).first()
    user = login.user if login else _matched(provider, who) or _made(provider, who)
    if not user.is_active:
        raise LoginRefused("This account is shut; an administrator can open it.")
    _note(user, provider, who)
    _join(user, provider, who)
    return user


@transaction.atomic
def link(*, by: Actor, provider: Provider, who: Identity) -> Login:
    """Let this identity sign the actor in from now on. Conflict when it signs another user in."""
    refuse_client_key(by)
    user = queries.user_of(by)
    other = Login.objects.filter(issuer=who.issuer, subject=who.subject).first()
    if other is not None and other.user_id != user.id:
        raise Conflict(f"This account of {provider.label} logs another user in already.")
    return _note(user, provider, who)


@transaction.atomic
def unlink(*, by: Actor, login: int) -> None:
    """This identity does not sign the actor in any more. Conflict when nothing else would."""
    refuse_client_key(by)
    user = User.objects.select_for_update().get(id=queries.user_of(by).id)
    found = user.logins.filter(id=login).first()
    if found is None:
        raise NotFound(f"There is no login {login}.", id=login)
    if not user.has_usable_password() and user.logins.count() == 1:
        raise Conflict("This is the only way in; choose a password first.")
    found.delete()
    data = {"provider": found.provider}
    record(kind=Kind.LOGIN_UNLINKED, by=by, subject=user.entity_id, data=data)


def _matched(provider: Provider, who: Identity) -> User | None:
    """A local user by address. Both sides must be sure of it: else whoever writes somebody's
    address into an account, here or there, would get the other one."""
    if not who.verified:
        return None
    user = User.objects.select_for_update().filter(email__iexact=who.email).first()
    return user if user is not None and user.email_confirmed else None


def _made(provider: Provider, who: Identity) -> User:
    if not provider.makes_accounts:
        raise LoginRefused(
            f"There is no account for this login of {provider.label}; ask an administrator."
        )
    taken = bool(who.email) and User.objects.filter(email__iexact=who.email).exists()
    home = next((place for place in provider.places if place.home and place.fits(who.claims)), None)
    first, last = who.first_name, who.last_name
    return create_user(
        by=_host(provider),
        username=_free_name(who),
        email="" if taken else who.email,
        email_confirmed=who.verified,
        full_name=who.full_name,
        first_name=first if first or last else None,
        last_name=last if first or last else None,
        group=queries.group_named(home.group) if home else None,
    )


def _free_name(who: Identity) -> str:
    wishes = username_wishes(who)
    taken = Q(username__iexact=wishes[0])
    for wish in wishes:
        taken |= Q(username__iexact=wish) | Q(username__istartswith=f"{wish}-")
    used = {each.lower() for each in User.objects.filter(taken).values_list("username", flat=True)}
    numbered = (f"{wishes[0]}-{number}" for number in range(2, len(used) + 3))
    return next(each for each in (*wishes, *numbered) if each.lower() not in used)


def _note(user: User, provider: Provider, who: Identity) -> Login:
    """Keep the login, and what it tells about the person that only it can."""
    login, new = Login.objects.get_or_create(
        issuer=who.issuer,
        subject=who.subject,
        defaults={"user": user, "provider": provider.name, "shown": who.shown},
    )
    login.provider, login.shown, login.last_used = provider.name, who.shown, timezone.now()
    login.save(update_fields=["provider", "shown", "last_used"])
    if who.orcid and user.orcid != who.orcid:
        user.orcid = who.orcid
        user.save(update_fields=["orcid"])
    if new:
        by = Actor(user.entity_id, user.username, f"login:{provider.name}")
        data = {"provider": provider.name}
        record(kind=Kind.LOGIN_LINKED, by=by, subject=user.entity_id, data=data)
    return login


def _join(user: User, provider: Provider, who: Identity) -> None:
    """Membership follows the claims; nobody is taken out, for others may have put them in."""
    wanted = [each for each in provider.places if not each.home and each.fits(who.claims)]
    if not wanted:
        return
    roles = tree.roles(user.entity_id)
    for place in wanted:
        group = queries.group_named(place.group)
        if group is not None and group not in roles:
            tree_services.add_member(by=_host(provider), member=user.entity_id, group=group)


def _host(provider: Provider) -> Actor:
    """The hub itself, on behalf of the provider."""
    return Actor(None, f"login:{provider.name}", SYSTEM.credential)
