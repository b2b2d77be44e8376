"""What is seen of facilities: what came and what did not, by who may read it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lagan.kit.errors import BadInput, NotFound
from tests.hub.audit.sealing import settle

if TYPE_CHECKING:
    from tests.hub.instruments.laboratory import Laboratory


@pytest.fixture
def sent(lab: Laboratory) -> int:
    """The instrument of a dataset with two stored files and three that are awaited: one just now,
    one since yesterday, and one that was tried."""
    from lagan.hub.instruments.models import DataFile

    lab.approved()
    dataset = lab.dataset()
    for name in ("a.txt", "b.txt"):
        assert lab.role.send(dataset, name, name.encode()).status_code == 201
    numbers = [lab.announce(dataset, f"{n}.bin", b"xyz")[0] for n in range(3)]
    yesterday = timezone.now() - timedelta(days=1)
    DataFile.objects.filter(pk=numbers[1]).update(announced_at=yesterday)
    DataFile.objects.filter(pk=numbers[2]).update(problem="It differs.")
    settle()
    return lab.instrument()


def test_an_instrument_tells_what_came_and_what_did_not(lab: Laboratory, sent: int) -> None:
    from lagan.hub.instruments import filestates, glance

    (row,) = glance.glance(lab.mate.actor)
    assert (row.id, row.manages, row.more) == (lab.facility, True, False)
    (found,) = row.instruments
    assert (found.id, found.state, found.stored, found.days[-1]) == (sent, "sending", 2, 2)
    assert found.tally == filestates.Tally(coming=1, missing=1, refused=1, unsent=0)
    assert (found.lacking[-1], found.lacking[-2]) == (2, 1)
    assert found.tally.wrong == 2


def test_files_are_told_by_state_newest_first_and_page_by_page(lab: Laboratory, sent: int) -> None:
    from lagan.hub.instruments import filestates

    by = lab.mate.actor
    page = filestates.announced(by, sent)
    assert [(each.path, each.state) for each in page.items] == [
        ("2.bin", "refused"), ("1.bin", "missing"), ("0.bin", "coming"), ("b.txt", "verified"),
        ("a.txt", "verified"),
    ]  # fmt: skip
    assert page.items[0].reason == "It differs."
    assert page.items[0].dataset_name == "Flowers"
    for state in filestates.FILE_STATES:
        told = [each.path for each in page.items if each.state == state]
        assert [each.path for each in filestates.announced(by, sent, state=state).items] == told
    first = filestates.announced(by, sent, size=3)
    rest = filestates.announced(by, sent, after=first.next, size=3)
    assert [*first.items, *rest.items] == page.items
    assert rest.next is None
    with pytest.raises(BadInput):
        filestates.announced(by, sent, after="garbled")


def test_datasets_with_files_that_are_not_stored_are_marked(lab: Laboratory, sent: int) -> None:
    from lagan.hub.instruments import filestates

    whole = lab.dataset("Leaves")
    assert lab.role.send(whole, "a.txt", b"one").status_code == 201
    found = filestates.recent(lab.mate.actor, [sent])
    assert [(each.row.name, each.unverified) for each in found] == [("Leaves", 0), ("Flowers", 3)]
    assert filestates.recent(lab.stranger.actor, [sent]) == []


def test_an_event_that_is_told_again_is_not_counted_again(lab: Laboratory, sent: int) -> None:
    from lagan.hub.audit.models import Event
    from lagan.hub.audit.queries import as_row
    from lagan.hub.instruments import hearing
    from lagan.hub.instruments.models import Day

    events = [
        as_row(each) for each in Event.objects.filter(kind="files.stored").order_by("sequence")
    ]
    assert len(events) == 2
    hearing.count(events)
    assert [each.files for each in Day.objects.all()] == [2]


def test_what_our_own_agent_sends_counts_too(lab: Laboratory) -> None:
    from lagan.hub.audit.kinds import Kind
    from lagan.hub.audit.services import record
    from lagan.hub.instruments import glance

    instrument = lab.instrument()
    assert glance.instrument_row(lab.mate.actor, instrument).state == "unused"
    subject = lab.dataset()
    record(kind=Kind.FILES_STORED, by=lab.owner.actor, subject=subject, data={"count": 7})
    settle()
    row = glance.instrument_row(lab.mate.actor, instrument)
    assert (row.state, row.stored, row.heard_at is not None) == ("sending", 7, True)


def test_who_sees_it(lab: Laboratory, sent: int) -> None:
    from lagan.hub.base.actors import SYSTEM
    from lagan.hub.instruments import filestates, glance, needing
    from lagan.hub.tree import services as tree

    uploader = needing.uploaders_of(lab.mate.actor, sent)[0].pk
    assert needing.uploader_seen(lab.mate.actor, uploader).pk == uploader
    for by in (lab.owner.actor, lab.stranger.actor):
        for ask in (glance.instrument_row, filestates.announced, needing.uploader_seen):
            with pytest.raises(NotFound):
                ask(by, uploader if ask is needing.uploader_seen else sent)
        with pytest.raises(NotFound):
            glance.facility_page(by, lab.facility)
    assert [each.id for each in glance.glance(lab.stranger.actor)] == [lab.other]
    assert glance.glance(lab.owner.actor) == []
    assert lab.owner.actor.entity is not None
    tree.set_grants(by=SYSTEM, subject=lab.owner.actor.entity, object=sent, grant={"COMPUTER_READ"})
    (row,) = glance.glance(lab.owner.actor)
    assert ([each.id for each in row.instruments], row.manages) == ([sent], False)
    assert [each.id for each in glance.facility_page(lab.owner.actor, lab.facility)[1].items] == [
        sent
    ]
    with pytest.raises(NotFound):
        needing.uploader_seen(lab.owner.actor, uploader)


def test_many_instruments_cost_no_more_readings_than_one(lab: Laboratory, sent: int) -> None:
    from lagan.hub.instruments import glance

    def readings() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert glance.glance(lab.mate.actor)
        return len(captured)

    one = readings()
    for number in range(30):
        lab.instrument(f"Scope {number:02}")
    assert readings() == one
    (row,) = glance.glance(lab.mate.actor)
    assert (len(row.instruments), row.more) == (25, True)
    page = glance.facility_page(lab.mate.actor, lab.facility, size=20)[1]
    rest = glance.facility_page(lab.mate.actor, lab.facility, after=page.next, size=20)[1]
    assert len({each.id for each in [*page.items, *rest.items]}) == 31


def test_wishes_and_silent_instruments_need_somebody(lab: Laboratory) -> None:
    from lagan.hub.instruments import glance, needing
    from lagan.hub.instruments.services import Wish, ask_for_approval
    from tests.hub.instruments.laboratory import FINGERPRINT, KEY

    uploader = lab.uploader()
    wish: Any = Wish(fingerprint=FINGERPRINT, public_key=KEY)
    ask_for_approval(by=lab.role.actor, uploader_id=uploader, wish=wish)
    (found,) = needing.needing(lab.administrator)
    assert (found.name, found.asks, found.uploader, found.silent_since) == (
        "Scope", 1, uploader, None,
    )  # fmt: skip
    assert glance.instrument_row(lab.mate.actor, found.id).state == "asks"
    assert needing.needing(lab.stranger.actor) == []
    assert needing.needing(lab.mate.actor) == []  # who may not decide is not asked
