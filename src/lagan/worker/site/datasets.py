"""A site's files into a dataset of the archive: each is stored once, as whoever started the job,
under its path relative to the folder that the job was started on.

The dataset is the job's: whichever task comes first has it made, and the hub closes it when the job
has ended well. A task that is run again finds what is stored already.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Any

from lagan.client import Acknowledgement, Hub, Member, State, Wanted
from lagan.client.credentials import Token
from lagan.client.lookup import MOST_FILES
from lagan.client.whole import Changed
from lagan.hsm import marker as markers
from lagan.kit.errors import BadPath, Conflict, LaganError, Unavailable
from lagan.kit.paths import check_relative
from lagan.worker import place
from lagan.worker.ledger import AGAIN, Cancelled, LeaseLost
from lagan.worker.site import paths, putting
from lagan.worker.site.refusals import category, reason
from lagan.worker.steps import Context, register_step

SMALL = 1 << 20
"""Bytes up to which a file goes with others in one request."""
TOGETHER = 32 << 20
"""Bytes of small files in one request: so often is progress told."""


class Offline(Conflict):
    """The file's content is at a target of the site, not here."""

    code = "offline"


def register() -> None:
    """Make the steps `dataset.*` known."""
    register_step("dataset.archive", archive)
    register_step("dataset.put", put)


