"""What was staged is read, compared with its announcement and stored, in one reading; then it is
gone from its uploader's folder."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from lagan.hub.accounts import queries as accounts
from lagan.hub.base import locks
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.instruments import staging
from lagan.hub.instruments.datafiles import file_at
from lagan.hub.instruments.errors import AlreadyThere, NotAsAnnounced
from lagan.hub.instruments.models import DataFile
from lagan.hub.instruments.rules import Announced
from lagan.hub.instruments.sending import Sent, require_open_place, sent
from lagan.hub.jobs.services import TaskSpec, create_job
from lagan.kit.errors import Forbidden, LaganError
from lagan.worker.steps import Context

STEP = "instruments.take"
AT_ONCE = 256 << 20
"""Bytes of a file that is taken in while its program waits; larger ones get a job."""
MOST = 10_000
_log = logging.getLogger(__name__)


def verify(*, by: Actor, file: int) -> None:
    """A program says that the file is all there: take it in, at once or by a job. NotFound."""
    row = file_at(by, file)
    if row.verified or not row.staged:
        return
    if row.size <= AT_ONCE:
        take_in(file)
        return
    minute = f"{timezone.now():%Y%m%d%H%M}"
    create_job(
        kind=STEP, title=f"Take in {row.filename}", by=SYSTEM,
        tasks=[TaskSpec(STEP, items=[str(file)])], key=f"{STEP}:{file}:{minute}",
    )  # fmt: skip


def take_in(file: int) -> bool:
    """Whether the file is stored now. What is not all there yet is left; what is not what was
    announced is removed, so that it is sent again."""
    with locks.advisory(f"{STEP}.{file}") as held:
        row = DataFile.objects.filter(pk=file).exclude(staged="").first() if held else None
        if row is None:
            return bool(held)
        problem = _try(row)
        facts = {"problem": problem[:1000], "tried_at": timezone.now()}
        DataFile.objects.filter(pk=file).update(**facts)
        if problem:
            _log.warning("file %s of dataset %s: %s", file, row.dataset_id, problem)
        return not problem


def _try(row: DataFile) -> str:
    """What stands in the way; empty when the file is stored."""
    descriptor = staging.open_staged(row)
    if descriptor is None:
        return "Nothing of it has arrived."
    try:
        there = os.fstat(descriptor).st_size
        if there < row.size:
            return f"{there} of {row.size} bytes have arrived."
        _store(row, descriptor)
    except NotAsAnnounced as refusal:
        staging.forget_staged(row)
        DataFile.objects.filter(pk=row.pk).update(received=0)
        return refusal.sentence
    except AlreadyThere:  # by another way, or just before we were killed
        staging.forget_staged(row)
        DataFile.objects.filter(pk=row.pk).update(staged="", received=0)
    except LaganError as refusal:
        return refusal.sentence
    except OSError as error:
        return f"It cannot be read: {os.strerror(error.errno or 5)}."
    finally:
        os.close(descriptor)
    return ""


def _store(row: DataFile, descriptor: int) -> None:
    by, announced = _sender(row), _announced(row)
    require_open_place(by, announced)
    whole = Sent(size=row.size)
    try:
        for piece in staging.pieces_of(descriptor):
            whole.write([piece])
        future = whole.become(announced, by)
    except BaseException:
        whole.discard()
        raise
    future.exception()  # it is done then; `sent` says how it ended
    sent(future, by, announced, whole.md5)


def _sender(row: DataFile) -> Actor:
    """Who announced it, with the rights that they have now."""
    user = accounts.user_of_entity(row.by_id)
    if user is None or not user.is_active:
        raise Forbidden("Who announced this file is no user any more.")
    return Actor(user.entity_id, user.username, accounts.CLIENT_KEY)


def _announced(row: DataFile) -> Announced:
    folder, _, name = row.path.rpartition("/")
    return Announced(
        row.dataset_id, name, folder, row.size, row.md5, row.mimetype, row.created_text,
        row.modified_text,
    )  # fmt: skip


def plan_round() -> None:
    """Have what waits looked at, if anything does."""
    items = [str(each.pk) for each in staging.waiting(MOST)]
    if items:
        tasks = [TaskSpec(STEP, items=items)]
        minute = f"{timezone.now():%Y%m%d%H%M}"
        title = "Take in staged files"
        create_job(kind=STEP, title=title, by=SYSTEM, tasks=tasks, key=f"{STEP}:round:{minute}")


def take_step(context: Context, args: Mapping[str, Any], items: Sequence[str]) -> dict[str, int]:
    """The step: store what is all there, give up what was awaited too long."""
    stored = 0
    for done, item in enumerate(items, 1):
        row = DataFile.objects.filter(pk=int(item)).exclude(staged="").first()
        if row is not None and staging.is_settled(row):
            stored += take_in(row.pk)
        if row is not None:
            staging.give_up(row)
        context.progress(done)
    return {"stored": stored}
