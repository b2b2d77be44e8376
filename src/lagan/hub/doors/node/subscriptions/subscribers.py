"""Who is sent files: the verbs that make, change and end subscriptions.

Each is one transaction with one audit event. A subscription belongs to the node that was asked for
it, and is sent the files of that node. Source: reference/ngas-http.md section 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lagan.hub.audit import services as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import BackLog, Delivery, Feed, Subscriber
from lagan.hub.doors.node.subscriptions import queue
from lagan.hub.doors.node.subscriptions.rules import Subscription
from lagan.hub.doors.node.wire.moments import show_local
from lagan.kit.errors import Conflict, NotFound


class Different(Conflict):
    """There is a subscription of that id which says something else."""

    code = "different-subscription"


def subscribe(wanted: Subscription, *, host_id: str, feeds: Sequence[str], by: Actor) -> bool:
    """Make a subscription that is sent the files of the hosts `feeds`; False when it is there
    already, told again. Different."""
    with catalogue.turn():
        queue.hold_feeds()
        row = Subscriber.objects.select_for_update().filter(pk=wanted.id).first()
        if row is not None:
            _require_same(wanted, row, host_id)
            return False
        start = wanted.start or show_local(datetime.now(UTC))
        made = replace(wanted, start=start)
        Subscriber.objects.create(
            subscr_id=made.id,
            host_id=host_id,
            srv_port=int(host_id.rpartition(":")[2]),
            **_columns(made),
        )
        feed(made.id, feeds, start)
        _tell("made", made, host_id, by)
    return True


def _require_same(wanted: Subscription, row: Subscriber, host_id: str) -> None:
    if row.host_id != host_id:
        raise Different(f"The subscription {wanted.id} belongs to the host {row.host_id}.")
    if not wanted.same(of_row(row)):
        raise Different(f"There is a subscription {wanted.id} with other details.")


def feed(subscriber: str, hosts: Sequence[str], start: str) -> None:
    """Send a subscriber the files of these hosts, those from `start` on first; inside the caller's
    transaction."""
    Feed.objects.bulk_create(
        [Feed(subscr_id=subscriber, host_id=each, after_date=start) for each in hosts],
        ignore_conflicts=True,
    )


def adopt(host_id: str, feeds: Sequence[str]) -> None:
    """Subscriptions that an older server made at this node, or before it fed from these hosts, go
    on where they were."""
    with catalogue.turn():
        queue.hold_feeds()
        for row in own(host_id):
            Feed.objects.filter(subscr_id=row.subscr_id).exclude(host_id__in=feeds).delete()
            feed(
                row.subscr_id,
                feeds,
                row.last_file_ingestion_date or row.subscr_start_date or "",
            )


def unsubscribe(key: str, *, host_id: str, by: Actor) -> str:
    """End the subscription with this id or address, with all that waits for it; its id. NotFound
    says the key, as clients expect."""
    with catalogue.turn():
        queue.hold_feeds()
        own = Subscriber.objects.select_for_update().filter(host_id=host_id)
        row = own.filter(pk=key).first() or own.filter(subscr_url=key).first()
        if row is None:
            raise NotFound(key, subscription=key)
        for table in (Feed, Delivery, BackLog, Subscriber):
            table.objects.filter(subscr_id=row.subscr_id).delete()
        _tell("ended", of_row(row), host_id, by)
    return row.subscr_id


def change(
    subscriber: str,
    changes: dict[str, Any],
    *,
    suspend: bool | None,
    host_id: str,
    by: Actor,
) -> Subscription:
    """Change fields of a subscription, hold it or let it go on; what it says then. One that is to
    begin earlier gets the files from then on. NotFound."""
    with catalogue.turn():
        queue.hold_feeds()
        row = Subscriber.objects.select_for_update().filter(pk=subscriber, host_id=host_id).first()
        if row is None:
            raise NotFound(f"There is no subscription {subscriber}.", subscription=subscriber)
        before, after = of_row(row), replace(of_row(row), **changes)
        Subscriber.objects.filter(pk=subscriber).update(**_columns(after))
        feeds = Feed.objects.filter(subscr_id=subscriber)
        if suspend is not None:
            feeds.update(suspended=suspend)
        if (after.start or "") < (before.start or ""):
            feeds.update(
                filled=False, after_date=after.start, after_id="", after_version=0, after_disk=""
            )
        _tell({None: "changed", True: "held", False: "released"}[suspend], after, host_id, by)
    return after


def own(host_id: str) -> list[Subscriber]:
    """The subscriptions of a node, by id."""
    return list(Subscriber.objects.filter(host_id=host_id).order_by("subscr_id"))


def of_row(row: Subscriber) -> Subscription:
    """What a row says."""
    return Subscription(
        id=row.subscr_id,
        url=row.subscr_url,
        start=row.subscr_start_date,
        priority=int(row.subscr_prio or 0),
        filter=row.subscr_filter_plugin or "",
        parameters=row.subscr_filter_plugin_pars or "",
        threads=int(row.concurrent_threads or 0),
    )


def _columns(said: Subscription) -> dict[str, Any]:
    return {
        "subscr_url": said.url,
        "subscr_start_date": said.start,
        "subscr_prio": said.priority,
        "subscr_filter_plugin": said.filter or None,
        "subscr_filter_plugin_pars": said.parameters or None,
        "concurrent_threads": said.threads,
    }


def _tell(what: str, said: Subscription, host_id: str, by: Actor) -> None:
    # The address without its query, which may hold a secret.
    data = {"what": what, "id": said.id, "url": said.url.partition("?")[0], "host": host_id}
    audit.record(kind=Kind.NODE_SUBSCRIPTION, by=by, data=data)
