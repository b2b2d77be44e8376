"""Entities made ready for a template: words and icons of their types, lines of a tree, what may be
done to each; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lagan.hub.tree.permissions import Permission, permission_to

if TYPE_CHECKING:
    from lagan.hub.tree.browsing import Node


@dataclass(frozen=True, slots=True)
class Kind:
    """How a type of entity reads and looks."""

    words: str | Promise
    icon: str


KINDS: dict[str, Kind] = {
    "GROUP": Kind(pgettext_lazy("entity", "Group"), "folder"),
    "USER": Kind(pgettext_lazy("entity", "User"), "user"),
    "COMPUTER": Kind(pgettext_lazy("entity", "Computer"), "monitor"),
    "DATASET": Kind(pgettext_lazy("entity", "Dataset"), "layers"),
    "TEMPLATE": Kind(pgettext_lazy("entity", "Template"), "layout-template"),
    "TASK": Kind(pgettext_lazy("entity", "Task"), "list-checks"),
    "STORE": Kind(pgettext_lazy("entity", "Store"), "database"),
    "INTERFACE": Kind(pgettext_lazy("entity", "Interface"), "plug"),
    "NOTICE": Kind(pgettext_lazy("entity", "Notice"), "bell"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """An entity as a line of a tree or of a list of hits. `choosable` says whether a picker may
    take it, `acts` names what the visitor may do to it, separated by blanks."""

    id: int
    type: str
    name: str
    words: str | Promise
    icon: str
    opens: bool
    sees: bool
    choosable: bool
    path: str = ""
    acts: str = ""

    @property
    def label(self) -> str:
        """What a screen reader says of it."""
        return f"{self.name}, {self.words}"


def line(
    node: Node, *, choosable: Collection[str] = (), path: str = "", acts: Iterable[str] = ()
) -> Line:
    """The node as a line; a group that is only on the way is nothing to choose."""
    kind = KINDS[node.type]
    chosen = node.sees and node.type in choosable
    words = " ".join(acts)
    return Line(
        node.id, node.type, node.name, kind.words, kind.icon, node.holds, node.sees, chosen, path,
        words,
    )  # fmt: skip


CREATABLE = ("GROUP", "COMPUTER", "USER", "TASK", "TEMPLATE", "DATASET", "STORE", "INTERFACE")
"""In the order in which the menu offers them."""
RENAMABLE = frozenset({"GROUP", "COMPUTER", "DATASET", "TASK", "TEMPLATE"})
REMOVABLE = frozenset(CREATABLE)


def acts(
    node: Node, held: Collection[Permission], holders: Mapping[str, Collection[str]]
) -> list[str]:
    """What the menu of an entity offers to whom holds these permissions there: `create-GROUP` for
    each type that fits in it, `rename`, `move`, `remove`, and the pages about it."""
    if not node.sees:
        return []
    found = [
        f"create-{kind}"
        for kind in CREATABLE
        if node.type in holders[kind] and permission_to("CREATE", kind) in held
    ]
    for act, permission, types in (
        ("rename", "CHANGE", RENAMABLE),
        ("move", "MOVE", frozenset(KINDS)),
        ("remove", "DELETE", REMOVABLE),
    ):
        if node.type in types and permission_to(permission, node.type) in held:
            found.append(act)
    return found + _pages(node.type)


def _pages(type: str) -> list[str]:
    """The pages about an entity that others may be shown by their own rules."""
    pages = ["permissions", "metadata"]
    if type == "GROUP":
        pages = ["members", *pages, "templates"]
    return pages


def place(path: str) -> str:
    """A full path as people read it: without the root's own name, the root itself being `/`."""
    rest = path.lstrip("/").partition("/")[2]
    return f"/{rest}"


def counted(numbers: Mapping[str, int], most: int) -> str:
    """Counts by type in words: `3 Group, 1,000 or more Dataset`."""
    from lagan.hub.web import shown

    said = []
    for kind, count in numbers.items():
        words = KINDS[kind].words
        if count >= most:
            said.append(
                gettext("%(count)s or more %(type)s")
                % {"count": shown.number(count), "type": words}
            )
        else:
            said.append(f"{shown.number(count)} {words}")
    return ", ".join(said) or str(_("nothing"))
