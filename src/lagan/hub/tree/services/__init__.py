"""Changing the tree: each verb asks the one permission rule, runs one transaction and leaves one
event."""

from lagan.hub.tree.services.entities import (
    LONGEST_NAME,
    MOST_COUNTED,
    create_entities,
    create_entity,
    move,
    register_anchor,
    remove,
    rename,
    restore_entities,
)
from lagan.hub.tree.services.grants import set_grants
from lagan.hub.tree.services.ground import Ground, ensure_root, ground
from lagan.hub.tree.services.makers import discard, make, register_maker, register_remover
from lagan.hub.tree.services.members import add_member, remove_member
from lagan.hub.tree.services.metadata import (
    copy_metadata,
    preview_metadata,
    register_guard,
    replace_metadata,
    set_metadata,
)
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
from lagan.hub.tree.services.templates import (
    assign_template,
    change_template,
    create_template,
    remove_field,
    set_assignments,
    set_field,
    set_template,
    shift_field,
    shift_template,
    unassign_template,
)
from lagan.hub.tree.services.watching import watch

__all__ = [
    "ADMINISTRATORS",
    "Ground",
    "LONGEST_NAME",
    "MOST_COUNTED",
    "ROOT",
    "RoleGroups",
    "USERS",
    "add_member",
    "assign_template",
    "change_template",
    "copy_metadata",
    "create_entities",
    "create_entity",
    "create_template",
    "discard",
    "ensure_root",
    "ground",
    "make",
    "make_lab",
    "make_research_group",
    "make_roles",
    "move",
    "preview_metadata",
    "register_anchor",
    "register_guard",
    "register_maker",
    "register_remover",
    "remove",
    "remove_field",
    "remove_member",
    "rename",
    "replace_metadata",
    "require",
    "require_insight",
    "require_roll",
    "require_sight",
    "require_subject",
    "restore_entities",
    "set_assignments",
    "set_field",
    "set_grants",
    "set_metadata",
    "set_template",
    "shift_field",
    "shift_template",
    "unassign_template",
    "watch",
]
