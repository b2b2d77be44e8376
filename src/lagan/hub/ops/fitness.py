"""Whether a hub could start: settings, database, volumes, broker, each looked at once."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks as django_checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from lagan.hub.archive import queries as archive
from lagan.hub.ops.health import Check, judge_volumes

AMQP_PORT = 5672
PATIENCE = 5.0  # seconds to wait for a broker's answer


def look() -> list[Check]:
    """All checks that can be made; those that need the database only when it is up to date."""
    looked = [_settings(), _database(), _broker()]
    if looked[1].well:
        looked.append(judge_volumes(archive.volumes()))
    return looked


def _settings() -> Check:
    found = [
        f"{message.id}: {message.msg}"
        for message in django_checks.run_checks()
        if message.is_serious()
    ]
    return Check("settings", not found, "; ".join(found) or f"data in {settings.CONFIG.data}")


def _database() -> Check:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return Check("database", False, f"{connection.vendor}: {type(error).__name__}")
    if missing:
        text = f"{len(missing)} migrations are missing: `lagan hub migrate`"
        return Check("database", False, text)
    return Check("database", True, f"{connection.vendor}, up to date")


def _broker() -> Check:
    url = settings.CONFIG.broker_url
    if not url:
        return Check("broker", True, "none; workers take their tasks from the database")
    parts = urlsplit(url)
    place = (parts.hostname or "", parts.port or AMQP_PORT)
    try:
        socket.create_connection(place, timeout=PATIENCE).close()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Check("broker", False, f"{place[0]}:{place[1]}: {reason}")
    return Check("broker", True, f"{place[0]}:{place[1]} answers")
