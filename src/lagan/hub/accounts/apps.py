"""The accounts room as a Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers the room, what it keeps about people, and how its letters read."""

    name = "lagan.hub.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Models can be imported from here on."""
        from lagan.hub.accounts import growing, letters, parts
        from lagan.hub.tree import services as tree

        tree.register_maker("USER", growing.make)
        tree.register_remover("USER", growing.discard)
        parts.register()
        letters.register()
