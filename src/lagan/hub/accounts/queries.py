"""Reading accounts: who is this, and whom does somebody see."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.core.exceptions import SuspiciousOperation
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from lagan.hub.accounts import rules, sealed
from lagan.hub.accounts.models import ClientKey, DayToken, Factor, Login, Visit
from lagan.hub.accounts.models import Provider as ProviderRow
from lagan.hub.accounts.models import User as User
from lagan.hub.accounts.providers import Provider, read_file
from lagan.hub.accounts.providers import read as read_provider
from lagan.hub.base.actors import NOBODY, Actor
from lagan.hub.base.prepared import Prepared
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.hub.tree.models import Type
from lagan.hub.tree.permissions import Permission
from lagan.kit.errors import NotFound, NotSignedIn

SESSION, JWT, CLIENT_KEY, DAY_TOKEN = "session", "jwt", "client-key", "day-token"
_STEP = timedelta(minutes=10)
"""How exactly the last use of a client key is kept: not a write for every request."""


_KEYS = Prepared(
    lambda prefix: ClientKey.objects.filter(
        prefix=prefix, revoked=None, user__is_active=True
    ).values_list("hash", "user__entity_id", "user__username", "last_used", "id"),
    "prefix",
)


def authenticate(*, authorization: str | None, session_user_id: int | None = None) -> Actor:
    """Who sent this `Authorization` header or, without one, has this session; NOBODY with neither.
    NotSignedIn for a credential that is wrong, expired or revoked. One or two readings by key."""
    if authorization:
        scheme, _, value = authorization.strip().partition(" ")
        match scheme.lower():
            case "bearer":
                return _by_token(value.strip())
            case "api-key":
                return _by_client_key(value.strip())
        raise NotSignedIn("The Authorization header is `Bearer <token>` or `Api-Key <key>`.")
    if session_user_id is None:
        return NOBODY
    found = (
        User.objects.filter(id=session_user_id, is_active=True)
        .values_list("entity_id", "username")
        .first()
    )
    if found is None:
        raise NotSignedIn("This session has ended.")
    return Actor(*found, SESSION)


def actor_for(*, authorization: str | None, cookies: Mapping[str, str]) -> Actor:
    """As `authenticate`, for a server in front of Django: reads the session that the cookie names.

    Whoever lets a session change anything must have checked where the request came from.
    """
    key = cookies.get(settings.SESSION_COOKIE_NAME)
    if authorization or not key:
        return authenticate(authorization=authorization)
    return authenticate(authorization=None, session_user_id=_session_user(key))


def signed_in(*, authorization: str | None, session_user_id: int | None = None) -> Actor:
    """As `authenticate`, but NotSignedIn without any credential."""
    actor = authenticate(authorization=authorization, session_user_id=session_user_id)
    if actor is NOBODY:
        raise NotSignedIn("Sign in first.")
    return actor


def token_user(text: str, type: rules.TokenType) -> User:
    """The active user whose valid token this is, else NotSignedIn."""
    token = rules.decode_token(text, type)
    found = (
        User.objects.filter(id=token.user, is_active=True).first() if token.user < 2**63 else None
    )
    if found is None or not rules.same(token.mark, rules.password_mark(found.password)):
        raise NotSignedIn("This token is not valid any more.")
    return found


def _by_token(text: str) -> Actor:
    token = rules.decode_token(text, "access")
    found = _sign_in_facts(token.user) if token.user < 2**63 else None
    if found is None or not rules.same(token.mark, rules.password_mark(found[2])):
        raise NotSignedIn("This token is not valid any more.")
    return Actor(found[0], found[1], JWT)


def _sign_in_facts(user: int) -> tuple[int, str, str] | None:
    """Entity, name and stored password of an active user. Plain SQL: every upload asks this, and
    building the statement anew would take most of the time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entity_id, username, password FROM accounts_user WHERE id = %s AND is_active",
            [user],
        )
        found: tuple[int, str, str] | None = cursor.fetchone()
    return found


def _by_client_key(key: str) -> Actor:
    found = next(iter(_KEYS.rows(rules.key_prefix(key))), None)
    if found is None or not rules.same(found[0], rules.key_hash(key)):
        raise NotSignedIn("This client key is not valid.")
    now = timezone.now()
    if found[3] is None or now - found[3] > _STEP:
        ClientKey.objects.filter(id=found[4]).update(last_used=now)
    return Actor(found[1], found[2], CLIENT_KEY)


