"""Which tables of the rooms beneath go into snapshots: everything a rebuild cannot read off the
journals,
nothing secret."""

from __future__ import annotations

from django.apps import apps

from lagan.hub.archive.models import File, Hub, Replica, StorageSet, Volume
from lagan.hub.archive.services.tables import register_table

TREE = ("tree.Entity", "tree.Membership", "tree.Grant", "tree.Metadata")
SECRETS = ("password", "last_login")


def register() -> None:
    """Put them in the order in which they refer to each other. Client keys are not kept: new ones
    are made."""
    for label in TREE:
        register_table(apps.get_model(label))
    register_table(apps.get_model("accounts.User"), without=SECRETS)
    for model in (Hub, StorageSet, Volume, File, Replica):
        register_table(model)
