"""Entities made ready for a template: words and icons of their types, lines of a tree, what may be
done to each; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext_lazy, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lagan.hub.tree.permissions import Permission, permission_to
from lagan.hub.tree.rules import RENAMABLE
from lagan.hub.web import shown

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


REMOVABLE = frozenset(KINDS) - {"NOTICE"}
"""A notice goes when its matter is settled."""


@dataclass(frozen=True, slots=True)
class Act:
    """An entry of an entity's menu. `key` names it, `address` follows the entity's own; `dialog`
    says that a dialog is enough for it."""

    key: str
    words: str | Promise
    icon: str
    address: str
    dialog: bool = False

    @property
    def kind(self) -> str:
        """How its button looks."""
        return "danger" if self.key == "remove" else ""


CREATING = {
    "GROUP": _("Create group…"),
    "COMPUTER": _("Create computer…"),
    "USER": _("Create user…"),
    "TASK": _("Create task…"),
    "TEMPLATE": _("Create template…"),
    "DATASET": _("Create dataset…"),
    "STORE": _("Create store…"),
    "INTERFACE": _("Create interface…"),
}
CHANGING = (
    Act("rename", _("Rename…"), "pencil", "rename/", dialog=True),
    Act("move", _("Move…"), "folder-input", "move/", dialog=True),
    Act("remove", _("Delete…"), "trash-2", "remove/", dialog=True),
)
PAGES = (
    Act("members", _("Members"), "users", "members/"),
    Act("permissions", _("Permissions"), "shield", "permissions/"),
    Act("templates", _("Templates"), "layout-template", "templates/"),
    Act("metadata", _("Metadata"), "tags", "metadata/"),
)
_NEEDED = {"rename": "CHANGE", "move": "MOVE", "remove": "DELETE"}
_TYPES = {"rename": RENAMABLE, "move": frozenset(KINDS), "remove": REMOVABLE}


def creating(kind: str) -> Act:
    """The act that makes an entity of this type."""
    return Act(f"create-{kind}", CREATING[kind], KINDS[kind].icon, f"create/?type={kind}")


def makes(
    node: Node, held: Collection[Permission], holders: Mapping[str, Collection[str]]
) -> list[Act]:
    """What somebody who holds these permissions on an entity may make in it."""
    if not node.sees:
        return []
    return [
        creating(kind)
        for kind in CREATING
        if node.type in holders[kind] and permission_to("CREATE", kind) in held
    ]


def changes(node: Node, held: Collection[Permission]) -> list[Act]:
    """How they may change it."""
    if not node.sees:
        return []
    return [
        act
        for act in CHANGING
        if node.type in _TYPES[act.key] and permission_to(_NEEDED[act.key], node.type) in held
    ]


def pages(node: Node) -> list[Act]:
    """The pages about an entity, which show what their own rules let the visitor see."""
    if node.type == "GROUP":
        return list(PAGES)
    return [page for page in PAGES if page.key in ("permissions", "metadata")]


def acts(
    node: Node, held: Collection[Permission], holders: Mapping[str, Collection[str]]
) -> list[str]:
    """The keys of `makes`, `changes` and `pages`, for the menu that a script shows."""
    if not node.sees:
        return []
    return [act.key for act in (*makes(node, held, holders), *changes(node, held), *pages(node))]


def every_act() -> list[Act]:
    """All there are, in the order of the menu."""
    return [*map(creating, CREATING), *CHANGING, *PAGES]


def place(path: str) -> str:
    """A full path as people read it: without the root's own name, the root itself being `/`."""
    rest = path.lstrip("/").partition("/")[2]
    return f"/{rest}"


def counted(numbers: Mapping[str, int], most: int) -> str:
    """Counts by type in words: `3 groups, 1,000 or more datasets`."""
    said = [
        str(_COUNTED[kind] % {"count": count, "number": _most(count, most)})
        for kind, count in numbers.items()
    ]
    return ", ".join(said) or gettext("nothing")


def _most(count: int, most: int) -> str:
    number = shown.number(count)
    return gettext("%(number)s or more") % {"number": number} if count >= most else number


_COUNTED = {
    "GROUP": ngettext_lazy("%(number)s group", "%(number)s groups", "count"),
    "USER": ngettext_lazy("%(number)s user", "%(number)s users", "count"),
    "COMPUTER": ngettext_lazy("%(number)s computer", "%(number)s computers", "count"),
    "DATASET": ngettext_lazy("%(number)s dataset", "%(number)s datasets", "count"),
    "TEMPLATE": ngettext_lazy("%(number)s template", "%(number)s templates", "count"),
    "TASK": ngettext_lazy("%(number)s task", "%(number)s tasks", "count"),
    "STORE": ngettext_lazy("%(number)s store", "%(number)s stores", "count"),
    "INTERFACE": ngettext_lazy("%(number)s interface", "%(number)s interfaces", "count"),
    "NOTICE": ngettext_lazy("%(number)s notice", "%(number)s notices", "count"),
}
