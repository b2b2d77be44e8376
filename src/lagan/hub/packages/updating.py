"""A package's name and metadata change; what they were stays known. Its group never changes."""

from __future__ import annotations

from django.db import transaction

from lagan.hub.audit.kinds import Kind
from lagan.hub.base.actors import SYSTEM, Actor
from lagan.hub.packages import rules
from lagan.hub.packages.describing import asked_values
from lagan.hub.packages.errors import NotReady
from lagan.hub.packages.models import Package
from lagan.hub.packages.rows import is_removed, locked, note
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services as tree_services
from lagan.kit.errors import Conflict
from lagan.kit.ids import new_id


@transaction.atomic
def update_package(
    *, by: Actor, package: int, name: str | None = None, user_metadata: object = None
) -> Package:
    """Another name, or other metadata; None leaves it. Needs DATASET_CHANGE. Former metadata is
    kept in `previous_metadata`, numbered from 1. NotReady once it was removed."""
    row = locked(package, by, "DATASET_CHANGE")
    if is_removed(row):
        raise NotReady("The package was removed; its record stays as it was.", package=package)
    before: dict[str, object] = {}
    if name is not None and (clean := rules.check_name(name)) != row.name:
        before["name"], row.name = row.name, clean
        rename(row)
    if user_metadata is not None:
        wanted = rules.check_metadata(user_metadata)
        if wanted != row.user_metadata:
            history = rules.with_history(row.previous_metadata, row.user_metadata)
            before["user_metadata"] = row.user_metadata
            row.previous_metadata, row.user_metadata = history, wanted
            row.words = rules.words_of(wanted)
            _describe(by, row)
    if before:
        row.save(update_fields=["name", "user_metadata", "previous_metadata", "words"])
        note(row, Kind.PACKAGE_CHANGED, by=by, details={"before": before})
    return row


def _describe(by: Actor, row: Package) -> None:
    """What the group's template asks is answered anew; NotCompliant when it is not."""
    parent = tree.rows([row.pk])[row.pk].parent
    if asked := asked_values(parent, row.user_metadata):
        tree_services.set_metadata(by=by, entity=row.pk, values=asked)


def rename(row: Package) -> None:
    """The entity follows the package's name; the package is told apart from others of the name by a
    mark."""
    own = tree.rows([row.pk])[row.pk]
    parent, wanted = own.parent, rules.entity_name(row.name)
    if tree.child(type="DATASET", name=wanted, parent=parent) not in (None, row.pk):
        wanted = rules.entity_name(row.name, new_id().hex[-12:])
    tree_services.rename(by=SYSTEM, entity=row.pk, name=wanted)


def refuse_move(dataset: int) -> None:
    """Conflict for a package: the group under which it was deposited is not changed. Source:
    seeds/preservation-packages.txt."""
    if Package.objects.filter(pk=dataset).exists():
        raise Conflict("A package stays in the group it was deposited in.", package=dataset)
