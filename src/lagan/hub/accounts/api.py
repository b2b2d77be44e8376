"""Signing in, client keys and users over HTTP, exactly as `seeds/workflow-hub.txt` documents
them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import FileResponse, HttpRequest
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from lagan.hub.accounts import queries, services
from lagan.hub.accounts.auth import NO_KEYS
from lagan.hub.accounts.models import ClientKey, User
from lagan.hub.base.api import asker
from lagan.hub.base.numbered import numbered

auth = Router(tags=["auth"])
users = Router(tags=["users"], auth=NO_KEYS)
keys = Router(auth=NO_KEYS)
old_tokens = Router(tags=["auth"])
"""An older address of `auth/token/refresh/`."""

Text = Annotated[str, Field(max_length=4096)]


class In(Schema):
    """Unknown fields are passed over: clients send back what they were shown, read-only fields
    included."""

    model_config = ConfigDict(extra="ignore")


class CredentialsIn(In):
    """A user name and its password; `otp` is a one-time password or a recovery code, for accounts
    with a second factor."""

    username: Text
    password: Text
    otp: Text = ""


class TokenPair(Schema):
    """The two tokens."""

    access: str
    refresh: str


class RefreshIn(In):
    """A refresh token."""

    refresh: Text


class AccessToken(Schema):
    """A fresh access token."""

    access: str


class VerifyIn(In):
    """A token, and which type it should be."""

    token: Text
    type: Literal["access", "refresh"]


class Me(Schema):
    """Who is signed in."""

    username: str
    name: str
    email: str
    entity: int


class KeyIn(In):
    """The name of a client key."""

    name: Text


class KeyOut(Schema):
    """A client key as it is shown ever after."""

    url: str
    id: int
    name: str


class NewKeyOut(KeyOut):
    """A client key as it is shown once."""

    api_key: str


class NumberedOut(Schema):
    """A numbered page."""

    count: int
    next: str | None
    previous: str | None


class KeysOut(NumberedOut):
    """A page of client keys."""

    results: list[KeyOut]


class UserIn(In):
    """A new user."""

    username: Text
    password: Text
    email: Text = ""
    first_name: Text = ""
    last_name: Text = ""


class UserPatch(In):
    """What is to change of a user."""

    email: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    password: Text | None = None


class UserOut(Schema):
    """A user as others see it."""

    url: str
    id: int
    username: str
    email: str
    first_name: str
    last_name: str
    is_active: bool
    date_joined: datetime
    last_login: datetime | None


class UsersOut(NumberedOut):
    """A page of users."""

    results: list[UserOut]


@auth.post("token/", response={201: TokenPair}, auth=None)
def make_token(request: HttpRequest, body: CredentialsIn) -> Any:
    """Exchange a user name and password for an access token (1 hour) and a refresh token (1
    day). 401 with the type `second-factor-needed` when the account has a second factor and `otp` is
    missing; 403 `second-factor-missing` when it must have one and has none, and
    `password-change-needed` for a password that was mailed: both are settled on the pages."""
    user = services.sign_in(
        username=body.username, password=body.password, request=request, otp=body.otp
    )
    return Status(201, services.issue_tokens(user))


@old_tokens.post(
    "refresh/", response={201: AccessToken}, auth=None, operation_id="refresh_token_old"
)
@auth.post("token/refresh/", response={201: AccessToken}, auth=None)
def refresh_token(request: HttpRequest, body: RefreshIn) -> Any:
    """Exchange a refresh token for a new access token."""
    return Status(201, {"access": services.refresh(body.refresh)})


@auth.post("token/verify/", response={201: VerifyIn}, auth=None)
def verify_token(request: HttpRequest, body: VerifyIn) -> Any:
    """Whether a token has not expired and its owner exists and is active; 401 when not."""
    queries.token_user(body.token, body.type)
    return Status(201, body)


@auth.get("me/", response=Me)
def me(request: HttpRequest) -> Any:
    """Who is signed in."""
    user = queries.user_of(asker(request))
    return {
        "username": user.username,
        "name": user.get_full_name(),
        "email": user.email,
        "entity": user.entity_id,
    }


@keys.get("", response=KeysOut)
def list_keys(request: HttpRequest) -> Any:
    """One's own client keys."""
    return numbered(request, queries.client_keys(asker(request)), lambda key: _key(request, key))


