"""From bytes that have arrived to files that are acknowledged: one writer a volume, one
transaction a group."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import close_old_connections, transaction
from django.utils import timezone

from lagan.hub.archive import services as archive
from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base import locks
from lagan.hub.base.actors import Actor
from lagan.hub.datasets import services as datasets
from lagan.hub.datasets.services import Arrival, Attached
from lagan.hub.ingest import uploads
from lagan.kit.errors import LaganError
from lagan.kit.ids import new_id
from lagan.store.journal import FileLine, NoteLine
from lagan.store.volume import Incoming
from lagan.store.writer import Landing, Verdict, Writer

Outcome = datasets.Outcome


@dataclass(frozen=True, slots=True)
class Arrived:
    """One file within an object that is about to be published."""

    arrival: Arrival
    offset: int
    length: int


@dataclass(slots=True)
class _Delivery:
    """What a landing is about: who sent which files. A second try has fresh ids, because the
    journal voids those of the first."""

    by: Actor
    files: Sequence[Arrived]
    upload: UUID | None
    tried: bool = False


_NOTED_FOR = 600.0
"""Seconds after which a journal is told again of a dataset: by then its name may have changed."""
_noted: dict[tuple[UUID, int], float] = {}

_writers: dict[UUID, Writer] = {}
_lock = threading.Lock()


def submit(
    *,
    volume: UUID,
    incoming: Incoming,
    object: str,
    by: Actor,
    files: Sequence[Arrived],
    upload: UUID | None = None,
) -> Future[list[Outcome]]:
    """Publish, journal and catalogue; the future has an outcome for each file once all of it is on
    stable storage.

    `upload` is the session that these bytes came by, if any; it is marked in the same transaction.
    Files that are refused or present already leave no object behind (in a pack: dead bytes, until
    it is compacted).
    """
    future = _writer(volume).commit(Landing(incoming, object, _Delivery(by, files, upload)))
    # Before anybody is told, because this is the first to hear of it.
    future.add_done_callback(lambda done: _let_go(done, incoming, keep=upload is not None))
    return future


def _let_go(done: Future[list[Outcome]], incoming: Incoming, *, keep: bool) -> None:
    """What could not be archived leaves nothing, but of a resumable upload the bytes."""
    if done.cancelled() or done.exception() is None:
        return
    with suppress(LaganError):
        if keep:
            incoming.close()
        else:
            incoming.discard()


def _writer(volume: UUID) -> Writer:
    with _lock:
        if volume not in _writers:
            _writers[volume] = Writer(
                archive.open_store(volume),
                archive.journal(volume),
                lambda landings: _catalogue(volume, landings),
            )
        return _writers[volume]


@contextmanager
def _catalogue(volume: UUID, landings: Sequence[Landing]) -> Iterator[list[Verdict]]:
    """One transaction for a group of landings; the journal is written while it is open, so that
    versions are final."""
    close_old_connections()
    try:
        with locks.turn("catalogue"), transaction.atomic():
            at = timezone.now()
            _identify(landings)
            outcomes = datasets.attach(arrivals=[each.arrival for each in _files(landings)], at=at)
            notes = _notes(volume, landings)
            verdicts = _verdicts(landings, outcomes, at, dict(notes))
            new = [line for each in verdicts for line in each.lines if isinstance(line, FileLine)]
            archive.record_files(volume=volume, stored_at=at, files=new)
            _audit(landings, outcomes)
            _mark_uploads(landings, verdicts)
            yield verdicts
        _noted.update(((volume, dataset), time.monotonic()) for dataset in notes)
    finally:
        close_old_connections()


def _identify(landings: Sequence[Landing]) -> None:
    for landing in landings:
        delivery = landing.context
        if delivery.tried:
            delivery.files = [
                replace(each, arrival=replace(each.arrival, id=new_id())) for each in delivery.files
            ]
        delivery.tried = True


def _files(landings: Sequence[Landing]) -> Iterator[Arrived]:
    return (each for landing in landings for each in landing.context.files)


def _notes(volume: UUID, landings: Sequence[Landing]) -> dict[int, NoteLine]:
    """What a reader without the database must know of these files' datasets, for those of which
    this process has not told the volume's journal of late."""
    used = {each.arrival.dataset for each in _files(landings)}
    now = time.monotonic()
    due = {each for each in used if now - _noted.get((volume, each), -_NOTED_FOR) >= _NOTED_FOR}
    return {note.data["id"]: note for note in datasets.notes(due)} if due else {}


def _verdicts(
    landings: Sequence[Landing],
    outcomes: Sequence[Outcome],
    at: datetime,
    notes: dict[int, NoteLine],
) -> list[Verdict]:
    rest = iter(outcomes)
    verdicts = []
    for landing in landings:
        mine = [next(rest) for _ in landing.context.files]
        pairs = zip(landing.context.files, mine, strict=True)
        by = landing.context.by
        files = [
            _line(landing.object, each, outcome, at, by)
            for each, outcome in pairs
            if _is_new(outcome)
        ]
        verdicts.append(Verdict(mine, [*_about(files, notes), *files]))
    return verdicts


def _is_new(outcome: Outcome) -> bool:
    return isinstance(outcome, Attached) and outcome.place.kind != "present"


def _line(object: str, each: Arrived, outcome: Outcome, at: datetime, by: Actor) -> FileLine:
    assert isinstance(outcome, Attached)  # noqa: S101
    arrival = each.arrival
    belongs = {"dataset": arrival.dataset, "path": arrival.path, "mtime_ns": arrival.mtime_ns}
    if by.entity is not None:
        belongs["by"] = by.entity  # a number: who is anonymised is so in the journal too
    return FileLine(
        id=arrival.id,
        file_id=outcome.place.file_id,
        version=outcome.place.version,
        name=arrival.path.rpartition("/")[2],
        object=object,
        offset=each.offset,
        length=each.length,
        digests=arrival.digests,
        stored_at=at.timestamp(),
        belongs=belongs,
    )


def _about(files: Sequence[FileLine], notes: dict[int, NoteLine]) -> list[NoteLine]:
    """The notes that stand before these files; each is taken once."""
    used = sorted({line.belongs["dataset"] for line in files})
    return [notes.pop(each) for each in used if each in notes]


def _mark_uploads(landings: Sequence[Landing], verdicts: Sequence[Verdict]) -> None:
    for landing, verdict in zip(landings, verdicts, strict=True):
        if landing.context.upload is not None:
            (outcome,) = verdict.result
            stored = outcome.stored if isinstance(outcome, Attached) else None
            sha256 = landing.context.files[0].arrival.digests.sha256 if stored else None
            uploads.mark(upload=landing.context.upload, file=stored, sha256=sha256)


def _audit(landings: Sequence[Landing], outcomes: Sequence[Outcome]) -> None:
    """One event for each sender and dataset of the group, naming every new file."""
    rest = iter(outcomes)
    stored: dict[tuple[Actor, int], list[str]] = defaultdict(list)
    for landing in landings:
        for each in landing.context.files:
            if _is_new(next(rest)):
                stored[landing.context.by, each.arrival.dataset].append(each.arrival.id.hex)
    for (by, dataset), ids in stored.items():
        audit.record(
            kind=Kind.FILES_STORED, by=by, subject=dataset, data={"count": len(ids), "files": ids}
        )
        text = f"{len(ids)} file{'s' if len(ids) > 1 else ''} stored."
        datasets.write_log(dataset=dataset, by=by, level="DEBUG", text=text)
