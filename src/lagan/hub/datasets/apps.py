"""The datasets room as a Django app."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """Registers the room: its tables go into the archive's snapshots, its notes into journals."""

    name = "lagan.hub.datasets"
    label = "datasets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the archive and the tree."""
        from lagan.hub.accounts.post import register_letter
        from lagan.hub.archive import services as archive
        from lagan.hub.audit.feed import Reaction
        from lagan.hub.audit.feed import register as register_reaction
        from lagan.hub.audit.kinds import Kind
        from lagan.hub.datasets import growing, keeping, of_jobs, personal, quota_letters, reactions
        from lagan.hub.datasets.guards import refuse_removed
        from lagan.hub.datasets.models import (
            Dataset,
            Entry,
            LogLine,
            Publication,
            Quota,
            RemovedEntry,
            SavedSearch,
        )
        from lagan.hub.datasets.quotas import REACTION, plan_recount, recount_step
        from lagan.hub.datasets.search import documents
        from lagan.hub.jobs.schedules import register_schedule
        from lagan.hub.tree import services as tree
        from lagan.worker.steps import register_step

        tree.register_guard("DATASET", refuse_removed)
        tree.register_maker("DATASET", growing.make)
        tree.register_remover("DATASET", growing.discard)

        # Share links are not kept, like client keys: new ones are made.
        for model in (Dataset, Entry, RemovedEntry, LogLine, Publication):
            archive.register_table(model)
        # After a rebuild they are counted anew: what came since the snapshot is not in them.
        archive.register_table(Quota, secrets={"counted_at": lambda: None})
        register_reaction(REACTION)
        register_reaction(
            Reaction("datasets.quota-letters", frozenset({Kind.QUOTA_WARNED}), quota_letters.ask)
        )
        register_reaction(
            Reaction(
                "datasets.of-jobs", frozenset({Kind.JOB_FINISHED, Kind.JOB_FAILED}), of_jobs.settle
            )
        )
        register_letter(quota_letters.KIND, quota_letters.write)
        register_step("datasets.recount", recount_step)
        register_schedule("datasets.recount", "17 3 * * *", plan_recount)
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
        personal.register()
