"""Tells every waiting process that tasks changed: NOTIFY on PostgreSQL; SQLite's own change
counter needs no telling."""

from __future__ import annotations

from django.db import connection

CHANNEL = "lagan_tasks"


def announce() -> None:
    """To be called inside the transaction of the change; heard when that commits, never before."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
