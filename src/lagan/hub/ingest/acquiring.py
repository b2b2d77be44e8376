"""The step that fetches an automated dataset from its computer, and closes it when all of it is
there.

Killed anywhere and run again it goes on: files that the dataset has with the same size and time
are passed over. Source: seeds/dataset-archive.txt, archiving datasets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from django.db import transaction

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import SYSTEM
from lagan.hub.computers import services as computers
from lagan.hub.datasets import queries, services
from lagan.hub.datasets.services import NotOpen
from lagan.hub.ingest.fetching import Counts, Fetch
from lagan.kit.errors import BadInput, LaganError
from lagan.transfer import Found, NotReadable, Place
from lagan.worker.steps import Context

AT_ONCE = 1000
"""Files looked up and fetched together."""
TOLD = 20
"""Files that the dataset's log names one by one; the job's page names them all."""

T = TypeVar("T")


def acquire(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, Any]:
    """Fetch the dataset `dataset`. A file that cannot be had fails alone and leaves the dataset
    open; what stops all of them is told in its log and raised."""
    if not isinstance(args.get("dataset"), int):
        raise BadInput("The task names no dataset.")
    row = queries.dataset(SYSTEM, args["dataset"])
    if row.state == "closed":
        return {}  # a worker was killed between the closing and its last word
    if row.state != "open":
        raise NotOpen(f"Dataset {row.id} is {row.state}.", dataset=row.id)
    try:
        return _acquired(context, row)
    except LaganError as error:
        if context.task.attempt and error.code not in ("cancelled", "lease-lost"):
            again = "" if error.permanent else " It will be tried again."
            _say(row.id, "ERROR", f"Fetching stopped: {error.sentence}{again}")
        raise


def _acquired(context: Context, row: queries.DatasetRow) -> dict[str, Any]:
    assert row.computer_id is not None  # noqa: S101
    where = f"{row.computer}: {row.source_path or 'its top folder'}"
    _say(row.id, "INFO", f"Fetching from {where}.")
    skipped: list[tuple[str, LaganError]] = []
    with computers.open_place(by=SYSTEM, computer=row.computer_id) as place:
        fetch = _fetch(context, row, place)
        for some in _slices(_files(place, row.source_path, fetch.counts, skipped), AT_ONCE):
            fetch.take(some)
            context.progress(fetch.counts.done, fetch.counts.bytes)
    _tell(context, row.id, fetch.counts, skipped)
    return {"fetched": fetch.counts.fetched, "present": fetch.counts.present}


def _fetch(context: Context, row: queries.DatasetRow, place: Place) -> Fetch:
    source = row.source_path
    is_folder = place.stat(source).kind == "folder"
    fetch: Fetch = Fetch(
        by=SYSTEM,
        dataset=row.id,
        place=place,
        folder=source if is_folder else source.rpartition("/")[0],
        told=lambda size: context.progress(fetch.counts.done, fetch.counts.bytes + size),
    )
    return fetch


def _files(
    place: Place, source: str, counts: Counts, skipped: list[tuple[str, LaganError]]
) -> Iterator[Found]:
    """The files of a walk; folders that cannot be listed fail, links and devices are skipped."""
    for each in place.walk(source):
        if not isinstance(each, Found):
            counts.failed.append(each)
        elif each.item.kind == "file":
            yield each
        else:
            kind = "a link, which is not followed" if each.item.kind == "link" else "no file"
            skipped.append((each.path, NotReadable(f"It is {kind}.")))


def _tell(
    context: Context, dataset: int, counts: Counts, skipped: Sequence[tuple[str, LaganError]]
) -> None:
    """Each outcome goes to the job's page and the dataset's log; complete, the dataset closes."""
    for path, error in counts.failed:
        context.fail_item(_shown(path), "failed", f"{error.code}: {error.sentence}")
    for path, error in skipped:
        context.skip_item(_shown(path), "skipped", error.sentence)
    _log_each(dataset, "WARN", "Passed over", skipped)
    _log_each(dataset, "ERROR", "Not fetched", counts.failed)
    context.progress(counts.done + len(counts.failed) + len(skipped), counts.bytes)
    said = f"{counts.fetched} files fetched, {counts.present} were there."
    facts = {"fetched": counts.fetched, "present": counts.present, "failed": len(counts.failed)}
    with transaction.atomic():
        audit.record(kind=Kind.DATASET_ACQUIRED, by=SYSTEM, subject=dataset, data=facts)
        _say(dataset, "INFO", said)
        if counts.failed:
            said = f"{len(counts.failed)} could not be fetched: it stays open. Fetch it again."
            _say(dataset, "ERROR", said)
        else:
            services.close_dataset(by=SYSTEM, dataset=dataset)


def _log_each(
    dataset: int, level: str, word: str, outcomes: Sequence[tuple[str, LaganError]]
) -> None:
    for path, error in outcomes[:TOLD]:
        _say(dataset, level, f"{word}: {_shown(path)}. {error.sentence}")
    if len(outcomes) > TOLD:
        _say(dataset, level, f"{word}: {len(outcomes) - TOLD} more, which the job's page names.")


def _say(dataset: int, level: str, text: str) -> None:
    services.write_log(dataset=dataset, by=SYSTEM, level=level, text=text)


def _shown(path: str) -> str:
    """A path as pages and rows can hold it."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return text.replace("\n", "\\n").replace("\r", "\\r")


def _slices(some: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(some)
    while part := list(islice(rest, size)):
        yield part
