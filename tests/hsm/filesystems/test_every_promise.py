"""What the tests of `tests/hsm` show on the filesystem of the test run holds on every one: they are
run here again, their files on a disk of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import pytest

from tests.hsm import (
    test_deleting,
    test_lease,
    test_migrating,
    test_recalling,
    test_reverse,
    test_settling,
    test_space,
)
from tests.services.disks import Disk

pytestmark = pytest.mark.slow
MODULES = (
    test_deleting,
    test_lease,
    test_migrating,
    test_recalling,
    test_reverse,
    test_settling,
    test_space,
)


def _of(module: ModuleType) -> Iterator[tuple[str, object]]:
    """A module's own tests and fixtures."""
    for name, value in vars(module).items():
        is_fixture = type(value).__name__ == "FixtureFunctionDefinition"
        if name.startswith("test_") or (is_fixture and name not in globals()):
            assert name not in globals(), f"two tests are called {name}"
            yield name, value


@pytest.fixture
def tmp_path(disk: Disk) -> Path:
    """A folder of the disk; all else lies beneath it."""
    folder = disk.folder / uuid4().hex
    folder.mkdir()
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Elsewhere: an open target would keep the disk from being unmounted."""
    return tmp_path_factory.mktemp("bucket")


for each in MODULES:
    globals().update(dict(_of(each)))
