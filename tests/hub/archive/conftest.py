"""An archive of two volumes for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.hub.archive.shelf import Archive


ROOMS = ("tree", "accounts", "archive")


@pytest.fixture
def archive(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    """A hub with one storage set: the volumes `main` and `copy`.

    What the rooms above put into snapshots is theirs to test.
    """
    # Models can be imported only when Django is set up, which is after this file is read.
    from lagan.hub.archive.services import registry
    from lagan.hub.archive.services.volumes import forget_opened
    from tests.hub.archive.shelf import Archive

    known = {n: each for n, each in registry._exporters.items() if n.split(".")[0] in ROOMS}
    monkeypatch.setattr(registry, "_exporters", known)
    forget_opened()
    made = Archive(tmp_path)
    made.add_volume("main", "main")
    made.add_volume("copy")
    yield made
    forget_opened()
