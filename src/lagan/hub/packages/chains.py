"""The versions of a package, from the first to the last."""

from __future__ import annotations

from typing import Any

from django.db import connection

from lagan.hub.base.actors import Actor
from lagan.hub.packages.models import Package
from lagan.hub.tree import queries as tree

_CHAIN = """
WITH RECURSIVE later(id) AS (
  SELECT CAST(%s AS bigint)
  UNION
  SELECT p.next_version_id FROM later l JOIN packages_package p ON p.dataset_id = l.id
   WHERE p.next_version_id IS NOT NULL
), earlier(id) AS (
  SELECT CAST(%s AS bigint)
  UNION
  SELECT p.dataset_id FROM earlier e JOIN packages_package p ON p.next_version_id = e.id
)
SELECT id FROM later UNION SELECT id FROM earlier
"""
"""UNION drops what is already there: no chain of pointers is followed for ever."""


def versions(by: Actor, package: int) -> list[dict[str, Any]]:
    """Every version that the asker may read, in JSON's types, oldest first; two readings, however
    many there are. Refused versions are not among them: nothing points to them."""
    with connection.cursor() as cursor:
        cursor.execute(_CHAIN, [package, package])
        ids = [row[0] for row in cursor.fetchall()]
    readable = tree.within(tree.allowed(by, "DATASET_READ"), "dataset__entity__path")
    rows = Package.objects.filter(readable, pk__in=ids).order_by("version", "pk")
    return [
        {"id": pk, "version": version, "status": status, "checksum": checksum}
        for pk, version, status, checksum in rows.values_list("pk", "version", "status", "checksum")
    ]
