"""Every permission there is, by the type of entity that it is about.

Source: seeds/dataset-archive.txt names DATASET_CHANGE, _CLOSE, _DELETE, _EXTEND_UNLIMITED,
_LOG_READ, _MOVE; GROUP_CHANGE, _CREATE, _DELETE, _MOVE, _TEMPLATE_ASSIGN; COMPUTER_CHANGE, _CREATE,
_DELETE, _MOVE, _READ, _REMOTE; TASK_CREATE; the rest of each family is by analogy, COMPUTER_WRITE
for the put and del operations that it describes. `<TYPE>_CREATE` is asked for on the group in which
the new entity will be.
"""

from __future__ import annotations

from enum import StrEnum

from lagan.hub.tree.models import Type
from lagan.kit.errors import BadInput


class Permission(StrEnum):
    """`<type>_<act>`."""

    GROUP_CREATE = "GROUP_CREATE"
    GROUP_CHANGE = "GROUP_CHANGE"
    GROUP_DELETE = "GROUP_DELETE"
    GROUP_MOVE = "GROUP_MOVE"
    GROUP_READ = "GROUP_READ"
    GROUP_LIST = "GROUP_LIST"
    GROUP_LOG_READ = "GROUP_LOG_READ"
    GROUP_METADATA_READ = "GROUP_METADATA_READ"
    GROUP_PERM_SET = "GROUP_PERM_SET"
    GROUP_MEMBER_SET = "GROUP_MEMBER_SET"
    GROUP_TEMPLATE_ASSIGN = "GROUP_TEMPLATE_ASSIGN"

    USER_CREATE = "USER_CREATE"
    USER_CHANGE = "USER_CHANGE"
    USER_DELETE = "USER_DELETE"
    USER_MOVE = "USER_MOVE"
    USER_READ = "USER_READ"
    USER_LIST = "USER_LIST"
    USER_LOG_READ = "USER_LOG_READ"
    USER_METADATA_READ = "USER_METADATA_READ"
    USER_PERM_SET = "USER_PERM_SET"

    COMPUTER_CREATE = "COMPUTER_CREATE"
    COMPUTER_CHANGE = "COMPUTER_CHANGE"
    COMPUTER_DELETE = "COMPUTER_DELETE"
    COMPUTER_MOVE = "COMPUTER_MOVE"
    COMPUTER_READ = "COMPUTER_READ"
    COMPUTER_LIST = "COMPUTER_LIST"
    COMPUTER_LOG_READ = "COMPUTER_LOG_READ"
    COMPUTER_METADATA_READ = "COMPUTER_METADATA_READ"
    COMPUTER_PERM_SET = "COMPUTER_PERM_SET"
    COMPUTER_REMOTE = "COMPUTER_REMOTE"
    COMPUTER_WRITE = "COMPUTER_WRITE"

    DATASET_CREATE = "DATASET_CREATE"
    DATASET_CHANGE = "DATASET_CHANGE"
    DATASET_DELETE = "DATASET_DELETE"
    DATASET_MOVE = "DATASET_MOVE"
    DATASET_READ = "DATASET_READ"
    DATASET_LIST = "DATASET_LIST"
    DATASET_LOG_READ = "DATASET_LOG_READ"
    DATASET_METADATA_READ = "DATASET_METADATA_READ"
    DATASET_PERM_SET = "DATASET_PERM_SET"
    DATASET_CLOSE = "DATASET_CLOSE"
    DATASET_PUBLISH = "DATASET_PUBLISH"
    DATASET_EXTEND_UNLIMITED = "DATASET_EXTEND_UNLIMITED"

    TEMPLATE_CREATE = "TEMPLATE_CREATE"
    TEMPLATE_CHANGE = "TEMPLATE_CHANGE"
    TEMPLATE_DELETE = "TEMPLATE_DELETE"
    TEMPLATE_MOVE = "TEMPLATE_MOVE"
    TEMPLATE_READ = "TEMPLATE_READ"
    TEMPLATE_LIST = "TEMPLATE_LIST"
    TEMPLATE_LOG_READ = "TEMPLATE_LOG_READ"
    TEMPLATE_METADATA_READ = "TEMPLATE_METADATA_READ"
    TEMPLATE_PERM_SET = "TEMPLATE_PERM_SET"

    TASK_CREATE = "TASK_CREATE"
    TASK_CHANGE = "TASK_CHANGE"
    TASK_DELETE = "TASK_DELETE"
    TASK_MOVE = "TASK_MOVE"
    TASK_READ = "TASK_READ"
    TASK_LIST = "TASK_LIST"
    TASK_LOG_READ = "TASK_LOG_READ"
    TASK_METADATA_READ = "TASK_METADATA_READ"
    TASK_PERM_SET = "TASK_PERM_SET"

    STORE_CREATE = "STORE_CREATE"
    STORE_CHANGE = "STORE_CHANGE"
    STORE_DELETE = "STORE_DELETE"
    STORE_MOVE = "STORE_MOVE"
    STORE_READ = "STORE_READ"
    STORE_LIST = "STORE_LIST"
    STORE_LOG_READ = "STORE_LOG_READ"
    STORE_METADATA_READ = "STORE_METADATA_READ"
    STORE_PERM_SET = "STORE_PERM_SET"

    INTERFACE_CREATE = "INTERFACE_CREATE"
    INTERFACE_CHANGE = "INTERFACE_CHANGE"
    INTERFACE_DELETE = "INTERFACE_DELETE"
    INTERFACE_MOVE = "INTERFACE_MOVE"
    INTERFACE_READ = "INTERFACE_READ"
    INTERFACE_LIST = "INTERFACE_LIST"
    INTERFACE_LOG_READ = "INTERFACE_LOG_READ"
    INTERFACE_METADATA_READ = "INTERFACE_METADATA_READ"
    INTERFACE_PERM_SET = "INTERFACE_PERM_SET"

    NOTICE_CREATE = "NOTICE_CREATE"
    NOTICE_CHANGE = "NOTICE_CHANGE"
    NOTICE_DELETE = "NOTICE_DELETE"
    NOTICE_MOVE = "NOTICE_MOVE"
    NOTICE_READ = "NOTICE_READ"
    NOTICE_LIST = "NOTICE_LIST"
    NOTICE_LOG_READ = "NOTICE_LOG_READ"
    NOTICE_METADATA_READ = "NOTICE_METADATA_READ"
    NOTICE_PERM_SET = "NOTICE_PERM_SET"