@keys.post("", response={201: NewKeyOut})
def create_key(request: HttpRequest, body: KeyIn) -> Any:
    """A new client key; its text is in this answer and nowhere else."""
    key, text = services.create_client_key(by=asker(request), name=body.name)
    return Status(201, {**_key(request, key), "api_key": text})


@keys.get("{int:key}/", response=KeyOut)
def show_key(request: HttpRequest, key: int) -> Any:
    """One of one's own client keys."""
    return _key(request, queries.client_key(asker(request), key))


@keys.patch("{int:key}/", response=KeyOut)
def rename_key(request: HttpRequest, key: int, body: KeyIn) -> Any:
    """Rename a client key."""
    return _key(request, services.rename_client_key(by=asker(request), key=key, name=body.name))


@keys.delete("{int:key}/", response={204: None})
def revoke_key(request: HttpRequest, key: int) -> Any:
    """End a client key."""
    services.revoke_client_key(by=asker(request), key=key)
    return Status(204, None)


auth.add_router("clientkeys/", keys)


@users.get("", response=UsersOut)
def list_users(request: HttpRequest) -> Any:
    """The users whom the asker may see."""
    return numbered(
        request, queries.visible_users(asker(request)), lambda user: _user(request, user)
    )


@users.post("", response={201: UserOut})
def create_user(request: HttpRequest, body: UserIn) -> Any:
    """A new user; the password is never shown."""
    user = services.create_user(by=asker(request), **body.dict())
    return Status(201, _user(request, user))


@users.get("{username}/", response=UserOut)
def show_user(request: HttpRequest, username: str) -> Any:
    """One user."""
    return _user(request, queries.visible_user(asker(request), username))


@users.patch("{username}/", response=UserOut)
def change_user(request: HttpRequest, username: str, body: UserPatch) -> Any:
    """Change a user's address, names or password."""
    return _user(request, services.change_user(by=asker(request), username=username, **body.dict()))


@users.delete("{username}/", response={204: None})
def remove_user(request: HttpRequest, username: str) -> Any:
    """Make a user anonymous."""
    services.anonymise(by=asker(request), username=username)
    return Status(204, None)


@users.post("{username}/activate/", response={201: UserOut})
def activate(request: HttpRequest, username: str) -> Any:
    """Let a user in again."""
    return Status(
        201, _user(request, services.set_active(by=asker(request), username=username, active=True))
    )


@users.post("{username}/deactivate/", response={201: UserOut})
def deactivate(request: HttpRequest, username: str) -> Any:
    """Shut a user out."""
    return Status(
        201,
        _user(request, services.set_active(by=asker(request), username=username, active=False)),
    )


@users.post("{username}/unlock/", response={204: None})
def unlock(request: HttpRequest, username: str) -> Any:
    """Forget a user's failed tries."""
    services.unlock(by=asker(request), username=username)
    return Status(204, None)


@users.post("{username}/reset-second-factor/", response={204: None})
def reset_second_factor(request: HttpRequest, username: str) -> Any:
    """Take a user's second factors and recovery codes away."""
    services.reset_factors(by=asker(request), username=username)
    return Status(204, None)


@users.post("{username}/send-password-link/", response={202: None})
def send_password_link(request: HttpRequest, username: str) -> Any:
    """Mail a user a link to choose a password."""
    services.send_password_link(by=asker(request), username=username)
    return Status(202, None)


@users.post("{username}/send-password/", response={202: None})
def send_password(request: HttpRequest, username: str) -> Any:
    """Give a user a password of the hub's making, mail it, and ask for another at the first
    sign-in."""
    services.send_generated_password(by=asker(request), username=username)
    return Status(202, None)


@users.get("{username}/personal-data/", response={200: None})
def personal_data(request: HttpRequest, username: str) -> Any:
    """Everything that is kept about a user, as a zip; for the user and for whoever holds
    USER_DELETE on it."""
    file = services.export_personal(by=asker(request), username=username)
    return FileResponse(file, as_attachment=True, filename=f"personal-data-{username}.zip")


def _key(request: HttpRequest, key: ClientKey) -> dict[str, Any]:
    return {
        "url": request.build_absolute_uri(f"/api/auth/clientkeys/{key.id}/"),
        "id": key.id,
        "name": key.name,
    }


def _user(request: HttpRequest, user: User) -> dict[str, Any]:
    names = [
        "id",
        "username",
        "email",
        "first_name",
        "last_name",
        "is_active",
        "date_joined",
        "last_login",
    ]
    address = request.build_absolute_uri(f"/api/users/{user.username}/")
    return {"url": address, **{name: getattr(user, name) for name in names}}
