"""The archive room as a Django app."""

from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    """Registers the room."""

    name = "lagan.hub.archive"
    label = "archive"
    default_auto_field = "django.db.models.BigAutoField"
