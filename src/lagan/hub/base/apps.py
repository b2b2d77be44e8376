"""The base room as a Django app."""

from django.apps import AppConfig


class BaseConfig(AppConfig):
    """Registers the room."""

    name = "lagan.hub.base"
    label = "base"
    default_auto_field = "django.db.models.BigAutoField"
