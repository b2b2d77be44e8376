"""The policies room as a Django app."""

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    """Registers the room and what it does by itself."""

    name = "lagan.hub.policies"
    label = "policies"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the scheduler and the event feed."""
        from lagan.hub.policies import reactions

        reactions.register()