def by_named_key(text: str) -> Actor:
    """Whose client key this is, as `user:key`; for doors whose programs send both. NotSignedIn when
    the key is not that user's."""
    name, _, key = text.strip().partition(":")
    actor = _by_client_key(key)
    if not rules.same(actor.name, name):
        raise NotSignedIn("This client key is not valid.")
    return actor


def by_day_token(text: str) -> Actor:
    """Whose day token this is; for doors that take such tokens. NotSignedIn when it is garbled,
    revoked or expired."""
    rows = DayToken.objects.filter(hash=rules.key_hash(text), expires__gt=timezone.now())
    found = rows.filter(user__is_active=True).select_related("user").first()
    if found is None or not rules.same(found.mark, rules.password_mark(found.user.password)):
        raise NotSignedIn("This token is not valid.")
    return Actor(found.user.entity_id, found.user.username, DAY_TOKEN)


def _session_user(key: str) -> int | None:
    """The user of a session whose password is still the one it began with."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(key)
    try:
        user, mark = store.get(SESSION_KEY), store.get(HASH_SESSION_KEY, "")
    except SuspiciousOperation:
        return None
    if not (isinstance(user, str) and user.isdecimal()):
        return None
    found = User.objects.filter(id=int(user)).first()
    if found is None or not rules.same(str(mark), found.get_session_auth_hash()):
        return None
    return found.id if suffices(found, store) else None


SECOND = "second"
"""The mark of a session that was signed in with a second factor."""


def suffices(user: User, session: Mapping[str, Any] | SessionBase) -> bool:
    """Whether a session has the second factor that its user must have by now, if any."""
    return bool(session.get(SECOND)) or not needs_factor(user)


def find_user(*, username: str | None = None, email: str | None = None) -> User | None:
    """The user with this name, or this address in any case; None when there is none. Asks no
    permission."""
    if username is not None and "\x00" not in username:
        return User.objects.filter(username=username).first()
    if email and "\x00" not in email:
        return User.objects.filter(email__iexact=email.strip()).first()
    return None


def find_user_in_any_case(username: str) -> User | None:
    """As `find_user`, whatever the case of the letters; two users never differ in it alone."""
    if not username or "\x00" in username:
        return None
    return User.objects.filter(username__iexact=username.strip()).first()


def user_of_entity(entity: int) -> User | None:
    """The user with this USER entity. Asks no permission."""
    return User.objects.filter(entity=entity).first() if entity < 2**63 else None


def visible_users(actor: Actor) -> QuerySet[User]:
    """The users whom the actor sees, by name: itself, and those on whose entities it holds
    USER_LIST or USER_READ."""
    condition: Q = tree.within(tree.visible(actor, Type.USER), "entity__path")
    return User.objects.filter(condition).order_by("username")


def visible_names(actor: Actor, entities: Collection[int]) -> dict[int, str]:
    """The user names of those of these USER entities that the actor sees, in one query."""
    if not entities:
        return {}
    rows = visible_users(actor).filter(entity__in=entities)
    return dict(rows.values_list("entity", "username"))


def visible_user(actor: Actor, username: str) -> User:
    """One of them, else NotFound."""
    found = (
        visible_users(actor).filter(username=username).first() if "\x00" not in username else None
    )
    if found is None:
        raise NotFound(f"There is no user {username[:150]}.", username=username[:150])
    return found


def user_of(actor: Actor) -> User:
    """The user that acts. NotSignedIn for the system and for nobody, who are no users."""
    found = User.objects.filter(entity=actor.entity).first() if actor.entity is not None else None
    if found is None:
        raise NotSignedIn("Sign in as a user.")
    return found


def client_keys(actor: Actor) -> QuerySet[ClientKey]:
    """The actor's own keys that still work, oldest first."""
    return ClientKey.objects.filter(user=user_of(actor), revoked=None).order_by("id")


def client_key(actor: Actor, key: int) -> ClientKey:
    """One of them, else NotFound."""
    found = client_keys(actor).filter(id=key).first()
    if found is None:
        raise NotFound(f"There is no client key {key}.", id=key)
    return found