ALL = frozenset(Permission)
FAMILIES: dict[str, frozenset[Permission]] = {
    kind: frozenset(each for each in Permission if each.startswith(f"{kind}_"))
    for kind in Type.values
}

DATASET_CREATOR = FAMILIES[Type.DATASET] - {
    Permission.DATASET_MOVE,
    Permission.DATASET_DELETE,
    Permission.DATASET_EXTEND_UNLIMITED,
}
"""What a dataset's creator gets on it (seeds/dataset-archive.txt, how to add members on a
group)."""


def permission_to(act: str, kind: str) -> Permission:
    """The permission of the family of `kind` for `act`, as `permission_to("MOVE", "GROUP")`."""
    return Permission(f"{kind}_{act}")


def known_permission(name: str) -> Permission:
    """The permission of this name. BadInput."""
    if name not in ALL:
        raise BadInput(f"{name[:100]!r} is no permission.", permission=name[:100])
    return Permission(name)


def seeing(kind: str) -> tuple[Permission, ...]:
    """The permissions of which each one makes an entity of this type visible: who may make
    something in a group must be able to name the group."""
    own = permission_to("READ", kind), permission_to("LIST", kind)
    return own if kind != Type.GROUP else (*own, *_CREATIONS)


_CREATIONS = tuple(permission_to("CREATE", kind) for kind in Type.values)
_BENEATH = {
    Type.GROUP: (
        *(Type.GROUP, Type.DATASET, Type.COMPUTER, Type.USER, Type.TASK, Type.TEMPLATE),
        *(Type.STORE, Type.INTERFACE, Type.NOTICE),
    ),
    Type.COMPUTER: (Type.COMPUTER, Type.TASK),
    Type.USER: (Type.USER, Type.TASK),
}


def families_on(kind: str) -> tuple[str, ...]:
    """The families that can matter on an entity of this type, its own first: what is granted on a
    group holds for everything in it, and tasks belong to users and computers as well."""
    return tuple(each.value for each in _BENEATH.get(Type(kind), (Type(kind),)))


def can_matter(permission: Permission, kind: str) -> bool:
    """Whether holding the permission on an entity of this type can ever allow anything."""
    family, _, act = permission.partition("_")
    if family not in families_on(kind):
        return False
    return act != "CREATE" or kind == Type.GROUP or family != kind
