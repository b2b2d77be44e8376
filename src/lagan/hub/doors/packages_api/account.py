"""Account, token and logout."""

from __future__ import annotations

from typing import Any

from lagan.hub.accounts import queries as accounts
from lagan.hub.accounts import services
from lagan.hub.base.actors import Actor
from lagan.hub.base.raw import Exchange, in_thread
from lagan.hub.doors.packages_api import shapes
from lagan.hub.doors.packages_api.asking import asker, day_token, translated
from lagan.hub.packages import queries
from lagan.kit.errors import NotSignedIn


@translated
async def show(exchange: Exchange) -> None:
    """GET account info: the person, their groups, and the token."""
    await exchange.reply_json(200, await in_thread(_account, exchange))


def _account(exchange: Exchange) -> dict[str, Any]:
    by = asker(exchange)
    user = accounts.user_of(by)
    return {
        "username": user.username,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "groups": [shapes.group(each) for each in queries.contexts(by)],
        "token": _token(exchange, by),
    }


@translated
async def token(exchange: Exchange) -> None:
    """GET user token: the one that was sent. Who signs in otherwise gets a new one."""

    def told() -> str:
        return _token(exchange, asker(exchange))

    await exchange.reply_json(200, {"token": await in_thread(told)})


def _token(exchange: Exchange, by: Actor) -> str:
    return day_token(exchange) or services.issue_day_token(by=by)


@translated
async def logout(exchange: Exchange) -> None:
    """GET logout user: the token that was sent is no good any more."""

    def end() -> None:
        by, text = asker(exchange), day_token(exchange)
        if text is None:
            raise NotSignedIn("Only a day token is ended here.", word="no-credentials")
        services.revoke_day_token(by=by, token=text)

    await in_thread(end)
    await exchange.reply_json(200, "Logout was successful.")
