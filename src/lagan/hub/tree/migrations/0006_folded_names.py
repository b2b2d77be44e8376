"""Names are kept as a search compares them, in an index of their own."""

from django.db import migrations, models

import lagan.hub.tree.models
from lagan.hub.tree.rules import folded

BATCH = 5000
"""Rows of one statement."""


def fold(apps, schema_editor):
    """Fill the new column, a batch of ids at a time."""
    Entity = apps.get_model("tree", "Entity")
    last = 0
    while rows := list(Entity.objects.filter(id__gt=last).order_by("id").only("name")[:BATCH]):
        for row in rows:
            row.folded = folded(row.name)
        Entity.objects.bulk_update(rows, ["folded"], batch_size=200)
        last = rows[-1].id


class Migration(migrations.Migration):
    dependencies = [("tree", "0005_holders")]

    operations = [
        migrations.AddField(
            model_name="entity",
            name="folded",
            field=lagan.hub.tree.models.FoldedField(db_default="", editable=False),
        ),
        migrations.RunPython(fold, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="entity",
            index=models.Index(fields=["folded", "id"], name="tree_folded"),
        ),
    ]
