"""The jobs room as a Django app."""

from datetime import timedelta

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Registers the room and what it does by itself now and then."""

    name = "lagan.hub.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the scheduler and the workers what the room does by itself."""
        from lagan.hub.jobs import personal, retention
        from lagan.hub.jobs.presence import forget_gone
        from lagan.hub.jobs.schedules import register_schedule
        from lagan.worker.steps import register_step

        personal.register()
        register_step(retention.STEP, retention.forget)
        register_schedule("jobs.forget", "35 2 * * *", retention.plan_forgetting)
        register_schedule("jobs.workers", timedelta(hours=6), forget_gone)
