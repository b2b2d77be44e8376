"""A laboratory for each test."""

from __future__ import annotations

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
def lab(db: None, ssh: Running, top: Path) -> Laboratory:
    from tests.hub.laboratory import furnish

    return furnish(ssh, top)
