"""The web room as a Django app."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Registers the room."""

    name = "lagan.hub.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"
