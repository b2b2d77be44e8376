"""Celery's consumer for one queue of a site's own: no other queue or exchange is declared, so that
an account at the broker needs rights on that queue alone."""

from __future__ import annotations

from typing import Any

from celery.worker.consumer import Consumer

_DELAYED = "celery.worker.consumer.delayed_delivery:DelayedDelivery"
"""Declares exchanges and queues for tasks with a time of their own; ours have that in their row."""


class SiteConsumer(Consumer):  # type: ignore[misc]
    """As Celery's, without delivery at a later time."""

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc]
        """Its steps."""

        default_steps: Any = [each for each in Consumer.Blueprint.default_steps if each != _DELAYED]
