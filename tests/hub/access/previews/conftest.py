"""Previews of bytes without a hub: drawn by real processes from a volume in a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lagan.hub.access.previews.blocks import Drawn


class Shelf:
    """A folder as the volume that files are read from, and how much of them was."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.read_bytes = folder, 0

    def read(self, name: str, offset: int, length: int) -> Any:
        with (self.folder / name).open("rb") as file:
            file.seek(offset)
            data = file.read(length)
        self.read_bytes += len(data)
        yield data


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    from lagan.hub.access.previews import running

    # What is limited here is the processor's time; who waits for it is another question.
    monkeypatch.setattr(running, "PATIENCE", 200)
    return Shelf(tmp_path)


@pytest.fixture
def drawn(shelf: Shelf) -> Callable[..., Drawn]:
    """`drawn(name, data, page=0, view="whole")`: what the process drew, which must be whole."""
    from lagan.hub.access.previews.request import Asked
    from lagan.hub.access.previews.running import draw
    from lagan.hub.archive.queries import Location
    from lagan.kit.digests import digests_of
    from lagan.kit.ids import new_id

    def of(name: str, data: bytes | None, **asked: Any) -> Drawn:
        if data is not None:
            (shelf.folder / "object").write_bytes(b"before" + data)
        size = (shelf.folder / "object").stat().st_size - 6
        known = digests_of([])
        place = Location("v", shelf, "object", 6, size, True, known, new_id())  # type: ignore[arg-type]
        return draw(Asked(name, size, **asked), [place])[0]

    return of