def factors(user: User) -> QuerySet[Factor]:
    """The second factors that count, oldest first."""
    return user.factors.filter(confirmed=True).order_by("id")


def has_factor(user: User) -> bool:
    """Whether this user is asked for a second factor."""
    return factors(user).exists()


def needs_factor(user: User) -> bool:
    """Whether LAGAN_SECOND_FACTOR says that this user must have one."""
    match settings.CONFIG.second_factor:
        case "EVERYONE":
            return True
        case "ADMINISTRATORS":
            return is_administrator(user)
    return False


def is_administrator(user: User) -> bool:
    """Whether the user is an administrator, directly or through other groups."""
    return tree_services.ground().administrators.id in tree.roles(user.entity_id)


def visits(actor: Actor) -> QuerySet[Visit]:
    """The actor's sessions that are not over, the last used first."""
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return Visit.objects.filter(user=user_of(actor), session__in=alive).order_by("-seen", "-id")


def providers_of_file() -> dict[str, tuple[Provider, str]]:
    """Those of LAGAN_LOGINS_FILE, with their secrets; read again when the file changes."""
    path = settings.CONFIG.logins_file
    if path is None:
        return {}
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        changed = 0
    return _file(path, changed)


@lru_cache(maxsize=2)
def _file(path: Path, changed: int) -> dict[str, tuple[Provider, str]]:
    return read_file(path)


def providers() -> list[Provider]:
    """Where people can log in besides here, by what they call it. Asks no permission."""
    rows = ProviderRow.objects.filter(enabled=True)
    found = [provider for provider, _ in providers_of_file().values()]
    found += [read_provider(row.facts) for row in rows]
    return sorted(found, key=lambda each: each.label.lower())


def provider(name: str) -> tuple[Provider, str]:
    """One of them and its secret, else NotFound."""
    if (found := providers_of_file().get(name)) is not None:
        return found
    row = ProviderRow.objects.filter(name=name[:40].replace("\x00", ""), enabled=True).first()
    if row is None:
        raise NotFound("There is no such way to log in.", name=name[:40])
    return read_provider(row.facts), sealed.unseal(row.secret) if row.secret else ""


def provider_rows() -> list[ProviderRow]:
    """Those set up on the pages, shut ones too. For administrators."""
    return list(ProviderRow.objects.order_by("name"))


def group_named(text: str) -> int | None:
    """The id of the group with this id or this path of names from the root; None when there is
    none."""
    if text.isdigit():
        row = tree.rows([int(text)]).get(int(text))
        return row.id if row is not None and row.type == Type.GROUP else None
    names = [name for name in text.split("/") if name]
    found: int | None = tree_services.ground().root.id
    for name in names[1:]:
        found = tree.find(type=Type.GROUP, name=name, parent=found)
        if found is None:
            return None
    return found if names and names[0] == tree_services.ROOT else None


def logins(actor: Actor) -> QuerySet[Login]:
    """The identities elsewhere that sign the actor in, oldest first."""
    return Login.objects.filter(user=user_of(actor)).order_by("id")


def active_user(number: int) -> User | None:
    """The user with this id, if it may sign in. Asks no permission."""
    return User.objects.filter(id=number, is_active=True).first()


def recovery_codes_left(user: User) -> int:
    """How many codes for a lost second factor still work."""
    return user.recovery_codes.filter(used=None).count()


def found_users(actor: Actor, text: str) -> QuerySet[User]:
    """Those whom the actor sees and whose user name, full name or address holds the text."""
    rows = visible_users(actor)
    if not text:
        return rows
    named = Q(username__icontains=text) | Q(full_name__icontains=text) | Q(email__icontains=text)
    return rows.filter(named)


def may_create_users(actor: Actor) -> bool:
    """Whether the actor may make users in the users' group."""
    return tree.may(actor, Permission.USER_CREATE, tree_services.ground().users.id)


def permissions(actor: Actor, user: User) -> frozenset[str]:
    """What the actor may do to the user."""
    return frozenset(str(each) for each in tree.permissions_on(actor, user.entity_id))


def home_of(user: User) -> str:
    """Where the USER entity is, as names from the root."""
    return tree.full_path([user.entity_id])[user.entity_id]


def logins_of(user: User) -> QuerySet[Login]:
    """The identities elsewhere that sign a user in. The caller has asked USER_READ."""
    return user.logins.order_by("id")
