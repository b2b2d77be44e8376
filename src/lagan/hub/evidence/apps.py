"""The evidence room as a Django app."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """Registers the room."""

    name = "lagan.hub.evidence"
    label = "evidence"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the archive: keys go into snapshots, sealed as they are."""
        from lagan.hub.archive import services as archive
        from lagan.hub.evidence.models import SigningKey

        archive.register_table(SigningKey)
