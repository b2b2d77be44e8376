"""When something was last said of a package."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column more."""

    dependencies = [("packages", "0001_first")]

    operations = [
        migrations.AddField(
            model_name="package", name="touched_at", field=models.DateTimeField(null=True)
        ),
    ]
