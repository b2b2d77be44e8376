"""The ops room as a Django app."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    """Registers the room."""

    name = "lagan.hub.ops"
    label = "ops"
    default_auto_field = "django.db.models.BigAutoField"
