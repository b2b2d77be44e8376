"""A facility, its role account and a volume. Rooms are imported when a fixture is made: this file
is read before Django is set up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.hub.instruments.laboratory import Laboratory


@pytest.fixture
def lab(transactional_db: None, tmp_path: Path, settings: Any) -> Iterator[Laboratory]:
    """Transactions are real: the writer that stores bytes is a thread of its own. Staging has a
    folder of its own."""
    way = replace(
        settings.CONFIG.staging, folder=tmp_path / "staging", keys=tmp_path / "keys/authorized_keys"
    )
    settings.CONFIG = replace(settings.CONFIG, staging=way)
    from lagan.hub.archive.services.volumes import forget_opened
    from tests.hub.instruments.laboratory import furnish

    forget_opened()
    yield furnish(tmp_path)
    forget_opened()
