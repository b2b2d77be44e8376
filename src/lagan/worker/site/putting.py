"""A closed dataset's files beneath a folder of the site, each compared with its digest before it
gets its name; what is there already is left alone.

Files and new folders belong to whom the folder belongs, and have the times that the archive knows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from stat import S_ISREG
from typing import Any

from lagan.client import Hub
from lagan.hsm import marker as markers
from lagan.hsm.drafts import draft_in, give_name, take_place
from lagan.hsm.errors import Taken
from lagan.hsm.target import digest_of_file
from lagan.kit.errors import Conflict, DigestMismatch, LaganError
from lagan.kit.paths import check_relative
from lagan.worker.ledger import Cancelled, LeaseLost
from lagan.worker.site import paths
from lagan.worker.site.paths import Spot
from lagan.worker.site.refusals import category, reason
from lagan.worker.steps import Context

MODE = 0o640
"""Of the files: the archive keeps none, and a dataset is not for everybody."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A dataset's id, and whether files that are here and differ are replaced."""

    dataset: str
    overwrite: bool


def put(context: Context, hub: Hub, wanted: Wanted, folders: Sequence[str]) -> dict[str, Any]:
    """Bring the dataset to each folder, which is made where it is missing. A folder fails when one
    of the files did; the others come all the same. Conflict while the dataset is not closed."""
    state = str(hub.dataset(wanted.dataset)["state"])
    if state != "closed":
        raise Conflict(f"Dataset {wanted.dataset} is {state}; only a closed one is put elsewhere.")
    bringing = _Bringing(context, hub, wanted)
    for done, folder in enumerate(folders):
        bringing.handled = done
        bringing.bring(folder)
    context.progress(len(folders), bringing.bytes)
    return {"written": bringing.written, "present": bringing.present, "bytes": bringing.bytes}


class _Bringing:
    """A dataset on its way to folders of the site."""

    def __init__(self, context: Context, hub: Hub, wanted: Wanted) -> None:
        self._context, self._hub, self._wanted = context, hub, wanted
        self.handled = self.written = self.present = self.bytes = 0

    def bring(self, folder: str) -> None:
        """The dataset to one folder."""
        refused: list[tuple[str, OSError | LaganError]] = []
        try:
            top = paths.locate(folder)
            paths.make_folders(top)
            owner = paths.stat(top)
        except (OSError, LaganError) as error:
            self._context.fail_item(folder, category(error), reason(error))
            return
        for row in _files(self._hub, self._wanted.dataset, ""):
            try:
                self._bring_one(top, row, owner)
            except (Cancelled, LeaseLost):
                raise
            except (OSError, LaganError) as error:
                if isinstance(error, LaganError) and not error.permanent:
                    raise
                refused.append((str(row["path"]), error))
            self._context.progress(self.handled, self.bytes)
        if refused:
            self._context.fail_item(folder, category(refused[0][1]), _sentence(refused))

    def _bring_one(self, top: Spot, row: Mapping[str, Any], owner: os.stat_result) -> None:
        path = check_relative(str(row["path"]))
        spot = paths.locate(paths.join(top.path, path))
        paths.make_folders(paths.above(spot))
        with paths.beside(spot) as (folder, name):
            here = _digest_here(folder, name, int(row["size"]))
            if here is not None and here == row["sha256"]:
                self.present += 1
            elif here is not None and not self._wanted.overwrite:
                raise Taken("Another file is here.")
            else:
                self._write(folder, name, row, owner, replace=here is not None)

    def _write(
        self,
        folder: int,
        name: str,
        row: Mapping[str, Any],
        owner: os.stat_result,
        *,
        replace: bool,
    ) -> None:
        with draft_in(folder, name) as (draft, temporary):
            with os.fdopen(os.dup(draft), "wb") as file:
                stored = self._hub.download_into(self._wanted.dataset, str(row["path"]), file)
            if (stored.size, stored.sha256) != (row["size"], row["sha256"]):
                raise DigestMismatch("What arrived is not what the dataset holds.")
            _dress(draft, owner, row.get("mtime_ns"))
            os.fsync(draft)
            (take_place if replace else give_name)(folder, draft, temporary, name)
            os.fsync(folder)
        self.written += 1
        self.bytes += stored.size


def _files(hub: Hub, dataset: str, folder: str) -> Iterator[Mapping[str, Any]]:
    """All files beneath a folder of the dataset; those of a folder before those of the next."""
    folders = [folder]
    while folders:
        for row in hub.files(dataset, folders.pop()):
            if row["is_folder"]:
                folders.append(check_relative(str(row["path"])))
            else:
                yield row


def _digest_here(folder: int, name: str, size: int) -> str | None:
    """The SHA-256 of the content of the file that has the name, also of one whose content is at a
    target; of one of another size any text. None when there is none; Taken when no file is."""
    try:
        facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not S_ISREG(facts.st_mode):
        raise Taken("No file, but something else is here.")
    if facts.st_size != size:
        return ""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(name, flags, dir_fd=folder)
    try:
        marker = markers.read(descriptor)
        if marker is not None and marker.away:
            return marker.sha256
        return digest_of_file(descriptor, size)
    finally:
        os.close(descriptor)


def _dress(draft: int, owner: os.stat_result, mtime_ns: int | None) -> None:
    """Owner, mode and time of a new file. Who may not give files away keeps them."""
    with suppress(PermissionError):
        os.fchown(draft, owner.st_uid, owner.st_gid)
    os.fchmod(draft, MODE)
    if mtime_ns is not None:
        os.utime(draft, ns=(mtime_ns, mtime_ns))


def _sentence(refused: Sequence[tuple[str, OSError | LaganError]]) -> str:
    first, error = refused[0]
    more = f" And {len(refused) - 1} more files." if len(refused) > 1 else ""
    return f"{ascii(first)[1:-1]}: {reason(error)}{more}"
