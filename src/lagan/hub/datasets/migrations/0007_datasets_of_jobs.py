import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0006_removed_entries"),
    ]

    operations = [
        migrations.CreateModel(
            name="JobDataset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("job", models.BigIntegerField()),
                ("group", models.BigIntegerField()),
                ("name", models.TextField()),
                ("close", models.BooleanField(default=True)),
                ("folder", models.BinaryField(default=b"")),
                (
                    "dataset",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="datasets.dataset",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("job", "group", "name"), name="dataset_of_job_once"
                    )
                ],
            },
        ),
    ]
