"""The demo's folder is new each time, and nobody else's folder is ever removed for it."""

from __future__ import annotations

import shutil
from pathlib import Path

from lagan.hub.ops.data_folder import holder
from lagan.kit.errors import Conflict, Locked, Unavailable

MARK = ".lagan-demo"
"""A file that says that the folder is a demo's."""
TEXT = "This folder belongs to `lagan demo`, which removes it when it is run again.\n"


def fresh_folder(path: Path) -> Path:
    """The folder, empty but for the demo's mark; what an earlier demo left in it is gone.

    Conflict when it holds anything that is not a demo's; Locked while another demo runs in it.
    """
    path = path.absolute()
    try:
        if path.exists():
            _clear(path)
        path.mkdir(parents=True, exist_ok=True)
        (path / MARK).write_text(TEXT)
    except OSError as error:
        raise Unavailable(f"Cannot use the folder {path}: {error.strerror}.") from None
    return path


def hub_folder(path: Path) -> Path:
    """Where the hub of the demo keeps its state."""
    return path / "hub"


def _clear(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        raise Conflict(f"{path} is no folder; choose another one with --data.", path=str(path))
    if not any(path.iterdir()):
        return
    if not (path / MARK).is_file():
        raise Conflict(
            f"{path} is not a demo's and is left as it is; choose another folder with --data.",
            path=str(path),
        )
    if (who := holder(hub_folder(path))) is not None:
        raise Locked(f"A demo runs in {path} already, at {who.address}.", path=str(path))
    shutil.rmtree(path)
