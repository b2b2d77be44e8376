"""How many copies there are beside one that is to go.

A copy counts when it is on another disk and not known to be damaged. Source: reference/ngas-http.md
section 4.5: three in all before one may go, which leaves two.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from lagan.hub.doors.node.files.catalogue import BAD_BIT
from lagan.hub.doors.node.models import StoredFile

LEFT = 2
"""Good copies on other disks that must stay."""
_OTHERS = "others"


def lacking(rows: QuerySet[StoredFile], most: int) -> Sequence[StoredFile]:
    """Of copies, at most so many that are too few to let one go."""
    others = (
        StoredFile.objects.filter(
            file_id=OuterRef("file_id"), file_version=OuterRef("file_version")
        )
        .filter(~Q(disk_id=OuterRef("disk_id")))
        .exclude(file_status__startswith=BAD_BIT)
        .order_by()
        .values("file_id", "file_version")
        .annotate(**{_OTHERS: Count("disk_id")})
        .values(_OTHERS)
    )
    counted = Coalesce(Subquery(others, output_field=IntegerField()), Value(0))
    found = rows.annotate(others=counted).filter(others__lt=LEFT)
    return list(found.order_by("file_id", "file_version", "disk_id")[:most])
