"""Why a subject may or may not: the chains of roles, grants and denials, by the one rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lagan.hub.tree.closure import Place, Roles, marks_of, places, read, roles_of
from lagan.hub.tree.permissions import FAMILIES, Permission, families_on
from lagan.hub.tree.rules import ids_in
from lagan.hub.tree.verdicts import Link, Verdict, verdicts, way_to


@dataclass(frozen=True, slots=True)
class Step:
    """One link of a chain: from the entity before by its parent or its membership to this one."""

    link: Link
    entity: Place


@dataclass(frozen=True, slots=True)
class Chain:
    """How one role speaks: the way from the subject to the role, and where the role was granted and
    denied the permission, nearest above the object; None where it never was."""

    steps: tuple[Step, ...]
    role: Place
    granted_at: Place | None
    denied_at: Place | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer, and all that makes it. Each of the `granting` chains suffices; `stopped` ones
    have a grant that a nearer denial ends; `denied` ones a denial alone. Shortest way first."""

    subject: Place
    permission: Permission
    entity: Place
    granting: tuple[Chain, ...]
    stopped: tuple[Chain, ...]
    denied: tuple[Chain, ...]

    @property
    def holds(self) -> bool:
        """Whether the subject may."""
        return bool(self.granting)

    @property
    def named(self) -> set[int]:
        """The ids of every entity that the chains name."""
        chains = (*self.granting, *self.stopped, *self.denied)
        found = {step.entity.id for chain in chains for step in chain.steps}
        for chain in chains:
            ends = (chain.role, chain.granted_at, chain.denied_at)
            found |= {each.id for each in ends if each is not None}
        return found


def why(subject: int, permission: Permission | str, entity: int) -> Explanation | None:
    """Why the subject may or may not do this to the entity; four readings. None when either is not
    there. Asks no permission."""
    there = places([subject, entity])
    if subject not in there or entity not in there:
        return None
    path = there[entity].path
    line = places(ids_in(path))
    by_path = {each.path: each for each in line.values()}
    found = marks_of(subject, [permission], list(line)).get(str(permission), [])
    roles = roles_of(subject)
    chains: dict[str, list[Chain]] = {"granting": [], "stopped": [], "denied": []}
    for verdict in verdicts(found, path).values():
        chains[_kind(verdict)].append(_chain(verdict, roles, by_path))
    sorted_chains = {
        kind: tuple(sorted(each, key=lambda chain: (len(chain.steps), chain.role.id)))
        for kind, each in chains.items()
    }
    return Explanation(there[subject], Permission(permission), there[entity], **sorted_chains)


def _kind(verdict: Verdict) -> str:
    if verdict.holds:
        return "granting"
    return "stopped" if verdict.grant is not None else "denied"


def _chain(verdict: Verdict, roles: Roles, by_path: dict[str, Place]) -> Chain:
    steps = tuple(Step(link, roles.places[role]) for role, link in way_to(verdict.role, roles.came))
    granted, denied = (
        by_path[path] if path is not None else None for path in (verdict.grant, verdict.deny)
    )
    return Chain(steps, roles.places[verdict.role], granted, denied)


@dataclass(frozen=True, slots=True)
class PermissionRow:
    """One line of the editor. `inherited`: the subject would have it without marks of its own here,
    from above or by another role; then `source` is the role whose grant gives it and `at` where. A
    grant and an inherited may both be there."""

    permission: Permission
    inherited: bool
    deny: bool
    grant: bool
    effective: bool
    source: int | None
    at: int | None


def columns(subject: int, entity: Place) -> list[PermissionRow]:
    """All four columns for every permission, those first that can matter on the entity; one
    reading. Asks no permission."""
    found = marks_of(subject, objects=ids_in(entity.path))
    rows = []
    for permission in _ordered(entity.type):
        marks = found.get(permission, [])
        own = [mark.deny for mark in marks if (mark.role, mark.path) == (subject, entity.path)]
        others = [mark for mark in marks if (mark.role, mark.path) != (subject, entity.path)]
        before = _giving(verdicts(others, entity.path).values())
        rows.append(
            PermissionRow(
                permission=permission,
                inherited=before is not None,
                deny=True in own,
                grant=False in own,
                effective=_giving(verdicts(marks, entity.path).values()) is not None,
                source=before.role if before else None,
                at=ids_in(before.grant or "")[-1] if before else None,
            )
        )
    return rows


def _giving(found: Iterable[Verdict]) -> Verdict | None:
    """Of the verdicts that hold, the one granted nearest to the object."""
    holding = [each for each in found if each.holds]
    return max(holding, key=lambda each: (len(each.grant or ""), -each.role), default=None)


def _ordered(kind: str) -> list[Permission]:
    """Every permission, the families that matter on this type in front."""
    first = families_on(kind)
    families = [*first, *(each for each in FAMILIES if each not in first)]
    own = list(Permission)
    return [each for family in families for each in own if each in FAMILIES[family]]


def subjects(entity: int) -> list[Place]:
    """Who has marks of its own at the entity, by name. Asks no permission."""
    ids = [row[0] for row in read(_SUBJECTS, [entity])]
    return sorted(places(ids).values(), key=lambda each: (each.name, each.id))


_SUBJECTS = "SELECT DISTINCT subject_id FROM tree_grant WHERE object_id = %s"
