"""What instruments do by themselves: staged files are taken in, the file of keys is kept, who comes
late gets what is theirs, files a day are counted, silence is looked for and told."""

from __future__ import annotations

from datetime import timedelta

from lagan.hub.accounts.post import register_letter
from lagan.hub.archive import services as archive
from lagan.hub.audit.feed import register as register_reaction
from lagan.hub.instruments import hearing, keys, latecomers, silence, silence_letters, taking
from lagan.hub.instruments.models import Day, Watch
from lagan.hub.jobs.schedules import register_schedule
from lagan.worker.steps import register_step


def register() -> None:
    """Start; called once a process."""
    archive.register_table(Day)
    # After a rebuild the record begins anew, and with it what is counted of it.
    archive.register_table(Watch, secrets={"counted": lambda: 0})
    register_step(taking.STEP, taking.take_step)
    register_schedule("instruments.take", timedelta(minutes=10), taking.plan_round)
    register_schedule("instruments.keys", timedelta(minutes=10), keys.renew_keys)
    register_reaction(latecomers.REACTION)
    register_reaction(hearing.REACTION)
    register_reaction(silence_letters.REACTION)
    register_letter(silence_letters.KIND, silence_letters.write)
    register_schedule("instruments.silence", silence.EVERY, silence.look)
