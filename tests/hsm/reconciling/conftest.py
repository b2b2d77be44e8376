"""Two sites with one target."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hsm.reconciling.sites import Sites


@pytest.fixture
def sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sites:
    return Sites(tmp_path, monkeypatch)
