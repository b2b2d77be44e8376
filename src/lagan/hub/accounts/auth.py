"""How the API knows who asks: the `auth` of every router."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from lagan.hub.accounts import queries
from lagan.hub.accounts.errors import SecondFactorMissing
from lagan.hub.accounts.services.guards import refuse_client_key
from lagan.hub.base.actors import NOBODY, Actor
from lagan.kit.errors import Forbidden, NotSignedIn

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Credentials(AuthBase):
    """`Bearer <JWT>`, `Api-Key <key>` or the pages' session, whose changes must carry the CSRF
    token. The actor is then `request.auth`."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Actor:
        """The actor, or NotSignedIn."""
        return actor_of(request)


class People(Credentials):
    """As `Credentials`, but no client key: none of them reaches users and client keys.

    Source: seeds/workflow-hub.txt, "Allow the client-key to access all routes excluding user and
    client-key".
    """

    def __call__(self, request: HttpRequest) -> Actor:
        """The actor; Forbidden for a client key."""
        actor = actor_of(request)
        refuse_client_key(actor)
        return actor


class Visitors(Credentials):
    """As `Credentials`, but lets in who brings none: what nobody in particular may see is for the
    called query to say."""

    def __call__(self, request: HttpRequest) -> Actor:
        """The actor, or NOBODY."""
        if not request.headers.get("Authorization") and not request.user.is_authenticated:
            return NOBODY
        return actor_of(request)


SIGNED_IN = Credentials()
ANYBODY = Visitors()
NO_KEYS = People()


def actor_of(request: HttpRequest) -> Actor:
    """The actor of a request that came through Django; NotSignedIn without a good credential."""
    header = request.headers.get("Authorization")
    if header:
        return queries.signed_in(authorization=header)
    user = request.user
    if not user.is_authenticated:
        raise NotSignedIn("Sign in first.")
    if not queries.suffices(user, request.session):
        raise SecondFactorMissing("This account needs a second factor: set it up on the pages.")
    if request.method not in _SAFE and check_csrf(request) is not None:
        raise Forbidden("This request lacks the CSRF token of your session.")
    return Actor(user.entity_id, user.username, queries.SESSION)
