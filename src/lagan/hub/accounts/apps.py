"""The accounts room as a Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers the room, what it keeps about people, and how its letters read."""

    name = "lagan.hub.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Models can be imported from here on."""
        from lagan.hub.accounts import letters, parts

        parts.register()
        letters.register()
