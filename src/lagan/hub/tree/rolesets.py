"""Which role groups a research group and a laboratory get, and what each of them is granted.

Source: seeds/dataset-archive.txt, create a research group, add new lab, how to add members on a
group: administrators hold everything on the group's datasets and manage the roles' members, members
read everything and make datasets of their own, guests only make datasets of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from lagan.hub.tree.permissions import FAMILIES, Permission

ROLES = "roles"
"""The name of the group that a group's role groups are in."""
RESEARCH_GROUPS, LABS = "Research Groups", "Labs"
"""The names of the groups of a department that hold its research groups and its laboratories."""


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """A role group: the end of its name, what it is granted on the group that it is for, and on the
    group of its roles."""

    suffix: str
    on_group: frozenset[Permission]
    on_roles: frozenset[Permission] = frozenset()


_OPEN = frozenset(
    {
        Permission.GROUP_READ,
        Permission.GROUP_LIST,
        Permission.GROUP_METADATA_READ,
        Permission.GROUP_LOG_READ,
    }
)
_KEEP_ROLES = frozenset({Permission.GROUP_MEMBER_SET, Permission.GROUP_PERM_SET})
_RUN_GROUP = _OPEN | {Permission.GROUP_CHANGE, Permission.GROUP_TEMPLATE_ASSIGN}

RESEARCH = (
    RoleSpec("_adm", FAMILIES["DATASET"] | FAMILIES["TASK"] | _RUN_GROUP, _KEEP_ROLES),
    RoleSpec(
        "_member",
        _OPEN
        | {
            Permission.DATASET_CREATE,
            Permission.DATASET_READ,
            Permission.DATASET_LIST,
            Permission.DATASET_METADATA_READ,
            Permission.DATASET_LOG_READ,
        },
    ),
    RoleSpec("_guest", frozenset({Permission.DATASET_CREATE})),
)
"""Source: seeds/dataset-archive.txt, how to add members on a group."""

LAB = (
    RoleSpec("_adm", FAMILIES["COMPUTER"] | FAMILIES["TASK"] | _RUN_GROUP, _KEEP_ROLES),
    RoleSpec(
        "_member",
        _OPEN
        | {
            Permission.COMPUTER_READ,
            Permission.COMPUTER_LIST,
            Permission.COMPUTER_METADATA_READ,
            Permission.COMPUTER_REMOTE,
        },
    ),
)
"""Source: seeds/dataset-archive.txt, add new lab: the permission to read from the computers is
granted there; remote control needs COMPUTER_REMOTE."""

KINDS = {"research": RESEARCH, "lab": LAB}
"""The sets by the word that the API, the pages and the command use."""

NOT_AMONG_ROLES = frozenset({Permission.DATASET_CREATE})
"""Denied to each role on the group of the roles: what is made there would belong to no group."""


def prefixed(names: list[str], name: str) -> str:
    """The name with the names down to the department before it, so that it is told apart
    everywhere: `["NTNU", "NV", "IBI"], "Flies"` is `NTNU-NV-IBI Flies`."""
    prefix = "-".join(names)
    return name if not prefix or name.startswith(f"{prefix} ") else f"{prefix} {name}"
