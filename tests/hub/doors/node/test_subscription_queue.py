"""What waits for a subscriber is in the database, once, and goes on after any end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.models import BackLog, Delivery, Disk, Feed, StoredFile, Subscriber
from lagan.hub.doors.node.subscriptions import filling, queue, subscribers
from lagan.hub.doors.node.subscriptions.rules import Subscription
from lagan.kit.errors import NotFound

pytestmark = pytest.mark.django_db
HERE, THERE = "here:7777", "there:7777"
BY = Actor(None, "node", "system")
EARLY = "2020-01-01T00:00:00.000"
PAUSE, EXPIRES = timedelta(minutes=5), timedelta(days=8)


def subscribe(id: str = "a", *, start: str | None = EARLY, feeds: tuple[str, ...] = (HERE,)) -> str:
    wanted = Subscription(id, "http://there/QARCHIVE", start)
    assert subscribers.subscribe(wanted, host_id=HERE, feeds=feeds, by=BY)
    return id


def copy(file_id: str, *, disk: str = "disk", version: int = 1, day: int = 1) -> StoredFile:
    return StoredFile(
        disk_id=disk,
        file_name=f"saf/{file_id}",
        file_id=file_id,
        file_version=version,
        file_size=1,
        uncompressed_file_size=1,
        ingestion_date=f"2026-01-{day:02}T00:00:00.000",
    )


def stored(*rows: StoredFile, host: str = HERE) -> None:
    for disk in {each.disk_id for each in rows}:
        known = {"host_id": host, "mounted": 1, "logical_name": disk}
        Disk.objects.update_or_create(disk_id=disk, defaults=known)
    StoredFile.objects.bulk_create(rows)


def now() -> datetime:
    return datetime.now(UTC)


def ids(errands: list[queue.Errand]) -> list[str]:
    return [each.row.file_id for each in errands]


def fail(errand: queue.Errand, again: timedelta | None = PAUSE, *, unsure: bool = False) -> None:
    queue.fail(errand, "no", again=again, expires=EXPIRES, unsure=unsure)


def test_a_file_that_arrives_waits_for_everybody_who_is_sent_the_files_of_its_host() -> None:
    subscribe("a")
    subscribe("b")
    subscribe("elsewhere", feeds=(THERE,))
    assert queue.expect([copy("f")], HERE) == {"a", "b"}
    assert queue.counts(["a", "elsewhere"]) == {
        "a": {"waiting": 1, "sending": 0, "done": 0, "failed": 0},
        "elsewhere": {"waiting": 0, "sending": 0, "done": 0, "failed": 0},
    }


def test_a_second_copy_is_no_second_delivery() -> None:
    subscribe()
    queue.expect([copy("f"), copy("f", disk="other")], HERE)
    assert queue.expect([copy("f", disk="third")], HERE) == set()
    assert Delivery.objects.count() == 1


def test_new_content_of_the_same_version_is_sent_again() -> None:
    subscribe()
    queue.expect([copy("f"), copy("g")], HERE)
    for each in queue.claim("a", 5, now()):
        queue.finish(each, "")
    assert queue.expect([copy("f")], HERE, renewed={("f", 1)}) == {"a"}
    assert ids(queue.claim("a", 5, now())) == ["f"]


def test_what_is_claimed_comes_by_date_and_is_nobody_elses() -> None:
    subscribe()
    queue.expect([copy("c", day=3), copy("a", day=1), copy("b", day=2)], HERE)
    assert ids(queue.claim("a", 2, now())) == ["a", "b"]
    assert ids(queue.claim("a", 2, now())) == ["c"]
    assert queue.claim("a", 2, now()) == []


def test_nothing_later_than_what_is_queued_of_the_older_files_is_claimed() -> None:
    subscribe()
    queue.expect([copy("a", day=1), copy("b", day=5)], HERE)
    assert ids(queue.claim("a", 9, now(), until=copy("x", day=2).ingestion_date)) == ["a"]


def test_what_is_done_tells_how_far_the_subscription_is() -> None:
    subscribe()
    queue.expect([copy("f", day=2), copy("e", day=1)], HERE)
    for each in reversed(queue.claim("a", 2, now())):
        queue.finish(each, "12 B/s")
    row = Subscriber.objects.get(pk="a")
    assert row.last_file_ingestion_date == copy("f", day=2).ingestion_date
    assert Delivery.objects.filter(status=0, comment="12 B/s").count() == 2


def test_what_fails_is_counted_noted_and_due_again_later() -> None:
    subscribe()
    queue.expect([copy("f")], HERE)
    fail(queue.claim("a", 1, now())[0])
    assert (Delivery.objects.get().status, Delivery.objects.get().comment) == (1, "no")
    assert BackLog.objects.get().subscr_url == "http://there/QARCHIVE"
    assert queue.claim("a", 1, now()) == []
    again = queue.claim("a", 1, now() + PAUSE)
    assert [each.failures for each in again] == [1]
    fail(again[0])
    assert Delivery.objects.get().status == 2
    (last,) = queue.claim("a", 1, now() + PAUSE)
    queue.finish(last, "")
    assert (BackLog.objects.count(), Delivery.objects.get().status) == (0, 0)


def test_a_trigger_makes_failures_due() -> None:
    subscribe()
    queue.expect([copy("f")], HERE)
    fail(queue.claim("a", 1, now())[0])
    assert queue.next_due("a") > now() + PAUSE / 2  # type: ignore[operator]
    queue.hasten(["a"])
    assert ids(queue.claim("a", 1, now())) == ["f"]


def test_what_failed_for_too_long_is_given_up() -> None:
    subscribe()
    queue.expect([copy("f")], HERE)
    (errand,) = queue.claim("a", 1, now())
    errand.since = now() - EXPIRES - PAUSE
    fail(errand)
    assert BackLog.objects.count() == 0
    assert Delivery.objects.get().comment == "given up: no"
    assert queue.claim("a", 1, now() + EXPIRES) == []


def test_a_job_that_is_not_to_be_redone_is_not() -> None:
    subscribe()
    queue.expect([copy("f")], HERE)
    fail(queue.claim("a", 1, now())[0], None)
    assert queue.claim("a", 1, now() + EXPIRES) == []


def test_after_a_sudden_end_what_was_being_sent_may_have_arrived() -> None:
    subscribe()
    queue.expect([copy("f"), copy("g", day=2)], HERE)
    fail(queue.claim("a", 1, now())[0])
    queue.claim("a", 2, now() + PAUSE)
    found = queue.recover("a")
    assert [(each.row.file_id, each.failures, each.unsure) for each in found] == [
        ("f", 1, True),
        ("g", 0, True),
    ]
    assert queue.claim("a", 5, now() + PAUSE) == []


def test_it_is_remembered_over_a_failure_that_it_may_have_arrived() -> None:
    subscribe()
    queue.expect([copy("f")], HERE)
    fail(queue.claim("a", 1, now())[0], unsure=True)
    assert [each.unsure for each in queue.claim("a", 1, now() + PAUSE)] == [True]


def test_what_was_not_tried_waits_as_before() -> None:
    subscribe()
    queue.expect([copy("f"), copy("g", day=2)], HERE)
    fail(queue.claim("a", 1, now())[0])
    for each in queue.claim("a", 2, now() + PAUSE):
        queue.put_back(each)
    assert sorted(ids(queue.claim("a", 2, now()))) == ["f", "g"]


def test_failures_that_an_older_server_noted_are_tried_again() -> None:
    subscribe()
    stored(copy("old"))
    for file_id in ("old", "gone"):
        BackLog.objects.create(
            subscr_id="a", subscr_url="x", file_id=file_id, file_name="f", file_version=1
        )
    assert queue.recover("a") == []
    assert ids(queue.claim("a", 5, now())) == ["old"]


def test_files_that_were_there_are_queued_from_the_start_once_and_in_pages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filling, "PAGE", 2)
    rows = [copy(f"f{number}", day=number) for number in range(1, 6)]
    stored(*rows, copy("f3", disk="second", day=3))
    stored(copy("away", disk="far"), host=THERE)
    subscribe(start=rows[1].ingestion_date)
    seen = []
    while (step := filling.fill("a")).moved:
        seen.append(step.until)
    assert seen[-1] is None
    assert seen[:-1] == sorted(each for each in seen[:-1] if each)
    assert ids(queue.claim("a", 9, now())) == ["f2", "f3", "f4", "f5"]
    assert not filling.fill("a").moved


def test_a_host_whose_disks_are_away_is_gone_through_when_they_are_back() -> None:
    subscribe(feeds=(HERE, THERE))
    stored(copy("here"))
    while filling.fill("a").moved:
        pass
    assert list(Feed.objects.filter(filled=False).values_list("host_id", flat=True)) == [THERE]
    stored(copy("there", disk="far"), host=THERE)
    assert filling.fill("a").moved
    assert ids(queue.claim("a", 9, now())) == ["here", "there"]


def test_a_subscription_of_an_older_server_goes_on_where_it_was() -> None:
    Subscriber.objects.create(
        subscr_id="old",
        host_id=HERE,
        srv_port=7777,
        subscr_url="http://there/",
        subscr_start_date=EARLY,
        last_file_ingestion_date=copy("b", day=2).ingestion_date,
    )
    stored(copy("a", day=1), copy("b", day=2), copy("c", day=3))
    Delivery.objects.bulk_create([Delivery(subscr_id="old", file_id="b", file_version=1,
        disk_id="disk", file_name="f", status=0)])  # fmt: skip
    subscribers.adopt(HERE, [HERE])
    while filling.fill("old").moved:
        pass
    assert ids(queue.claim("old", 9, now())) == ["c"]


def test_a_host_that_feeds_no_more_is_not_waited_for() -> None:
    subscribe(feeds=(HERE, THERE))
    subscribers.adopt(HERE, [HERE])
    assert queue.expect([copy("f")], THERE) == set()
    assert queue.expect([copy("f")], HERE) == {"a"}


def test_a_subscription_ends_with_all_that_waits_for_it() -> None:
    subscribe("a")
    subscribe("b")
    queue.expect([copy("f"), copy("g", day=2)], HERE)
    fail(queue.claim("a", 1, now())[0])
    subscribers.unsubscribe("a", host_id=HERE, by=BY)
    for table in (Subscriber, Feed, Delivery, BackLog):
        assert not table.objects.filter(subscr_id="a").exists()
    assert Delivery.objects.filter(subscr_id="b").count() == 2


def test_what_ends_after_its_subscription_leaves_nothing() -> None:
    subscribe()
    queue.expect([copy("f"), copy("g", day=2)], HERE)
    first, second = queue.claim("a", 2, now())
    subscribers.unsubscribe("a", host_id=HERE, by=BY)
    queue.finish(first, "")
    fail(second)
    assert (Delivery.objects.count(), BackLog.objects.count()) == (0, 0)


def test_the_subscription_of_another_node_is_not_ours_to_end() -> None:
    subscribe()
    with pytest.raises(NotFound, match="^a$"):
        subscribers.unsubscribe("a", host_id=THERE, by=BY)


def test_who_frees_space_learns_what_is_still_waited_for() -> None:
    subscribe()
    rows = [copy(each) for each in ("done", "waits", "failed", "given up")]
    queue.expect(rows, HERE)
    claimed = {each.row.file_id: each for each in queue.claim("a", 9, now())}
    queue.finish(claimed["done"], "")
    fail(claimed["failed"])
    fail(claimed["given up"], None)
    queue.put_back(claimed["waits"])
    keys = {(each.file_id, 1) for each in rows}
    assert queue.undelivered(keys) == {("waits", 1), ("failed", 1)}
