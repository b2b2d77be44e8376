"""The datasets room as a Django app."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """Registers the room: its tables go into the archive's snapshots, its notes into journals."""

    name = "lagan.hub.datasets"
    label = "datasets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the archive and the tree."""
        from lagan.hub.archive import services as archive
        from lagan.hub.datasets import growing, keeping, reactions
        from lagan.hub.datasets.guards import refuse_removed
        from lagan.hub.datasets.models import Dataset, Entry, LogLine, SavedSearch
        from lagan.hub.datasets.search import documents
        from lagan.hub.tree import services as tree

        tree.register_guard("DATASET", refuse_removed)
        tree.register_maker("DATASET", growing.make)
        tree.register_remover("DATASET", growing.discard)

        for model in (Dataset, Entry, LogLine):
            archive.register_table(model)
        archive.register_exporter(
            "datasets.lines",
            export=lambda: (),
            restore=lambda rows: None,
            adopt=keeping.adopt,
            describe=keeping.describe,
        )
        reactions.register()
        archive.register_table(SavedSearch)
        archive.register_exporter(
            "datasets.documents",
            export=lambda: [{"words": "are found again"}],
            restore=lambda rows: documents.renew(),
        )
        tree.watch("DATASET", documents.index)
