"""What a quota has used, counted again from the datasets, or folded from the changes."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from lagan.hub.datasets.models import REMOVED, Dataset, Quota, QuotaChange
from lagan.hub.tree import queries as tree
from lagan.hub.tree.rules import beneath

_STATEMENT = """
SELECT 0, COALESCE(SUM(d.bytes), 0), COALESCE(SUM(d.file_count), 0)
  FROM {dataset} d JOIN tree_entity e ON e.id = d.entity_id
 WHERE e.path >= %s AND e.path < %s AND d.state <> %s
UNION ALL
SELECT c.id, c.bytes, c.files FROM {change} c WHERE c.quota_id = %s
"""
"""The sum and the changes that are in it, in one statement: of what is committed meanwhile, it has
both or neither."""


@transaction.atomic
def recount(group: int) -> tuple[int, int]:
    """Count a group's quota again; how many bytes and files it was off. Removed datasets do not
    count. (0, 0) where there is no quota."""
    row = Quota.objects.select_for_update(of=("self",)).filter(pk=group).first()
    path = tree.path_of_entity(group)
    if row is None or path is None:
        return 0, 0
    statement = _STATEMENT.format(dataset=Dataset._meta.db_table, change=QuotaChange._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*beneath(path), REMOVED, group])
        # PostgreSQL sums whole numbers to decimal ones.
        rows = sorted(tuple(map(int, each)) for each in cursor.fetchall())
    _, size, files = rows[0]
    QuotaChange.objects.filter(pk__in=[each[0] for each in rows[1:]]).delete()
    Quota.objects.filter(pk=group).update(
        used_bytes=size, used_files=files, counted_at=timezone.now()
    )
    known_size = row.used_bytes + sum(each[1] for each in rows[1:])
    known_files = row.used_files + sum(each[2] for each in rows[1:])
    return size - known_size, files - known_files


@transaction.atomic
def fold(group: int) -> None:
    """Add a quota's changes to its row."""
    row = Quota.objects.select_for_update(of=("self",)).filter(pk=group).first()
    if row is None:
        return
    changes = list(QuotaChange.objects.filter(quota=group).values_list("pk", "bytes", "files"))
    if changes:
        row.used_bytes += sum(each[1] for each in changes)
        row.used_files += sum(each[2] for each in changes)
        row.save(update_fields=["used_bytes", "used_files"])
        QuotaChange.objects.filter(pk__in=[each[0] for each in changes]).delete()
