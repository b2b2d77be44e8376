"""The work routes behind a real server in a thread, and workers that have only its address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from lagan.worker.remote import RemoteLedger
from tests.services.process import free_port

if TYPE_CHECKING:
    from lagan.hub.jobs.models import Site


@pytest.fixture
def address(transactional_db: None) -> Iterator[str]:
    """Where the work routes answer."""
    from lagan.hub.base.raw import Exchange, Receive, Scope, Send, answer
    from lagan.hub.jobs import bell
    from lagan.hub.jobs.wire.routes import route

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        handle = route(exchange.method, exchange.path)
        assert handle is not None
        await answer(exchange, handle)

    port, started = free_port(), Event()
    server = _Server(started, application, port)
    thread = Thread(target=server.run)
    thread.start()
    assert started.wait(60)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = server.force_exit = True
    thread.join(60)
    assert not thread.is_alive()
    bell.hush()


@pytest.fixture
def lab(transactional_db: None) -> Site:
    """A site."""
    from lagan.hub.jobs.services import ensure_site

    return ensure_site(name="lab", limit=3)


@pytest.fixture
def key(lab: Site) -> str:
    """A key of the site."""
    return key_of("lab")


@pytest.fixture
def remote(address: str, key: str) -> RemoteLedger:
    """A worker's ledger at the site."""
    return RemoteLedger(address, key)


def key_of(site: str) -> str:
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.jobs.keys import make_site_key

    return make_site_key(site=site, name="test", by=SYSTEM)[1]


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, started: Event, application: Callable[..., Any], port: int) -> None:
        super().__init__(
            uvicorn.Config(application, port=port, lifespan="off", log_level="warning")
        )
        self._listening = started

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self._listening.set()
