"""The ops room as a Django app."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    """Registers the room."""

    name = "lagan.hub.ops"
    label = "ops"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """The scheduler shows that it lives by advancing a schedule that does nothing else."""
        from lagan.hub.jobs.schedules import register_schedule
        from lagan.hub.ops.health import BEAT

        register_schedule("ops.beat", BEAT, _beat)


def _beat() -> None:
    """The row's next time is the sign of life."""
