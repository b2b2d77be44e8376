"""An archive of two volumes for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.hub.archive.shelf import Archive


@pytest.fixture
def archive(db: None, tmp_path: Path) -> Iterator[Archive]:
    """A hub with one storage set: the volumes `main` and `copy`."""
    # Models can be imported only when Django is set up, which is after this file is read.
    from lagan.hub.archive.services.volumes import forget_opened
    from tests.hub.archive.shelf import Archive

    forget_opened()
    made = Archive(tmp_path)
    made.add_volume("main", "main")
    made.add_volume("copy")
    yield made
    forget_opened()
