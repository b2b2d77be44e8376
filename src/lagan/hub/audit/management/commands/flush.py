"""Emptying a database as a whole is the one act that takes its record along."""

from __future__ import annotations

from typing import Any

from django.core.management.commands.flush import Command as Flush
from django.db import connections

from lagan.hub.audit import guard


class Command(Flush):
    """Django's `flush`, which the guard of the record would refuse."""

    def handle(self, **options: Any) -> None:
        """Lift the guard, empty every table, put the guard back."""
        with guard.lifted(connections[options["database"]]):
            super().handle(**options)
