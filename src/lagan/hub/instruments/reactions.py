"""What instruments do by themselves: staged files are taken in, the file of keys is kept, and who
gets an account after their folder was uploaded gets the experiments of that folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from lagan.hub.accounts import queries as accounts
from lagan.hub.audit.feed import Reaction
from lagan.hub.audit.feed import register as register_reaction
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.rules import EventRow
from lagan.hub.base.actors import SYSTEM
from lagan.hub.instruments import keys, taking
from lagan.hub.instruments.experiments import OWN, READ, WRITE
from lagan.hub.instruments.models import Experiment
from lagan.hub.jobs.schedules import register_schedule
from lagan.hub.tree import queries as tree_queries
from lagan.hub.tree import services as tree
from lagan.worker.steps import register_step


def register() -> None:
    """Tell the engine, the feed and the scheduler."""
    register_step(taking.STEP, taking.take_step)
    kinds = frozenset({Kind.USER_CREATED})
    register_reaction(Reaction("instruments.latecomers", kinds, welcome))
    register_schedule("instruments.take", timedelta(minutes=10), taking.plan_round)
    register_schedule("instruments.keys", timedelta(minutes=10), keys.renew_keys)


def welcome(events: Sequence[EventRow]) -> None:
    """Give new users what was uploaded from their folders before. Safe to repeat."""
    for each in events:
        user = None if each.subject is None else accounts.user_of_entity(each.subject)
        if user is not None and user.is_active:
            _hand_over(user)


@transaction.atomic
def _hand_over(user: accounts.User) -> None:
    """Experiments of a folder of their name, or of an address that is surely theirs, that belong to
    nobody yet."""
    named = Q(user_folder__iexact=user.username)
    if user.email and user.email_confirmed:
        named |= Q(user_folder__iexact=user.email)
    rows = Experiment.objects.select_for_update().filter(named, owner=None, group_folder=None)
    for row in rows:
        held, denied = tree_queries.grants_on(row.pk).get(user.entity_id, (READ, frozenset[str]()))
        tree.set_grants(
            by=SYSTEM, subject=user.entity_id, object=row.pk, grant=held | READ | WRITE | OWN,
            deny=denied,
        )  # fmt: skip
        row.owner_id = user.entity_id
        row.save(update_fields=["owner"])
