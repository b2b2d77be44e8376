"""Changing accounts: users with their entities, passwords, sign-ins and client keys."""

from __future__ import annotations

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_ip_address
from django.contrib.auth import authenticate as check_password_of
from django.contrib.auth import password_validation
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from lagan.hub.accounts import queries, rules
from lagan.hub.accounts.errors import LockedOut
from lagan.hub.accounts.models import ClientKey, User
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import NOBODY, SYSTEM, Actor
from lagan.hub.tree import services as tree
from lagan.hub.tree.models import Type
from lagan.hub.tree.permissions import Permission
from lagan.kit.errors import BadInput, Conflict, Forbidden, NotFound, NotSignedIn

_LINK = "lagan.set-password"


def bootstrap() -> tree.Ground:
    """What a hub needs before anybody can sign in; safe to repeat."""
    return tree.ensure_root()


@transaction.atomic
def create_user(
    *,
    by: Actor,
    username: str,
    email: str = "",
    full_name: str = "",
    password: str | None = None,
    admin: bool = False,
    first_name: str | None = None,
    last_name: str | None = None,
) -> User:
    """A new user with its USER entity in the users' group; needs USER_CREATE there and, for an
    administrator, GROUP_MEMBER_SET on the administrators. Without a password only a link can set
    one. Conflict for a name or address that is taken."""
    _refuse_client_key(by)
    ground = tree.ground()
    user = User(username=username, email=email.strip())
    _set_names(user, full_name, first_name, last_name)
    _check(user)
    tree.require(actor=by, permission=Permission.USER_CREATE, entity=ground.users.id)
    _refuse_taken(user)
    if password is None:
        user.set_unusable_password()
    else:
        _put_password(user, password)
    user.entity = tree.create_entity(by=by, type=Type.USER, name=username, parent=ground.users.id)
    user.save(force_insert=True)
    if admin:
        tree.add_member(by=by, member=user.entity_id, group=ground.administrators.id)
    record(
        kind=Kind.USER_CREATED,
        by=by,
        subject=user.entity_id,
        data={"username": username, "admin": admin},
    )
    return user


@transaction.atomic
def restore_user(*, entity: int, username: str, full_name: str) -> None:
    """Put back the user of a USER entity that a volume's journal knows. Only a link can set the
    password; a user who is there stays as they are."""
    if User.objects.filter(Q(entity=entity) | Q(username__iexact=username)).exists():
        return
    user = User(username=username, full_name=full_name, entity_id=entity)
    user.set_unusable_password()
    user.save(force_insert=True)


@transaction.atomic
def change_user(
    *,
    by: Actor,
    username: str,
    email: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    password: str | None = None,
) -> User:
    """Change what is given; one's own account, or with USER_CHANGE another's."""
    user = _changeable(by, username)
    if email is not None:
        user.email = email.strip()
    if first_name is not None or last_name is not None:
        first = user.first_name if first_name is None else first_name
        _set_names(user, None, first, user.last_name if last_name is None else last_name)
    _check(user)
    _refuse_taken(user)
    user.save()
    given = {"email": email, "first_name": first_name, "last_name": last_name}
    changed = sorted(name for name, value in given.items() if value is not None)
    if changed:
        record(kind=Kind.USER_CHANGED, by=by, subject=user.entity_id, data={"fields": changed})
    return user if password is None else set_password(by=by, username=username, password=password)


@transaction.atomic
def set_password(*, by: Actor, username: str, password: str) -> User:
    """Give a user (oneself, or with USER_CHANGE another) a new password; every token, session and
    link issued under the old one ends. BadInput says why a password is too weak."""
    user = _changeable(by, username)
    _put_password(user, password)
    user.save(update_fields=["password"])
    record(kind=Kind.PASSWORD_SET, by=by, subject=user.entity_id)
    return user


@transaction.atomic
def set_active(*, by: Actor, username: str, active: bool) -> User:
    """Let a user in again, or shut it out at once with all its credentials; needs USER_CHANGE.
    Conflict for oneself."""
    user = _governed(by, username, Permission.USER_CHANGE)
    if by.entity == user.entity_id:
        raise Conflict("Nobody shuts out themselves.", username=username)
    if user.is_active != active:
        user.is_active = active
        user.save(update_fields=["is_active"])
        kind = Kind.USER_ACTIVATED if active else Kind.USER_DEACTIVATED
        record(kind=kind, by=by, subject=user.entity_id, data={"username": username})
    return user


