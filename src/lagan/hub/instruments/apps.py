"""The instruments room as a Django app."""

from django.apps import AppConfig


class InstrumentsConfig(AppConfig):
    """Registers the room: its tables go into the archive's snapshots, its parts of what is kept
    about people, and what it does by itself."""

    name = "lagan.hub.instruments"
    label = "instruments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the rooms above."""
        from lagan.hub.archive import services as archive
        from lagan.hub.instruments import models, personal, reactions

        for model in (
            models.Uploader, models.Setting, models.Registration, models.Experiment,
            models.Described,
        ):  # fmt: skip
            archive.register_table(model)
        reactions.register()
        personal.register()
