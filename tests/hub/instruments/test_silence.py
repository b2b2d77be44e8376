"""An instrument that falls silent raises one alarm, and ends it when it is heard of again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.utils import timezone

from lagan.kit.errors import BadInput, Forbidden, NotFound
from tests.hub.audit.sealing import settle

if TYPE_CHECKING:
    from tests.hub.instruments.laboratory import Laboratory

DAY = timedelta(days=1)


@pytest.fixture
def watched(lab: Laboratory) -> int:
    """An instrument that was heard of now, with an alarm after a day."""
    from lagan.hub.instruments import silence

    lab.uploader()
    instrument = lab.instrument()
    silence.set_alarm(by=lab.mate.actor, instrument=instrument, hours=24)
    return instrument


def acts(kind: str) -> list[dict[str, Any]]:
    from lagan.hub.audit.models import Event
    from lagan.hub.audit.queries import as_row

    rows = Event.objects.filter(kind=kind).order_by("pk")
    return [dict(as_row(each).data) for each in rows]


@pytest.mark.parametrize(
    ("heard", "set_at", "silent"),
    [(25, 100, True), (23, 100, False), (None, 25, True), (None, 23, False), (100, 23, False)],
)
def test_silence_counts_from_what_was_heard_or_when_it_was_set(
    heard: int | None, set_at: int, silent: bool
) -> None:
    from lagan.hub.instruments.silence import is_silent

    now = timezone.now()
    ago = None if heard is None else now - timedelta(hours=heard)
    assert is_silent(24, ago, now - timedelta(hours=set_at), now) is silent


def test_one_alarm_for_one_silence(lab: Laboratory, watched: int) -> None:
    from lagan.hub.instruments import glance, needing, silence
    from lagan.hub.instruments.models import Uploader

    now = timezone.now()
    silence.look(now + DAY / 2)
    assert acts("instrument.silent") == []
    for later in (DAY, 2 * DAY):
        silence.look(now + later)
    (told,) = acts("instrument.silent")
    assert told["hours"] == 24
    assert datetime.fromisoformat(told["heard"]) <= now
    assert glance.instrument_row(lab.mate.actor, watched).state == "silent"
    assert [each.name for each in needing.needing(lab.mate.actor)] == ["Scope"]
    assert silence.watched()[0].silent_since == now + DAY
    Uploader.objects.update(seen_at=now + 2 * DAY)
    for _ in range(2):
        silence.look(now + 2 * DAY)
    assert len(acts("instrument.heard")) == 1
    assert glance.instrument_row(lab.mate.actor, watched).silent_since is None
    silence.look(now + 4 * DAY)
    assert len(acts("instrument.silent")) == 2


def test_none_is_raised_where_nobody_wants_one(lab: Laboratory, watched: int) -> None:
    from lagan.hub.instruments import silence

    silence.look(timezone.now() + 2 * DAY)
    silence.set_alarm(by=lab.mate.actor, instrument=watched, hours=None)
    silence.set_alarm(by=lab.mate.actor, instrument=watched, hours=None)
    silence.look(timezone.now() + 9 * DAY)
    assert len(acts("instrument.silent")) == 1
    assert [each["hours"] for each in acts("instrument.alarm-set")] == [24, None]
    assert silence.watched() == []


def test_who_sets_it(lab: Laboratory, watched: int) -> None:
    from lagan.hub.instruments import silence

    for by in (lab.stranger.actor, lab.owner.actor):
        with pytest.raises(NotFound):
            silence.set_alarm(by=by, instrument=watched, hours=1)
    with pytest.raises(Forbidden):
        silence.set_alarm(by=lab.administrator, instrument=watched, hours=1)
    for hours in (0, -1, silence.LONGEST + 1):
        with pytest.raises(BadInput):
            silence.set_alarm(by=lab.mate.actor, instrument=watched, hours=hours)
    with pytest.raises(NotFound):
        silence.set_alarm(by=lab.mate.actor, instrument=lab.facility, hours=1)


def test_the_scheduler_looks_and_the_metrics_tell(
    lab: Laboratory, watched: int, client: Any
) -> None:
    from lagan.hub.instruments.models import Uploader, Watch
    from lagan.hub.jobs.models import Schedule
    from lagan.hub.jobs.schedules import run_due

    long_ago = timezone.now() - 2 * DAY
    Watch.objects.update(set_at=long_ago)
    Uploader.objects.update(seen_at=long_ago)
    line = f'lagan_instrument_silent{{instrument="{watched}",name="Scope"}}'
    assert f"{line} 0.0" in client.get("/metrics").content.decode()
    run_due()
    Schedule.objects.filter(name="instruments.silence").update(next_run=long_ago)
    assert "instruments.silence" in run_due()
    told = client.get("/metrics").content.decode()
    assert f"{line} 1.0" in told
    assert f'lagan_instrument_heard_seconds{{instrument="{watched}",name="Scope"}} 1' in told


def test_a_letter_goes_to_each_manager_of_the_facility(
    lab: Laboratory, watched: int, settings: Any, smtp: Any
) -> None:
    from lagan.hub.accounts import services as accounts
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.instruments import silence
    from tests.hub.accounts.mailbox import Mailbox, body

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = smtp.address["host"], smtp.address["port"]
    settings.CONFIG = replace(settings.CONFIG, address="https://data.example.org")
    mail = Mailbox(smtp.address["maildir"])
    addresses = {name: f"{uuid4().hex}@example.org" for name in ("mate", "owner", "stranger")}
    for name, address in addresses.items():
        accounts.change_user(by=SYSTEM, username=name, email=address)
    silence.look(timezone.now() + 2 * DAY)
    settle()
    (letter,) = mail.sent_to(addresses["mate"])
    assert letter["Subject"] == "Scope has fallen silent"
    assert "for 24 hours" in body(letter)
    assert f"https://data.example.org/instruments/{watched}/" in body(letter)
    assert mail.sent_to(addresses["owner"]) == mail.sent_to(addresses["stranger"]) == []


def test_no_letter_of_a_silence_that_is_over(lab: Laboratory, watched: int) -> None:
    from lagan.hub.instruments import silence, silence_letters

    facts = {"user": lab.mate.actor.entity, "instrument": watched}
    assert silence_letters.write(facts) is None
    silence.look(timezone.now() + 2 * DAY)
    assert silence_letters.write(facts) is not None
    assert silence_letters.write({**facts, "user": lab.facility}) is None
    assert silence_letters.write({**facts, "instrument": 2**40}) is None
    silence.look()
    assert silence_letters.write(facts) is None


def test_alarms_and_days_come_back_and_the_record_is_counted_anew(
    lab: Laboratory, watched: int
) -> None:
    from lagan.hub.archive.services.registry import exporters
    from lagan.hub.audit.models import Event
    from lagan.hub.instruments import hearing
    from lagan.hub.instruments.models import Day, Watch

    assert lab.role.send(lab.dataset(), "a.txt", b"abc").status_code == 201
    settle()
    assert Watch.objects.get().counted == Event.objects.get(kind="files.stored").sequence
    names = ("instruments.watch", "instruments.day")
    ours = [each for each in exporters() if each.name in names]
    kept = [json.loads(json.dumps(list(each.export()))) for each in ours]
    before = Watch.objects.get()
    Watch.objects.all().delete()
    Day.objects.all().delete()
    for each, rows in zip(ours, kept, strict=True):
        each.restore(iter(rows))
    after = Watch.objects.get()
    assert (after.hours, after.set_at, after.stored_at, after.counted) == (
        before.hours, before.set_at, before.stored_at, 0,
    )  # fmt: skip
    assert hearing.days([watched], timezone.now().date())[watched][-1] == 1
