"""Files of a site on each ordinary filesystem, and a target elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from lagan.hsm.target import Target
from lagan.store import open_volume
from lagan.worker.place import Place, serving
from tests.hsm.conftest import Files
from tests.services.disks import KINDS, Disk, mounted


@pytest.fixture(scope="session")
def _disks() -> Iterator[dict[str, Disk]]:
    """One of each kind that was asked for, for all tests of this process."""
    with ExitStack() as stack:
        yield _Mounted(stack)


class _Mounted(dict[str, Disk]):
    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self._stack = stack

    def __missing__(self, kind: str) -> Disk:
        self[kind] = self._stack.enter_context(mounted(kind))
        return self[kind]


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, _disks: dict[str, Disk]) -> Disk:
    """Shared by all tests: whoever needs it full, read-only or cut takes one of its own."""
    return _disks[request.param]


@pytest.fixture(params=KINDS)
def own_disk(request: pytest.FixtureRequest) -> Iterator[Disk]:
    """A disk for this test alone."""
    with mounted(request.param) as disk:
        yield disk


@pytest.fixture
def root(disk: Disk) -> Iterator[Path]:
    """A folder of the disk, empty."""
    folder = disk.folder / uuid4().hex
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def anywhere(files: Files) -> Files:
    """The target is of one kind here; the filesystems are what differs."""
    return files


@pytest.fixture
def site(root: Path, bucket: Path) -> Iterator[Path]:
    """The folder as the one root of a site whose steps run here."""
    with serving(Place((root,), targets={"bucket": str(bucket)})):
        yield root


def on(disk: Disk, bucket: Path) -> Files:
    """Files at the top of a disk of one's own."""
    return Files(disk.folder, Target("bucket", open_volume(str(bucket))))
