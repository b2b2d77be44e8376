"""Changing the tree: each verb asks the one permission rule, runs one transaction and leaves one
event."""

from lagan.hub.tree.services.entities import (
    LONGEST_NAME,
    create_entities,
    create_entity,
    move,
    remove,
    rename,
    restore_entities,
)
from lagan.hub.tree.services.grants import set_grants
from lagan.hub.tree.services.ground import Ground, ensure_root, ground
from lagan.hub.tree.services.members import add_member, remove_member
from lagan.hub.tree.services.metadata import set_metadata
from lagan.hub.tree.services.names import ADMINISTRATORS, ROOT, USERS
from lagan.hub.tree.services.rolegroups import (
    RoleGroups,
    make_lab,
    make_research_group,
    make_roles,
)
from lagan.hub.tree.services.sight import (
    require,
    require_insight,
    require_roll,
    require_sight,
    require_subject,
)

__all__ = [
    "ADMINISTRATORS",
    "Ground",
    "LONGEST_NAME",
    "ROOT",
    "RoleGroups",
    "USERS",
    "add_member",
    "create_entities",
    "create_entity",
    "ensure_root",
    "ground",
    "make_lab",
    "make_research_group",
    "make_roles",
    "move",
    "remove",
    "remove_member",
    "rename",
    "require",
    "require_insight",
    "require_roll",
    "require_sight",
    "require_subject",
    "restore_entities",
    "set_grants",
    "set_metadata",
]
