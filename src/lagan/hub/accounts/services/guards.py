"""Whom an actor may change, and the form of what is changed: what every verb of this room asks
first."""

from __future__ import annotations

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

from lagan.hub.accounts import queries, rules
from lagan.hub.accounts.models import User
from lagan.hub.base.actors import Actor
from lagan.hub.tree import services as tree
from lagan.hub.tree.permissions import Permission
from lagan.kit.errors import BadInput, Conflict, Forbidden, NotFound


def refuse_client_key(by: Actor) -> None:
    """Forbidden for keys: whoever finds one in a script must not become its owner."""
    if by.credential == queries.CLIENT_KEY:
        raise Forbidden("A client key manages neither users nor keys; sign in with a password.")


def changeable(by: Actor, username: str) -> User:
    """The user, locked, when it is the actor itself or one whom the actor may change."""
    user = queries.find_user(username=username)
    if user is not None and by.entity == user.entity_id:
        refuse_client_key(by)
        return User.objects.select_for_update().get(id=user.id)
    return governed(by, username, Permission.USER_CHANGE)


def governed(by: Actor, username: str, permission: Permission) -> User:
    """The user, locked, when the actor holds the permission on it."""
    refuse_client_key(by)
    user = queries.find_user(username=username)
    absent = NotFound(f"There is no user {username[:150]}.", username=username[:150])
    if user is None:
        raise absent
    try:
        tree.require(actor=by, permission=permission, entity=user.entity_id)
    except NotFound:
        raise absent from None
    return User.objects.select_for_update().get(id=user.id)


def set_names(user: User, full: str | None, first: str | None, last: str | None) -> None:
    """Keep the full name and its parts together, whichever of them is given."""
    if first is None and last is None:
        user.full_name = (full or "").strip()
        user.first_name, user.last_name = rules.split_name(user.full_name)
        return
    user.first_name, user.last_name = (first or "").strip(), (last or "").strip()
    user.full_name = (full or "").strip() or f"{user.first_name} {user.last_name}".strip()


def check(user: User) -> None:
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


def refuse_taken(user: User) -> None:
    """Conflict for a name or an address that another user has, in any case."""
    others = User.objects.exclude(id=user.id)
    if others.filter(username__iexact=user.username).exists():
        raise Conflict(f"There is a user {user.username} already.", field="username")
    if user.email and others.filter(email__iexact=user.email).exists():
        raise Conflict("Another user has this address.", field="email")


def put_password(user: User, password: str) -> None:
    """Set the password on the row, unsaved; BadInput says why it is too weak."""
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise BadInput(" ".join(error.messages), field="password") from None
    user.set_password(password)
