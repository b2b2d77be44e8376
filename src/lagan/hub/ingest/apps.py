"""The ingest room as a Django app."""

from django.apps import AppConfig


class IngestConfig(AppConfig):
    """Registers the room."""

    name = "lagan.hub.ingest"
    label = "ingest"
    default_auto_field = "django.db.models.BigAutoField"
