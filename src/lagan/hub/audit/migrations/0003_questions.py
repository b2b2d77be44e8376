"""Who did what, and what was when, are found by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    # Adding an index rewrites no table: the guard stays.
    dependencies = [("audit", "0002_guard")]
    operations = [
        migrations.AddIndex(
            "event", models.Index(fields=["actor_entity", "id"], name="audit_actor_entity")
        ),
        migrations.AddIndex("event", models.Index(fields=["actor", "id"], name="audit_actor")),
        migrations.AddIndex("event", models.Index(fields=["at", "id"], name="audit_at")),
    ]
