"""The tree room as a Django app."""

from django.apps import AppConfig


class TreeConfig(AppConfig):
    """Registers the room."""

    name = "lagan.hub.tree"
    label = "tree"
    default_auto_field = "django.db.models.BigAutoField"
