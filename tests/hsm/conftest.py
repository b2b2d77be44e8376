"""Files of a site and a target for their content."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from lagan.hsm.migrating import Outcome, migrate
from lagan.hsm.recalling import recall
from lagan.hsm.reverse import reverse_stub
from lagan.hsm.states import state_of
from lagan.hsm.target import Target
from lagan.store import open_volume
from tests.services.process import Running

MTIME = 1_500_000_000_123_456_789
"""Nanoseconds: a time that no file of a test has by itself."""


class Files:
    """A site's folder `root`, acted on by path with one target."""

    def __init__(self, root: Path, target: Target) -> None:
        self.root = root
        self.target = target

    def make(self, name: str = "run/scan.dat", content: bytes = b"", size: int = 0) -> Path:
        """A file of `content`, or of `size` random bytes, as old as MTIME."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content or os.urandom(size))
        os.utime(path, ns=(MTIME, MTIME))
        return path

    def migrate(self, path: Path, **how: Any) -> Outcome:
        with opened(path) as descriptor:
            relative = str(path.relative_to(self.root))
            return migrate(descriptor, relative, self.target, origin=str(path), **how)

    def recall(self, path: Path, **how: Any) -> Outcome:
        with opened(path) as descriptor:
            return recall(descriptor, self.target, **how)

    def reverse_stub(self, path: Path, origin: Path, **how: Any) -> Outcome:
        path.parent.mkdir(parents=True, exist_ok=True)
        record = self.target.find(str(origin), "")
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return reverse_stub(folder, path.name, record, self.target, **how)
        finally:
            os.close(folder)

    def objects(self) -> list[str]:
        """What the target holds."""
        return sorted(each.name for each in self.target.volume.list())

    def waiting(self) -> list[str]:
        """What was begun to be brought to the target and not ended."""
        return [each.name for each in self.target.volume.pending()]


@contextmanager
def opened(path: Path, flags: int = os.O_RDWR) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def state(path: Path) -> str:
    return state_of(path, path.stat())


def sectors(path: Path) -> int:
    return path.stat().st_blocks


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """The folder of the target."""
    (tmp_path / "bucket").mkdir()
    return tmp_path / "bucket"


@pytest.fixture
def files(root: Path, bucket: Path) -> Files:
    return Files(root, Target("bucket", open_volume(str(bucket))))


@pytest.fixture(params=["posix", "memory", "s3"])
def anywhere(
    request: pytest.FixtureRequest, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Files:
    """The same with a target of each kind."""
    places: dict[str, Callable[[], str]] = {
        "posix": lambda: str(request.getfixturevalue("bucket")),
        "memory": lambda: f"memory:{uuid4()}",
        "s3": lambda: _s3(request.getfixturevalue("s3"), tmp_path, monkeypatch),
    }
    return Files(root, Target("bucket", open_volume(places[request.param]())))


def _s3(server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.address["access_key"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.address["secret_key"])
    options = {"endpoint": server.address["endpoint"], "spool": str(tmp_path / "spool")}
    return f"s3://{server.address['bucket']}/{uuid4()}?{urlencode(options)}"
