"""The jobs room as a Django app."""

from datetime import timedelta

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Registers the room and what it does by itself now and then."""

    name = "lagan.hub.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Workers that went away for good are forgotten."""
        from lagan.hub.jobs.presence import forget_gone
        from lagan.hub.jobs.schedules import register_schedule

        register_schedule("jobs.workers", timedelta(hours=6), forget_gone)
