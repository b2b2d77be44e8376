"""An archive of two volumes behind a real server in a thread, and sites that keep things in it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from lagan.worker.archive_hub import Where
from lagan.worker.archive_volume import ArchiveVolume
from tests.hub.jobs.wire.conftest import _Server
from tests.services.process import free_port

if TYPE_CHECKING:
    from tests.hub.archive.shelf import Archive

ROOMS = ("tree", "accounts", "archive", "targets")
Volumes = Callable[..., ArchiveVolume]


@pytest.fixture
def archive(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Archive]:
    """The volumes `main` and `copy`; what the rooms above put into snapshots is theirs to test."""
    from lagan.hub.archive.services import registry
    from lagan.hub.archive.services.volumes import forget_opened
    from tests.hub.archive.shelf import Archive

    known = {n: each for n, each in registry._exporters.items() if n.split(".")[0] in ROOMS}
    monkeypatch.setattr(registry, "_exporters", known)
    forget_opened()
    (tmp_path / "volumes").mkdir()
    made = Archive(tmp_path / "volumes")
    made.add_volume("main", "main")
    made.add_volume("copy")
    yield made
    forget_opened()


@pytest.fixture
def address(archive: Archive) -> Iterator[str]:
    """Where the work routes answer."""
    from lagan.hub.base.raw import Exchange, Receive, Scope, Send, answer
    from lagan.hub.targets.wire.routes import route

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        handle = route(exchange.method, exchange.path)
        assert handle is not None
        await answer(exchange, handle)

    port, started = free_port(), Event()
    server = _Server(started, application, port)
    thread = Thread(target=server.run)
    thread.start()
    assert started.wait(20)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = server.force_exit = True
    thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def volume_of(address: str) -> Volumes:
    """A target of the archive as a site sees it."""
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.jobs.keys import make_site_key
    from lagan.hub.jobs.services import ensure_site

    keys: dict[str, str] = {}

    def opened(site: str = "lab", target: str = "archive") -> ArchiveVolume:
        if site not in keys:
            ensure_site(name=site)
            keys[site] = make_site_key(site=site, name="test", by=SYSTEM)[1]
        return ArchiveVolume(Where(address, target, site, lambda: f"Site-Key {keys[site]}"))

    return opened


@pytest.fixture
def volume(volume_of: Volumes) -> ArchiveVolume:
    """The archive as the site `lab` sees it."""
    return volume_of()


def put(volume: ArchiveVolume, **objects: bytes) -> None:
    """Store objects together."""
    arrivals = []
    for name, data in objects.items():
        incoming = volume.receive(f"test-{secrets.token_hex(8)}")
        incoming.write([data])
        arrivals.append((incoming, name))
    volume.publish(arrivals)


def get(volume: ArchiveVolume, name: str) -> bytes:
    """All bytes of an object."""
    return b"".join(map(bytes, volume.read(name)))
