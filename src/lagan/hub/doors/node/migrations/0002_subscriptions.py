from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("node", "0001_first"),
    ]

    operations = [
        migrations.CreateModel(
            name="Feed",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("subscr_id", models.CharField(max_length=255)),
                ("host_id", models.CharField(max_length=128)),
                ("suspended", models.BooleanField(default=False)),
                ("filled", models.BooleanField(default=False)),
                ("after_date", models.CharField(default="", max_length=23)),
                ("after_id", models.CharField(default="", max_length=1024)),
                ("after_version", models.IntegerField(default=0)),
                ("after_disk", models.CharField(default="", max_length=128)),
            ],
            options={
                "db_table": "node_feed",
            },
        ),
        migrations.CreateModel(
            name="MirrorSource",
            fields=[
                ("id", models.CharField(max_length=128, primary_key=True, serialize=False)),
                ("listed_to", models.CharField(default="", max_length=23)),
                ("listed_at", models.DateTimeField(null=True)),
                ("complete_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "node_mirror_source",
            },
        ),
        migrations.AddField(
            model_name="backlog",
            name="due",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="backlog",
            name="failures",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="backlog",
            name="since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="backlog",
            name="unsure",
            field=models.BooleanField(null=True),
        ),
        migrations.AddIndex(
            model_name="backlog",
            index=models.Index(fields=["subscr_id", "due"], name="ngas_subscr_again"),
        ),
        migrations.AddIndex(
            model_name="backlog",
            index=models.Index(fields=["subscr_id", "file_id"], name="ngas_subscr_failed"),
        ),
        migrations.AddConstraint(
            model_name="feed",
            constraint=models.UniqueConstraint(
                fields=("host_id", "subscr_id"), name="node_feed_once"
            ),
        ),
    ]
