"""Files that nginx sends in our place: who may have them is decided here, no byte passes us.

nginx says with each request that it would (`X-Sendfile-Type: X-Accel-Redirect`), so that whoever
speaks to the hub itself gets the bytes from it. It heeds the asker's Range by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from django.conf import settings

from lagan.hub.archive.queries import Location
from lagan.hub.base.raw import Exchange

OFFER = "x-accel-redirect"


def nginx_place(exchange: Exchange, locations: Sequence[Location]) -> str | None:
    """The internal address of a good copy that nginx can send, if it offered to; a file in a pack
    has none."""
    if (exchange.header("x-sendfile-type") or "").lower() != OFFER:
        return None
    prefixes = settings.CONFIG.x_accel
    for each in locations:
        path = each.store.local_path(each.object)
        if each.volume in prefixes and not each.packed and path is not None and path.is_file():
            return str(prefixes[each.volume]) + quote(each.object)
    return None
