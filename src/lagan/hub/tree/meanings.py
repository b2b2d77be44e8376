"""What each permission allows, in one sentence for people."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lagan.hub.tree.models import Type
from lagan.hub.tree.permissions import Permission

FAMILY_WORDS: dict[str, str | Promise] = {
    Type.GROUP: _("Groups"),
    Type.DATASET: _("Datasets"),
    Type.COMPUTER: _("Computers"),
    Type.USER: _("Users"),
    Type.TASK: _("Tasks"),
    Type.TEMPLATE: _("Templates"),
    Type.STORE: _("Stores"),
    Type.INTERFACE: _("Interfaces"),
    Type.NOTICE: _("Notices"),
}

_ACTS: dict[str, str | Promise] = {
    "CREATE": _("Make new ones here, and see the name of the group."),
    "CHANGE": _("Rename it and change its metadata and settings."),
    "DELETE": _("Remove it."),
    "MOVE": _("Move it to another group in which one may make such entities."),
    "READ": _("Open it and read what it holds."),
    "LIST": _("See its name and that it is there."),
    "LOG_READ": _("Read its log."),
    "METADATA_READ": _("Read its metadata."),
    "PERM_SET": _("Set who may do what with it, as far as one may do so oneself."),
}

_OWN: dict[str, str | Promise] = {
    Permission.GROUP_CREATE: _("Make groups in this group."),
    Permission.GROUP_CHANGE: _("Rename the group, and set its metadata and subscriptions."),
    Permission.GROUP_READ: _("Open the group and see its members."),
    Permission.GROUP_MEMBER_SET: _(
        "Add and remove members of the group: they get every role and permission that it has."
    ),
    Permission.GROUP_TEMPLATE_ASSIGN: _(
        "Assign templates to the group, which hold for everything that is made in it."
    ),
    Permission.USER_CREATE: _("Make accounts for people."),
    Permission.USER_DELETE: _("Make the user anonymous; a user is never removed."),
    Permission.COMPUTER_CREATE: _("Register computers in this group."),
    Permission.COMPUTER_READ: _("See the computer and fetch data from its folders."),
    Permission.COMPUTER_WRITE: _(
        "Have tasks put data on the computer, and delete there what was fetched."
    ),
    Permission.COMPUTER_REMOTE: _("Open a tunnel to the computer and control it from afar."),
    Permission.DATASET_CREATE: _("Make datasets in this group, and see the name of the group."),
    Permission.DATASET_CHANGE: _("Add files while it is open, rename it and change its metadata."),
    Permission.DATASET_CLOSE: _("Close it, so that nothing can be added any more."),
    Permission.DATASET_DELETE: _(
        "Remove it, and change when it expires as far as its life span goes."
    ),
    Permission.DATASET_READ: _("Open it, and read and download its files."),
    Permission.DATASET_PUBLISH: _("Share it with people outside by a link, or publish it."),
    Permission.DATASET_EXTEND_UNLIMITED: _("Extend its life beyond any limit of its life span."),
    Permission.TASK_CREATE: _("Make tasks here: what is fetched, put and deleted where."),
    Permission.TEMPLATE_CHANGE: _("Rename the template and change its keys."),
}


def meaning(permission: Permission) -> str:
    """One sentence, in the language that is active."""
    return str(_OWN.get(permission) or _ACTS[permission.partition("_")[2]])