def archive(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Store each file in the job's dataset."""
    with acting(context) as hub:
        given = hub.dataset_of_job(
            context.task.job,
            str(args["group"]),
            str(args.get("dataset_name") or ""),
            close=bool(args.get("close", True)),
        )
        dataset = str(given["dataset"])
        if given["state"] != "open":
            raise Conflict(f"Dataset {dataset} is {given['state']}; it takes no more files.")
        sending = _Sending(context, hub, dataset)
        files = list(_looked_at(sending, items, str(given["folder"])))
        for start in range(0, len(files), MOST_FILES):
            sending.send(files[start : start + MOST_FILES])
    return {"dataset": int(dataset), "stored": sending.stored, "bytes": sending.bytes}


def put(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Write the files of a closed dataset beneath each folder."""
    with acting(context) as hub:
        wanted = putting.Wanted(str(args["dataset"]), bool(args.get("overwrite")))
        return putting.put(context, hub, wanted, items)


@contextmanager
def acting(context: Context) -> Iterator[Hub]:
    """The hub, as whoever started the job. Unavailable where the worker was not told its
    address."""
    here = place.current()
    if here.hub_url is None:
        raise Unavailable("This worker was not told the hub's address (hub_url).")
    token = Token(context.token)
    url = here.hub_url.rstrip("/").removesuffix("/api")
    hub = Hub(url, token=lambda: token.header().removeprefix("Bearer "), tls=here.tls)
    try:
        yield hub
    finally:
        hub.close()


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the site: `item` as the job names it, `path` as the dataset will."""

    item: str
    path: str
    size: int
    mtime_ns: int


class _Sending:
    """Files on their way into one dataset; what becomes of each is told to the task."""

    def __init__(self, context: Context, hub: Hub, dataset: str) -> None:
        self._context, self._hub, self._dataset = context, hub, dataset
        self.stored = self.bytes = self._handled = 0

    def send(self, files: Sequence[_File]) -> None:
        """Store those that the dataset does not have yet."""
        if not files:
            return
        asked = [(each.path, each.size, each.mtime_ns) for each in files]
        (known,) = self._hub.look_up([Wanted(self._dataset, asked)])
        small: list[_File] = []
        for file, state in zip(files, known.states, strict=True):
            if state in (State.SAME, State.VERIFIED):
                self._done(file, 0)
            elif state is State.REFUSED_NAME:
                self.fail(file.item, BadPath("The archive cannot keep this name."))
            elif file.size > SMALL:
                self._send_one(file)
            else:
                small.append(file)
        for group in _together(small):
            self._send_group(group)

    def fail(self, item: str, error: OSError | LaganError) -> None:
        """The item is not stored, because of this."""
        said = category(error)
        if isinstance(error, Changed):
            said = f"{AGAIN}.{error.code}"
        self._context.fail_item(item, said, reason(error))
        self._went(0)

    def skip(self, item: str, kind: str) -> None:
        """The item is no file."""
        said = f"Only files are stored; this is a {kind}."
        self._context.skip_item(item, f"skipped.{kind}", said)
        self._went(0)

    def _send_group(self, files: Sequence[_File]) -> None:
        """Small files in one request. One that goes away or changes is left out of it."""
        refused: dict[str, OSError | LaganError] = {}
        members = [
            Member(self._dataset, file.path, file.mtime_ns, _Reader(file, refused))
            for file in files
        ]
        left = {file.path: file for file in files}
        for told in self._hub.send_batch(members):
            self._acknowledge(left.pop(told.member.path), told)
        for path, file in left.items():
            self.fail(file.item, refused.get(path, Unavailable("The hub said nothing of it.")))

    def _acknowledge(self, file: _File, told: Acknowledgement) -> None:
        if told.error is None:
            self._done(file, told.size)
        elif told.error.permanent:
            self.fail(file.item, told.error)
        else:
            raise told.error

    def _send_one(self, file: _File) -> None:
        try:
            with _opened(file) as descriptor:
                source = Path(f"/proc/self/fd/{descriptor}")
                self._hub.upload(source, self._dataset, file.path, on_bytes=self._moved)
        except (Cancelled, LeaseLost):
            raise
        except Changed:
            self.fail(file.item, Changed("It changed while it was sent."))
        except OSError as error:
            self.fail(file.item, error)
        except LaganError as error:
            if not error.permanent:
                raise
            self.fail(file.item, error)
        else:
            self._done(file, 0)

    def _moved(self, count: int) -> None:
        self.bytes += count
        self._context.progress(self._handled, self.bytes)

    def _done(self, file: _File, count: int) -> None:
        self.stored += 1
        self._went(count)

    def _went(self, count: int) -> None:
        self._handled += 1
        self._moved(count)


class _Reader:
    """The content of a small file when its turn comes; None, with the reason in `refused`, when it
    is not what it was."""

    def __init__(self, file: _File, refused: dict[str, OSError | LaganError]) -> None:
        self._file, self._refused = file, refused

    def __call__(self) -> bytes | None:
        try:
            with _opened(self._file) as descriptor:
                content = _read(descriptor, self._file.size + 1)
                if not _is_same(self._file, os.fstat(descriptor), len(content)):
                    raise Changed("It changed while it was sent.")
                return content
        except (OSError, LaganError) as error:
            self._refused[self._file.path] = error
            return None


def _looked_at(sending: _Sending, items: Sequence[str], folder: str) -> Iterator[_File]:
    """The files among the items. Links and what else has no content of its own are passed over."""
    for item in items:
        try:
            facts = paths.stat(item)
            if S_ISREG(facts.st_mode):
                path = check_relative(relative(paths.tidy(item), folder))
                yield _File(item, path, facts.st_size, facts.st_mtime_ns)
            else:
                sending.skip(item, _kind(facts.st_mode))
        except (OSError, LaganError) as error:
            sending.fail(item, error)


def relative(item: str, folder: str) -> str:
    """The path of an item in a dataset: from the job's folder on, the name alone if it is that
    itself. What lies outside, because more work was given to the job, keeps its whole path."""
    start = folder.rstrip("/") + "/"
    if item == folder:
        return item.rpartition("/")[2]
    return item[len(start) :] if item.startswith(start) else item.lstrip("/")


def _kind(mode: int) -> str:
    return "link" if S_ISLNK(mode) else "folder" if S_ISDIR(mode) else "special"


@contextmanager
def _opened(file: _File) -> Iterator[int]:
    """The file, open for reading. Offline when its content is not here, Changed when it is not the
    one that was looked at."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with paths.open_at(file.item, flags) as descriptor:
        marker = markers.read(descriptor)
        if marker is not None and marker.away:
            raise Offline("Its content is not here; recall it first.")
        if not _is_same(file, os.fstat(descriptor), file.size):
            raise Changed("It changed after the task had begun.")
        yield descriptor


def _is_same(file: _File, facts: os.stat_result, size: int) -> bool:
    seen = (facts.st_size, facts.st_mtime_ns, size)
    return S_ISREG(facts.st_mode) and seen == (file.size, file.mtime_ns, file.size)


def _read(descriptor: int, most: int) -> bytes:
    pieces = []
    while most > 0 and (piece := os.read(descriptor, most)):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def _together(files: Sequence[_File]) -> Iterator[list[_File]]:
    group: list[_File] = []
    size = 0
    for file in files:
        group.append(file)
        size += file.size
        if size >= TOGETHER:
            yield group
            group, size = [], 0
    if group:
        yield group
