"""The accounts room as a Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers the room."""

    name = "lagan.hub.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
