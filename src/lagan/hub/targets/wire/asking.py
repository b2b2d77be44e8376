"""Whose request it is, and about which target."""

from __future__ import annotations

from lagan.hub.base.raw import Exchange, in_thread
from lagan.hub.jobs.keys import site_of
from lagan.hub.jobs.wire.reading import key_of, opened, served
from lagan.hub.targets.models import Participant
from lagan.hub.targets.sharing import participant
from lagan.kit.errors import BadInput
from lagan.worker.wire import Fields


async def asker(exchange: Exchange) -> Participant:
    """The site that asks, in the target that the address names. NotSignedIn; NotFound for a site
    that the key is not for."""
    return await in_thread(lambda: _participant(exchange, site_of(key_of(exchange))))


async def asked(exchange: Exchange) -> tuple[Participant, Fields]:
    """The same, with the JSON object that was sent."""
    sites, given = await opened(exchange)
    return await in_thread(_participant, exchange, sites), given


def _participant(exchange: Exchange, sites: set[str]) -> Participant:
    target, site = exchange.query("target"), exchange.query("site")
    if not target:
        raise BadInput("The address names the target.", field="target")
    mine = served(sites, [site] if site else [])
    if len(mine) != 1:
        raise BadInput("With keys of several sites, the address names the site.", field="site")
    return participant(target, mine[0])
