"""Which tables of the rooms beneath go into snapshots: everything a rebuild cannot read off the
journals,
nothing secret."""

from __future__ import annotations

from django.apps import apps
from django.contrib.auth.hashers import make_password

from lagan.hub.archive.models import File, Hub, Replica, StorageSet, Volume
from lagan.hub.archive.services.tables import register_table

TREE = (
    *("tree.Entity", "tree.Membership", "tree.Grant", "tree.Metadata"),
    *("tree.TemplateField", "tree.TemplateAssignment", "tree.MetadataChange"),
)
SECRETS = {"password": lambda: make_password(None), "last_login": lambda: None}
"""Columns that are not kept, and what stands in their place: a password that nobody can give."""


def register() -> None:
    """Put them in the order in which they refer to each other. Client keys are not kept: new ones
    are made."""
    for label in TREE:
        register_table(apps.get_model(label))
    register_table(apps.get_model("accounts.User"), secrets=SECRETS)
    for model in (Hub, StorageSet, Volume, File, Replica):
        register_table(model)
