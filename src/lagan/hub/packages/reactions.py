"""What packages do by themselves: judge what arrived, look at what is kept, clear what was
refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from lagan.hub.audit.feed import Reaction
from lagan.hub.audit.feed import register as register_reaction
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.rules import EventRow
from lagan.hub.jobs.schedules import register_schedule
from lagan.hub.packages import clearing, depositing, downloading, fixity, judging, keeping
from lagan.hub.packages.models import Package
from lagan.hub.packages.rules import Status
from lagan.worker.steps import register_step


def take_note(events: Sequence[EventRow]) -> None:
    """Zips that came by another way than the deposit's own (tus), or whose deposit was killed right
    after they were stored."""
    subjects = {each.subject for each in events}
    waiting = Package.objects.filter(pk__in=subjects, status=Status.NEW)
    for package in waiting.order_by("pk").values_list("pk", flat=True):
        depositing.arrived(package)


def register() -> None:
    """Tell the engine, the feed and the scheduler."""
    register_step(depositing.STEP, judging.judge_step)
    register_step(fixity.STEP, fixity.check_step)
    register_step(downloading.STEP, downloading.prepare_step)
    register_step(clearing.STEP, clearing.clear_step)
    register_reaction(Reaction("packages.arrived", frozenset({Kind.FILES_STORED}), take_note))
    register_reaction(Reaction("packages.notes", frozenset(keeping.TOLD), keeping.keep_notes))
    register_schedule("packages.judge", timedelta(minutes=30), judging.judge_waiting)
    register_schedule("packages.fixity", "40 2 * * *", fixity.plan_round)
    register_schedule("packages.lapse", timedelta(hours=1), downloading.lapse)
    register_schedule("packages.clear", "20 5 * * *", clearing.plan_clearing)
