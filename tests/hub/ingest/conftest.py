"""A laboratory whose computer is fetched from, with an archive of one volume, for tests that need
no whole hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.services.process import Running

if TYPE_CHECKING:
    from tests.hub.laboratory import Laboratory


@pytest.fixture
def top(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


@pytest.fixture
def lab(transactional_db: None, ssh: Running, top: Path, tmp_path: Path) -> Iterator[Laboratory]:
    from lagan.hub.archive.services.volumes import add_volume, forget_opened
    from lagan.hub.base.actors import SYSTEM
    from tests.hub.laboratory import furnish

    forget_opened()
    (tmp_path / "volume").mkdir()
    add_volume(by=SYSTEM, location=f"posix:{tmp_path / 'volume'}", name="main", storage_set="disks")
    yield furnish(ssh, top)
    forget_opened()
