"""The datasets room as a Django app."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """Registers the room."""

    name = "lagan.hub.datasets"
    label = "datasets"
    default_auto_field = "django.db.models.BigAutoField"
