"""The jobs room as a Django app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Registers the room."""

    name = "lagan.hub.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"
