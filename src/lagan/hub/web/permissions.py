"""Permissions made ready for a template: families, lines and tabs; pure but for the words of the
active language."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lagan.hub.tree.meanings import FAMILY_WORDS, meaning
from lagan.hub.tree.permissions import Permission, can_matter
from lagan.hub.web.presented import addressed

if TYPE_CHECKING:
    from lagan.hub.tree.queries import ToldRow


@dataclass(frozen=True, slots=True)
class PermissionLine:
    """A line of the editor: the row, its sentence, where it is explained, whether the visitor may
    set it."""

    permission: str
    act: str
    meaning: str
    row: ToldRow
    why: str
    settable: bool


@dataclass(frozen=True, slots=True)
class Family:
    """The lines about one type of entity."""

    key: str
    words: str | Promise
    lines: Sequence[PermissionLine]


def families(
    rows: Sequence[ToldRow],
    *,
    entity: int,
    kind: str,
    subject: int,
    settable: Collection[str],
    every: bool,
    text: str = "",
    name: str = "",
) -> list[Family]:
    """The rows by family, in the order they came: those that can matter on this type of entity and
    those that are marked, or all; with `text` in the permission or its sentence."""
    lines = [
        _line(row, entity, subject, row.permission in settable, name)
        for row in rows
        if every or row.grant or row.deny or can_matter(row.permission, kind)
    ]
    wanted = [
        each
        for each in lines
        if text.lower() in each.permission.lower() or text.lower() in each.meaning.lower()
    ]
    grouped = groupby(wanted, lambda each: each.permission.partition("_")[0])
    return [Family(key, FAMILY_WORDS[key], list(own)) for key, own in grouped]


def _line(row: ToldRow, entity: int, subject: int, settable: bool, name: str) -> PermissionLine:
    why = addressed(
        f"/entities/{entity}/permissions/why/",
        subject=str(subject),
        permission=row.permission,
        name=name,
    )
    act = row.permission.partition("_")[2]
    return PermissionLine(row.permission, act, meaning(row.permission), row, why, settable)


@dataclass(frozen=True, slots=True)
class Meaning:
    """A permission and its sentence."""

    permission: str
    meaning: str


@dataclass(frozen=True, slots=True)
class FamilyMeanings:
    """What the permissions about one type of entity allow."""

    key: str
    words: str | Promise
    lines: Sequence[Meaning]


def explained(permissions: Sequence[Permission]) -> list[FamilyMeanings]:
    """The permissions with their sentences, by family."""
    grouped = groupby(permissions, lambda each: each.partition("_")[0])
    return [
        FamilyMeanings(key, FAMILY_WORDS[key], [Meaning(each, meaning(each)) for each in own])
        for key, own in grouped
    ]


@dataclass(frozen=True, slots=True)
class Tab:
    """One part of what can be asked about an entity."""

    words: str | Promise
    address: str
    chosen: bool


def tabs(entity: int, kind: str, part: str) -> list[Tab]:
    """The parts for an entity of this type."""
    parts = [("permissions", _("Permissions")), ("permissions/who", _("Who may"))]
    if kind == "GROUP":
        parts.append(("members", _("Members")))
    if kind in ("GROUP", "USER"):
        parts.append(("roles", _("Roles")))
    return [Tab(words, f"/entities/{entity}/{key}/", key == part) for key, words in parts]
