"""A team that deposits packages, an archive of two volumes, and a worker that does what is asked.
Rooms are imported when a fixture is made: this file is read before Django is set up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.hub.packages.depot import Depot


@pytest.fixture
def depot(transactional_db: None, tmp_path: Path) -> Iterator[Depot]:
    """Transactions are real: the writer that stores bytes is a thread of its own."""
    from lagan.hub.archive.services.volumes import forget_opened
    from tests.hub.packages.depot import furnish

    forget_opened()
    yield furnish(tmp_path)
    forget_opened()
