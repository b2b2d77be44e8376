"""Which documented address goes to which handler."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from lagan.hub.base.methods import MethodNotAllowed
from lagan.hub.base.raw import Exchange, Handler
from lagan.hub.doors.packages_api import account, depositing, reading
from lagan.hub.doors.packages_api.asking import refuse

_ID = r"(?P<package>\d{1,18})"
_ROUTES: tuple[tuple[str, Mapping[str, Callable[..., Awaitable[None]]]], ...] = (
    (r"/upload", {"POST": depositing.upload}),
    (r"/api/v1/archive", {"GET": reading.list_}),
    (r"/api/v1/archive/search", {"GET": reading.search}),
    (
        rf"/api/v1/archive/{_ID}",
        {"GET": reading.show, "PUT": depositing.update, "PATCH": depositing.update},
    ),
    (rf"/api/v1/archive/{_ID}/download", {"GET": reading.download}),
    # What `content` of a package's detail says.
    (rf"/api/v1/archive/{_ID}/[0-9a-f]{{64}}", {"GET": reading.download}),
    (r"/api/v1/audit", {"GET": reading.audits}),
    (rf"/api/v1/audit/archive/{_ID}", {"GET": reading.audits}),
)
_OWN = [(re.compile(f"{pattern}/?"), handlers) for pattern, handlers in _ROUTES]
_SHARED: Mapping[str, Handler] = {
    "/api/auth/account": account.show,
    "/api/auth/token": account.token,
    "/api/auth/logout": account.logout,
}
"""Beside the hub's own addresses, which answer other methods."""


def route(method: str, path: str) -> Handler | None:
    """The handler of a request to this door; None when it is not ours."""
    if method == "GET" and (shared := _SHARED.get(path.removesuffix("/"))):
        return shared
    for pattern, handlers in _OWN:
        if found := pattern.fullmatch(path):
            if method not in handlers:
                return partial(_no_such_method, allowed=", ".join(handlers))
            given = {name: int(text) for name, text in found.groupdict().items()}
            return partial(handlers[method], **given)
    return None


async def _no_such_method(exchange: Exchange, allowed: str) -> None:
    await refuse(exchange, MethodNotAllowed("Method not allowed.", allowed=allowed))
