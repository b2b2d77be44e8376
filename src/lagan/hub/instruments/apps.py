"""The instruments room as a Django app."""

from django.apps import AppConfig


class InstrumentsConfig(AppConfig):
    """Registers the room: its tables go into the archive's snapshots."""

    name = "lagan.hub.instruments"
    label = "instruments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the rooms above."""
        from lagan.hub.accounts.post import register_letter
        from lagan.hub.archive import services as archive
        from lagan.hub.audit.feed import register as register_reaction
        from lagan.hub.instruments import hearing, models, silence, silence_letters
        from lagan.hub.jobs.schedules import register_schedule

        for model in (
            models.Uploader, models.Setting, models.Registration, models.Experiment,
            models.Described, models.Day,
        ):  # fmt: skip
            archive.register_table(model)
        # After a rebuild the record begins anew, and with it what is counted of it.
        archive.register_table(models.Watch, secrets={"counted": lambda: 0})
        register_reaction(hearing.REACTION)
        register_reaction(silence_letters.REACTION)
        register_letter(silence_letters.KIND, silence_letters.write)
        register_schedule("instruments.silence", silence.EVERY, silence.look)
