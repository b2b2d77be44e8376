"""The evidence room as a Django app."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """Registers the room and what it does by itself."""

    name = "lagan.hub.evidence"
    label = "evidence"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the archive and the scheduler: keys go into snapshots, sealed as they are."""
        from lagan.hub.archive import services as archive
        from lagan.hub.evidence import services
        from lagan.hub.evidence.certified import register_certified, tell_dataset
        from lagan.hub.evidence.models import SigningKey
        from lagan.hub.jobs.schedules import register_schedule

        archive.register_table(SigningKey)
        register_schedule("evidence.anchor", "25 * * * *", services.anchor_what_is_new)
        register_certified("dataset", tell_dataset)