@transaction.atomic
def anonymise(*, by: Actor, username: str) -> None:
    """What removing a user means: nobody can sign in as it, and nothing says who it was; its entity
    stays, for data and record refer to it. Needs USER_DELETE. Source: seeds/dataset-archive.txt,
    how to delete an entity."""
    user = _governed(by, username, Permission.USER_DELETE)
    if by.entity == user.entity_id:
        raise Conflict("Nobody removes themselves.", username=username)
    name = f"removed-{user.entity_id}"
    tree.rename(by=SYSTEM, entity=user.entity_id, name=name)
    user.username, user.email, user.is_active = name, "", False
    _set_names(user, "", None, None)
    user.set_unusable_password()
    user.save()
    user.client_keys.filter(revoked=None).update(revoked=timezone.now())
    record(kind=Kind.USER_ANONYMISED, by=by, subject=user.entity_id)


def sign_in(*, username: str, password: str, request: HttpRequest) -> User:
    """The user with this name and password. NotSignedIn when they do not belong together;
    LockedOut, whatever the password, after repeated failures from one address. Pages and API alike
    come through here."""
    credentials = {"username": username, "password": password}
    # A name that no user can have is not looked up, but costs and counts as much as a wrong one.
    found = check_password_of(request, **_harmless(credentials))
    if isinstance(found, User):
        with transaction.atomic():
            User.objects.filter(id=found.id).update(last_login=timezone.now())
            AxesProxyHandler.reset_attempts(
                username=found.username, ip_address=get_client_ip_address(request)
            )
            record(
                kind=Kind.LOGIN_DONE,
                by=Actor(found.entity_id, found.username, "password"),
                subject=found.entity_id,
            )
        return found
    _record_refusal(username)
    if not AxesProxyHandler.is_allowed(request, _harmless(credentials)):
        raise LockedOut("Too many wrong passwords; try again in a quarter of an hour.")
    raise NotSignedIn("This user name and password do not belong together.")


def issue_tokens(user: User) -> dict[str, str]:
    """An access and a refresh token."""
    mark = rules.password_mark(user.password)
    types: tuple[rules.TokenType, ...] = ("access", "refresh")
    return {each: rules.encode_token(rules.Token(user.id, mark, each)) for each in types}


def refresh(token: str) -> str:
    """A new access token for a refresh token that is still good, else NotSignedIn."""
    return issue_tokens(queries.token_user(token, "refresh"))["access"]


@transaction.atomic
def create_client_key(*, by: Actor, name: str) -> tuple[ClientKey, str]:
    """A new key of one's own and its text, which is shown this once."""
    _refuse_client_key(by)
    user = queries.user_of(by)
    text, prefix = rules.new_client_key()
    key = ClientKey.objects.create(
        user=user, name=_key_name(name), prefix=prefix, hash=rules.key_hash(text)
    )
    record(
        kind=Kind.CLIENT_KEY_CREATED,
        by=by,
        subject=user.entity_id,
        data={"id": key.id, "name": key.name},
    )
    return key, text


@transaction.atomic
def rename_client_key(*, by: Actor, key: int, name: str) -> ClientKey:
    """Give one's own key another name."""
    _refuse_client_key(by)
    found = queries.client_key(by, key)
    found.name = _key_name(name)
    found.save(update_fields=["name"])
    record(
        kind=Kind.CLIENT_KEY_RENAMED, by=by, subject=by.entity, data={"id": key, "name": found.name}
    )
    return found


@transaction.atomic
def revoke_client_key(*, by: Actor, key: int) -> None:
    """End one's own key, for ever."""
    _refuse_client_key(by)
    found = queries.client_key(by, key)
    found.revoked = timezone.now()
    found.save(update_fields=["revoked"])
    record(
        kind=Kind.CLIENT_KEY_REVOKED, by=by, subject=by.entity, data={"id": key, "name": found.name}
    )


