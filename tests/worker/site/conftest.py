"""A site of the tests' own: one root that this process serves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lagan.worker.place import Place, serving


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    folder.mkdir()
    with serving(Place(roots=(folder,))):
        yield folder
