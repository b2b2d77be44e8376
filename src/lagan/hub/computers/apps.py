"""The computers room as a Django app."""

from django.apps import AppConfig


class ComputersConfig(AppConfig):
    """Registers the room: which host keys people confirmed goes into the archive's snapshots."""

    name = "lagan.hub.computers"
    label = "computers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the archive."""
        from lagan.hub.archive import services as archive
        from lagan.hub.computers.models import Connection

        archive.register_table(Connection)
