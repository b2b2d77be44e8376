"""The packages room as a Django app."""

from django.apps import AppConfig


class PackagesConfig(AppConfig):
    """Registers the room: its table goes into the archive's snapshots, its notes into journals."""

    name = "lagan.hub.packages"
    label = "packages"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the rooms above."""
        from lagan.hub.archive import services as archive
        from lagan.hub.evidence.certified import register_certified
        from lagan.hub.packages import certifying, keeping, personal, reactions
        from lagan.hub.packages.models import Package
        from lagan.hub.packages.updating import refuse_move
        from lagan.hub.tree import services as tree

        archive.register_table(Package)
        archive.register_exporter(
            "packages.lines",
            export=lambda: (),
            restore=lambda rows: None,
            adopt=keeping.adopt,
            describe=keeping.describe,
        )
        tree.register_anchor("DATASET", refuse_move)
        register_certified(certifying.KIND, certifying.tell_package)
        personal.register()
        reactions.register()
