"""The ingest room as a Django app."""

from datetime import timedelta

from django.apps import AppConfig


class IngestConfig(AppConfig):
    """Registers the room: which bytes a sweep must leave alone, when forgotten uploads end, and how
    automated datasets are fetched."""

    name = "lagan.hub.ingest"
    label = "ingest"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the archive and the scheduler."""
        from lagan.hub.archive import services as archive
        from lagan.hub.datasets.services import STEP
        from lagan.hub.ingest import acquiring, uploads
        from lagan.hub.jobs.schedules import register_schedule
        from lagan.worker.steps import register_step

        archive.keep_pending(uploads.keys_in_use)
        register_step("ingest.expire", uploads.expire)
        register_step(STEP, acquiring.acquire)
        register_schedule("ingest.expire", timedelta(minutes=10), uploads.plan_expiry)
