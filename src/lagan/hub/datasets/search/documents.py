"""The words of every dataset are indexed in the transaction that changes its name or metadata."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db import connection, transaction

from lagan.hub.datasets.models import Dataset, Document
from lagan.hub.datasets.search.words import document
from lagan.hub.tree import queries as tree

_BATCH = 500


@transaction.atomic
def index(entities: Sequence[int]) -> None:
    """Bring the words of these DATASET entities up to date."""
    for start in range(0, len(entities), _BATCH):
        some = entities[start : start + _BATCH]
        texts = _texts(some)
        rows = [Document(entity_id=each, text=document(texts[each])) for each in some]
        Document.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["entity"], update_fields=["text"]
        )


@transaction.atomic
def renew() -> None:
    """The words of all datasets afresh, as after a snapshot was put back."""
    Document.objects.all().delete()
    after = 0
    while found := list(
        Dataset.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:_BATCH]
    ):
        index(found)
        after = found[-1]


def _texts(entities: Sequence[int]) -> dict[int, list[str]]:
    """Name, then open metadata by key."""
    texts: dict[int, list[str]] = defaultdict(list)
    for each in tree.rows(entities).values():
        texts[each.id].append(each.name)
    marks = ", ".join(["%s"] * len(entities))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT entity_id, text FROM tree_metadata WHERE entity_id IN ({marks})"  # noqa: S608
            " AND key >= '.' AND key < '/' ORDER BY entity_id, key, position",
            list(entities),
        )
        for entity, text in cursor.fetchall():
            texts[entity].append(text)
    return texts
