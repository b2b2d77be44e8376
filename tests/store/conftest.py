"""Volumes of every kind, empty, and what is stored on them in these tests."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from lagan.kit.digests import Digests, digests_of
from lagan.kit.ids import new_id
from lagan.store import FileLine, Volume, open_volume
from tests.services.process import Running

_KEYS = itertools.count()


@pytest.fixture
def bucket(s3: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The location of an empty place in a real bucket."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.address["access_key"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.address["secret_key"])
    options = {"endpoint": s3.address["endpoint"], "spool": str(tmp_path / "spool")}
    return f"s3://{s3.address['bucket']}/{uuid4()}?{urlencode(options)}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for a volume."""
    (tmp_path / "volume").mkdir()
    return tmp_path / "volume"


@pytest.fixture
def volume(folder: Path) -> Volume:
    """An empty volume in a folder."""
    return open_volume(str(folder))


@pytest.fixture(params=["posix", "memory"])
def quick(request: pytest.FixtureRequest, folder: Path) -> Volume:
    """An empty volume of each kind that needs no server."""
    return open_volume(str(folder) if request.param == "posix" else f"memory:{uuid4()}")


@pytest.fixture(params=["posix", "memory", "s3"])
def each(request: pytest.FixtureRequest, folder: Path) -> Volume:
    """An empty volume of each kind."""
    places: dict[str, Callable[[], str]] = {
        "posix": lambda: str(folder),
        "memory": lambda: f"memory:{uuid4()}",
        "s3": lambda: str(request.getfixturevalue("bucket")),
    }
    return open_volume(places[request.param]())


def put(volume: Volume, name: str, data: bytes) -> Digests:
    """Store `data` as the object `name`."""
    incoming = volume.receive(f"test-{next(_KEYS)}")
    incoming.write([data])
    volume.publish([(incoming, name)])
    return incoming.digests()


def get(volume: Volume, name: str) -> bytes:
    """All bytes of an object."""
    return b"".join(map(bytes, volume.read(name)))


def names(volume: Volume, prefix: str = "") -> set[str]:
    """The names of all objects."""
    return {stat.name for stat in volume.list(prefix)}


def line_for(name: str, data: bytes = b"", **belongs: object) -> FileLine:
    """What the journal says of an object that holds `data`."""
    return FileLine(
        id=new_id(),
        file_id=str(uuid4()),
        version=1,
        name=name.rpartition("/")[2],
        object=name,
        offset=0,
        length=len(data),
        digests=digests_of([data]),
        stored_at=time.time(),
        belongs=belongs,
    )