@transaction.atomic
def make_password_link(user: User, *, by: Actor) -> str:
    """The path of a page where whoever has the link sets the user's password: once, within three
    days."""
    record(kind=Kind.PASSWORD_LINK_MADE, by=by, subject=user.entity_id)
    facts = {"user": user.id, "mark": rules.password_mark(user.password)}
    return f"/set-password/{signing.dumps(facts, salt=_LINK)}/"


def read_password_link(token: str) -> User:
    """Whose password the link (its last part) may still set. NotFound when it was used, is too old
    or garbled."""
    return _linked_user(token, User.objects.all())


@transaction.atomic
def use_password_link(*, token: str, password: str) -> User:
    """Set the password that the link allows; it does not work again."""
    user = _linked_user(token, User.objects.select_for_update())
    return set_password(
        by=Actor(user.entity_id, user.username, "link"), username=user.username, password=password
    )


def _linked_user(token: str, users: QuerySet[User]) -> User:
    refusal = NotFound("This link does not work any more; ask for a new one.")
    try:
        facts: Any = signing.loads(token, salt=_LINK, max_age=rules.LINK_LIFETIME)
    except (signing.BadSignature, ValueError):
        raise refusal from None
    user = users.filter(id=facts["user"], is_active=True).first()
    if user is None or not rules.same(facts["mark"], rules.password_mark(user.password)):
        raise refusal
    return user


def _refuse_client_key(by: Actor) -> None:
    if by.credential == queries.CLIENT_KEY:
        raise Forbidden("A client key manages neither users nor keys; sign in with a password.")


def _changeable(by: Actor, username: str) -> User:
    """The user, locked, when it is the actor itself or one whom the actor may change."""
    user = queries.find_user(username=username)
    if user is not None and by.entity == user.entity_id:
        _refuse_client_key(by)
        return User.objects.select_for_update().get(id=user.id)
    return _governed(by, username, Permission.USER_CHANGE)


def _governed(by: Actor, username: str, permission: Permission) -> User:
    """The user, locked, when the actor holds the permission on it."""
    _refuse_client_key(by)
    user = queries.find_user(username=username)
    absent = NotFound(f"There is no user {username[:150]}.", username=username[:150])
    if user is None:
        raise absent
    try:
        tree.require(actor=by, permission=permission, entity=user.entity_id)
    except NotFound:
        raise absent from None
    return User.objects.select_for_update().get(id=user.id)


def _set_names(user: User, full: str | None, first: str | None, last: str | None) -> None:
    """Keep the full name and its parts together, whichever of them is given."""
    if first is None and last is None:
        user.full_name = (full or "").strip()
        user.first_name, user.last_name = rules.split_name(user.full_name)
        return
    user.first_name, user.last_name = (first or "").strip(), (last or "").strip()
    user.full_name = (full or "").strip() or f"{user.first_name} {user.last_name}".strip()


def _check(user: User) -> None:
    """The form of every field, or BadInput naming those that are wrong."""
    for name in ("username", "email", "full_name"):
        if not getattr(user, name).isprintable():
            raise BadInput(f"{name}: this has letters that cannot be shown.", field=name)
    try:
        user.clean_fields(exclude=["password", "entity"])
    except ValidationError as error:
        fields = [
            {"field": name, "problem": " ".join(found)}
            for name, found in error.message_dict.items()
        ]
        sentence = "; ".join(f"{each['field']}: {each['problem']}" for each in fields)
        raise BadInput(f"Not as it should be: {sentence}", fields=fields) from None


def _refuse_taken(user: User) -> None:
    others = User.objects.exclude(id=user.id)
    if others.filter(username__iexact=user.username).exists():
        raise Conflict(f"There is a user {user.username} already.", field="username")
    if user.email and others.filter(email__iexact=user.email).exists():
        raise Conflict("Another user has this address.", field="email")


def _put_password(user: User, password: str) -> None:
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise BadInput(" ".join(error.messages), field="password") from None
    user.set_password(password)


def _key_name(name: str) -> str:
    clean = name.strip()
    if not 0 < len(clean) <= 200 or not clean.isprintable():
        raise BadInput("A key has a name of 1 to 200 characters.", field="name")
    return clean


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
