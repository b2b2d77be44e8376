"""The access room as a Django app."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Registers the room."""

    name = "lagan.hub.access"
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"
