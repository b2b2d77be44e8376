"""The archive room as a Django app."""

from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    """Registers the room, its steps, and what of the rooms above goes into snapshots."""

    name = "lagan.hub.archive"
    label = "archive"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Called once a process, when all rooms are known."""
        from lagan.hub.archive import reactions, steps
        from lagan.hub.archive.services import rooms

        rooms.register()
        steps.register()
        reactions.register()
