"""The targets room as a Django app."""

from datetime import timedelta

from django.apps import AppConfig


class TargetsConfig(AppConfig):
    """Registers the room: its tables go into the archive's snapshots, its notes into journals, what
    is on its way is left alone by sweeps."""

    name = "lagan.hub.targets"
    label = "targets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the archive and the scheduler."""
        from lagan.hub.archive import services as archive
        from lagan.hub.jobs.schedules import register_schedule
        from lagan.hub.targets import keeping, receiving
        from lagan.hub.targets.models import Participant, Target, TargetNote, TargetObject

        for model in (Target, Participant, TargetObject, TargetNote):
            archive.register_table(model)
        archive.register_exporter(
            "targets.lines",
            export=lambda: (),
            restore=lambda rows: None,
            adopt=keeping.adopt,
        )
        archive.keep_pending(receiving.keys_in_use)
        register_schedule("targets.expire", timedelta(hours=6), receiving.expire)
