"""A node's deliveries while it is ONLINE: one thread decides, a pool of others deliver.

Woken by files that arrive, by commands and by the clock. What is decided is in `lanes.py`, what is
known in the database: killed at any moment it goes on where it was. Told to end, it lets what is
under way come to its end for a while, then breaks it off and remembers that the outcome is not
known.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import close_old_connections, transaction

from lagan.hub.doors.node.files import catalogue
from lagan.hub.doors.node.models import Feed, StoredFile
from lagan.hub.doors.node.subscriptions import filling, queue, rules, subscribers
from lagan.hub.doors.node.subscriptions.delivery import Outcome, deliver
from lagan.hub.doors.node.subscriptions.lanes import MOST, Lane, next_lane
from lagan.hub.doors.node.subscriptions.queue import Errand
from lagan.hub.doors.node.subscriptions.sending import Line

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)

TICK = 0.25
"""Seconds after which it sees that it is to end."""
LOOK = 30.0
"""Seconds after which it looks at the database though nobody woke it; a data mover, whose files
others archive, looks more often."""
LOOK_MOVER = 1.0
AT_ONCE = 16
"""Deliveries that are claimed beyond those under way."""
NEVER = float("inf")
GRACE = 10.0
"""Seconds in which deliveries that are under way may end when the node goes OFFLINE."""


class Deliveries:
    """Those of one node."""

    def __init__(self, node: ArchiveNode) -> None:
        self._node = node
        self._guard = threading.Lock()
        self._wake = threading.Event()
        self._stirred: set[str] = set()
        self._changed = True
        self._lanes: dict[str, Lane] = {}
        self._at_work = 0
        self._line = Line()
        self._looked = 0.0
        catalogue.WATCHES.append(self._arrived)

    @property
    def feeds(self) -> Sequence[str]:
        """The hosts whose files subscribers of this node are sent."""
        mover = self._node.config.data_mover
        if self._node.options.datamover and mover.hosts:
            return mover.hosts
        return (self._node.host_id,)

    def stir(self, subscriber_ids: Iterable[str] | None = None) -> None:
        """There may be something for these subscribers; without any: subscriptions changed."""
        with self._guard:
            if subscriber_ids is None:
                self._changed = True
            else:
                self._stirred.update(subscriber_ids)
        self._wake.set()

    def hurry(self) -> None:
        """Try everything that failed again now, also where nobody answered."""
        queue.hasten([each.subscr_id for each in subscribers.own(self._node.host_id)])
        with self._guard:
            for lane in self._lanes.values():
                lane.paused_until = 0.0
        self.stir()

    def run(self, stop: threading.Event) -> None:
        """Deliver until told to stop."""
        subscribers.adopt(self._node.host_id, self.feeds)
        self._lanes, self._changed, self._at_work = {}, True, 0
        self._line = Line(_tls(self._node), allowed=self._node.config.own.targets)
        pool = ThreadPoolExecutor(MOST, "delivery")
        try:
            while not stop.is_set():
                self._prepare()
                self._serve(pool, stop)
                if self._wake.wait(TICK):
                    self._wake.clear()
        finally:
            self._end()
            pool.shutdown(wait=False, cancel_futures=True)

    def _arrived(self, rows: Sequence[StoredFile], renewed: Collection[tuple[str, int]]) -> None:
        """Inside the transaction that catalogues copies: those on disks of this node are queued."""
        own = [each for each in rows if self._node.disks.get(each.disk_id) is not None]
        if not own:
            return
        got = queue.expect(own, self._node.host_id, renewed)
        if got:
            transaction.on_commit(lambda: self.stir(got))

    def _prepare(self) -> None:
        """Know who there is, and have something at hand for all who can take it."""
        now = time.monotonic()
        every = LOOK_MOVER if self._node.options.datamover else LOOK
        with self._guard:
            changed, self._changed = self._changed, False
            stirred, self._stirred = self._stirred, set()
            if now - self._looked > every:
                self._looked, changed = now, True
        if changed:
            close_old_connections()
            self._look()
        for lane in list(self._lanes.values()):
            wanted = changed or lane.subscription.id in stirred or now >= lane.next_due
            lane.stirred = lane.stirred or wanted
            if lane.stirred and lane.open(now) and len(lane.ready) <= AT_ONCE // 2:
                self._claim(lane)

    def _look(self) -> None:
        """The subscriptions as they are now."""
        held = set(Feed.objects.filter(suspended=True).values_list("subscr_id", flat=True))
        rows = subscribers.own(self._node.host_id)
        there = {each.subscr_id: subscribers.of_row(each) for each in rows}
        for id, subscription in there.items():
            lane = self._lanes.get(id)
            if lane is None:
                lane = self._lanes[id] = Lane(subscription)
                lane.ready.extend(queue.recover(id))
            lane.subscription, lane.filling, lane.held = subscription, True, id in held
            if lane.held:
                self._put_back(lane)
        for id in [each for each in self._lanes if each not in there]:
            lane = self._lanes[id]
            lane.ready.clear()
            lane.held = True
            if not lane.at_work:
                del self._lanes[id]

    def _claim(self, lane: Lane) -> None:
        """Take from the database what is next for a subscriber; queue older files first."""
        id, most = lane.subscription.id, AT_ONCE - len(lane.ready)
        # Asked anew: who suspends a subscription and then archives must not see it delivered.
        lane.held = Feed.objects.filter(subscr_id=id, suspended=True).exists()
        if lane.held:
            return
        with self._guard:
            lane.next_due = NEVER
        while True:
            found = queue.claim(id, most, datetime.now(UTC), lane.until)
            lane.ready.extend(found)
            most -= len(found)
            if most <= 0 or not lane.filling:
                break
            step = filling.fill(id)
            lane.filling, lane.until = step.until is not None, step.until
        lane.stirred = most <= 0
        due = _moment(queue.next_due(id))
        with self._guard:
            # What failed meanwhile has told its own.
            lane.next_due = min(lane.next_due, due)

    def _serve(self, pool: ThreadPoolExecutor, stop: threading.Event) -> None:
        while not stop.is_set():
            with self._guard:
                if self._at_work >= MOST:
                    return
                lane = next_lane(self._lanes.values(), time.monotonic())
                if lane is None:
                    return
                errand = lane.ready.popleft()
                lane.at_work += 1
                lane.last_served = time.monotonic()
                self._at_work += 1
            pool.submit(self._deliver, lane, errand, stop)

    def _deliver(self, lane: Lane, errand: Errand, stop: threading.Event) -> None:
        close_old_connections()
        outcome = Outcome(done=False, comment="The delivery failed.")
        try:
            outcome = deliver(self._node, lane.subscription, errand, self._line)
            self._keep(errand, outcome, stopping=stop.is_set())
        except Exception:
            _log.exception("A delivery of %s failed.", errand.row)
            with suppress(Exception):
                self._keep(errand, outcome, stopping=False)
        finally:
            close_old_connections()
            with self._guard:
                refused = not outcome.done and not outcome.away
                now, pause = time.monotonic(), self._pause
                lane.note(away=outcome.away, refused=refused, now=now, longest=pause)
                if not outcome.done:
                    lane.next_due = min(lane.next_due, now + pause.total_seconds())
                lane.at_work -= 1
                self._at_work -= 1
            self._wake.set()

    def _keep(self, errand: Errand, outcome: Outcome, *, stopping: bool) -> None:
        if not outcome.wanted:
            queue.skip(errand)
        elif outcome.done:
            queue.finish(errand, outcome.comment)
        elif stopping and outcome.away:
            # It says that it is being sent when the outcome is not known: then it is asked for.
            if not outcome.unsure:
                queue.put_back(errand)
        else:
            _log.warning("%s: %s", errand.row, outcome.comment)
            queue.fail(
                errand,
                outcome.comment,
                again=None if outcome.for_good else self._pause,
                expires=self._expires,
                unsure=outcome.unsure,
            )

    @property
    def _pause(self) -> timedelta:
        known = self._node.config.subscriptions
        return known.pause if known else rules.PAUSE_BETWEEN_TRIES

    @property
    def _expires(self) -> timedelta:
        known = self._node.config.subscriptions
        return known.expire_after if known else rules.EXPIRES

    def _put_back(self, lane: Lane) -> None:
        """Those of which nothing is known stay: the receiver is asked for them later."""
        for each in lane.ready:
            if not each.unsure:
                queue.put_back(each)
        lane.ready = deque(each for each in lane.ready if each.unsure)

    def _end(self) -> None:
        """What was claimed waits again; what is under way ends, by itself or by force."""
        for lane in self._lanes.values():
            with suppress(Exception):
                self._put_back(lane)
        until = time.monotonic() + GRACE
        self._await(until)
        for each in list(self._line.open_lines):
            with suppress(OSError, AttributeError):
                each.sock.shutdown(socket.SHUT_RDWR)
        self._await(time.monotonic() + GRACE)

    def _await(self, until: float) -> None:
        while self._at_work and time.monotonic() < until:
            self._wake.wait(TICK)
            self._wake.clear()


def _moment(due: datetime | None) -> float:
    """A moment on the clock that only goes forward."""
    if due is None:
        return NEVER
    return time.monotonic() + (due - datetime.now(UTC)).total_seconds()


def _tls(node: ArchiveNode) -> ssl.SSLContext:
    """Receivers are known by the system's authorities, and by the node's own certificate where it
    has one."""
    context = ssl.create_default_context()
    if node.options.certificate is not None:
        context.load_verify_locations(node.options.certificate)
    return context
