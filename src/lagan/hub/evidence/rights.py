"""What is known of the rights in a thing: the licence that its metadata names, and who may read
it here."""

from __future__ import annotations

from typing import Any

from lagan.hub.base.actors import Actor
from lagan.hub.datasets.description.facts import license_named, sorted_out
from lagan.hub.tree import queries as tree

READ = "DATASET_READ"


def rights_of(by: Actor, entity: int, licence: str) -> list[dict[str, Any]]:
    """The rights as JSON: one of `basis` "license" when there is a licence, and one of `basis`
    "permission" with the groups whose members may read the entity, as far as the asker sees
    them, and the number of `others` that were granted it."""
    found: list[dict[str, Any]] = []
    if licence:
        known = license_named(licence)
        found.append({"basis": "license", "terms": known.name, "address": known.address})
    groups, others = tree.tell_granted_groups(by, READ, entity)
    return [*found, {"basis": "permission", "act": "read", "groups": groups, "others": others}]


def licence_of(by: Actor, entity: int) -> str:
    """The licence that the entity's metadata names, for who may read that; empty without."""
    if not tree.may(by, "DATASET_METADATA_READ", entity):
        return ""
    known, _ = sorted_out(tree.metadata(entity))
    return next(iter(known.get("licenses", ())), "")
