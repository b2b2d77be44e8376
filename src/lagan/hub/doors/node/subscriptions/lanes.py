"""Who is served next: a lane for each subscription, and one rule over all of them; pure.

A lane with a lower priority number goes first; of equals the one that waited longest. A receiver
that cannot be reached is left alone ever longer, up to the time between two tries.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from lagan.hub.doors.node.subscriptions import rules
from lagan.hub.doors.node.subscriptions.queue import Errand
from lagan.hub.doors.node.subscriptions.rules import Subscription

MOST = 32
"""Deliveries of one node at once."""


@dataclass(slots=True)
class Lane:
    """A subscription while this node delivers. Times are seconds of a clock that only goes
    forward."""

    subscription: Subscription
    ready: deque[Errand] = field(default_factory=deque)
    held: bool = False
    """Whether it is suspended, or gone."""
    stirred: bool = True
    """Whether there may be more in the database."""
    filling: bool = True
    """Whether files that were there before are still to be queued."""
    until: str | None = ""
    """The date of ingestion up to which they are queued; None when all are."""
    next_due: float = 0.0
    """When something that failed is tried again."""
    at_work: int = 0
    paused_until: float = 0.0
    away: int = 0
    """How often in a row the receiver could not be reached."""
    refused: int = 0
    last_served: float = 0.0

    @property
    def room(self) -> int:
        """How many more deliveries it may have under way."""
        most = min(max(self.subscription.threads, 1), rules.MOST_THREADS)
        # A receiver that was away is tried with one file.
        return (1 if self.away else most) - self.at_work

    def open(self, now: float) -> bool:
        """Whether something may be sent to it now."""
        return not self.held and self.room > 0 and now >= self.paused_until

    def note(self, *, away: bool, refused: bool, now: float, longest: timedelta) -> None:
        """Learn from how a delivery went."""
        self.away = self.away + 1 if away else 0
        self.refused = self.refused + 1 if refused else 0
        if away:
            self.paused_until = now + rules.pause_after(self.away, longest).total_seconds()
        elif self.refused and self.refused % rules.REFUSALS == 0:
            self.paused_until = now + rules.pause_after(1, longest).total_seconds()


def next_lane(lanes: Iterable[Lane], now: float) -> Lane | None:
    """The lane that is served now; None when nobody can be. One that has half of all places
    already comes after everybody else."""
    fit = [each for each in lanes if each.ready and each.open(now)]
    return min(
        fit,
        key=lambda each: (
            each.at_work >= MOST // 2,
            each.subscription.priority,
            each.last_served,
        ),
        default=None,
    )
