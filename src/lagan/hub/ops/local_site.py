"""The site of a hub's own machine: the folders that it shows, and the worker's file that says where
migrated content goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lagan.worker.settings import root

LOCAL_SITE = "local"

_FILE = """\
# The worker of the site "local". Made at the first start, yours to edit; a restart reads it.
[settings]
state = {data}/local/notes

# Migrated content goes to the archive: its copies are looked at and healed like everything there.
[target archive]
location = archive:
"""


def local_roots(data: Path, given: Sequence[str]) -> list[Path]:
    """The folders that the site shows: those that are `given`, else one of its own beneath `data`,
    which is made. BadInput for what is no folder."""
    if given:
        return [root(str(Path(each).absolute())) for each in given]
    own = data.absolute() / "site"
    own.mkdir(parents=True, exist_ok=True)
    return [own]


def worker_file(data: Path) -> Path:
    """The file of the worker's settings, made when it is missing, with the folder it names."""
    data = data.absolute()
    (data / "local" / "notes").mkdir(parents=True, exist_ok=True)
    path = data / "local" / "worker.conf"
    if not path.exists():
        path.write_text(_FILE.format(data=data))
    return path
