"""The instruments room as a Django app."""

from datetime import timedelta

from django.apps import AppConfig


class InstrumentsConfig(AppConfig):
    """Registers the room: its tables go into the archive's snapshots, staged files are taken in,
    and the file of keys is kept."""

    name = "lagan.hub.instruments"
    label = "instruments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the rooms above."""
        from lagan.hub.archive import services as archive
        from lagan.hub.instruments import keys, models, personal, reactions, taking
        from lagan.hub.jobs.schedules import register_schedule
        from lagan.worker.steps import register_step

        for model in (
            models.Uploader, models.Setting, models.Registration, models.Experiment,
            models.Described,
        ):  # fmt: skip
            archive.register_table(model)
        register_step(taking.STEP, taking.take_step)
        register_schedule("instruments.take", timedelta(minutes=10), taking.plan_round)
        register_schedule("instruments.keys", timedelta(minutes=10), keys.renew_keys)
        personal.register()
        reactions.register()
