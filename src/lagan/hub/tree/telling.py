"""Explanations, holders and roles as an asker may read them: what is hidden from the asker has no
name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from lagan.hub.base.actors import Actor
from lagan.hub.base.pages import Page
from lagan.hub.tree.closure import Place, places, roles_of
from lagan.hub.tree.explaining import Chain, Explanation, Step, columns, subjects, why
from lagan.hub.tree.holders import granted_roles, who
from lagan.hub.tree.permissions import Permission
from lagan.hub.tree.rules import EVERYTHING, Intervals, ids_in
from lagan.hub.tree.verdicts import Link, way_to
from lagan.hub.tree.visibility import full_path, path_of_entity, visible


@dataclass(frozen=True, slots=True)
class Insight:
    """What `services.require_insight` settled: who asks about which entity, and whether the names
    of all who have something to do with it are told, because the asker sets permissions there."""

    actor: Actor
    entity: Place
    every: bool


@dataclass(frozen=True, slots=True)
class Named:
    """An entity and the names down to it; of one that is hidden only the type is told."""

    type: str
    id: int | None = None
    name: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class ToldStep:
    """One link of a way: `parent` or `member`, and the entity that it leads to."""

    link: Link
    entity: Named


@dataclass(frozen=True, slots=True)
class ToldChain:
    """As `explaining.Chain`, with names."""

    steps: list[ToldStep]
    role: Named
    granted_at: Named | None
    denied_at: Named | None


@dataclass(frozen=True, slots=True)
class ToldExplanation:
    """As `explaining.Explanation`, with names. `nearest`, where the answer is no, is the chain that
    comes nearest: one that a denial stops, else one that is denied."""

    holds: bool
    subject: Named
    permission: Permission
    entity: Named
    granting: list[ToldChain]
    stopped: list[ToldChain]
    denied: list[ToldChain]
    nearest: ToldChain | None


@dataclass(frozen=True, slots=True)
class ToldRow:
    """As `explaining.PermissionRow`, with names."""

    permission: Permission
    inherited: bool
    deny: bool
    grant: bool
    effective: bool
    source: Named | None
    at: Named | None


@dataclass(frozen=True, slots=True)
class ToldHolder:
    """Who holds it, and the roles that were granted it through which they do."""

    entity: Named
    roles: list[Named]


@dataclass(frozen=True, slots=True)
class ToldRole:
    """A role and the shortest way to it; no steps to oneself."""

    entity: Named
    steps: list[ToldStep]


def tell_why(insight: Insight, subject: int, permission: Permission) -> ToldExplanation | None:
    """Why the subject may or may not; None when there is no such subject."""
    found = why(subject, permission, insight.entity.id)
    if found is None:
        return None
    every = insight.every or insight.actor.entity == subject
    named = _Names(insight.actor, found.named | {subject, insight.entity.id}, _known(found), every)
    told = {
        kind: [named.chain(each) for each in chains]
        for kind, chains in (
            ("granting", found.granting),
            ("stopped", found.stopped),
            ("denied", found.denied),
        )
    }
    return ToldExplanation(
        holds=found.holds,
        subject=named.of(found.subject),
        permission=found.permission,
        entity=named.of(found.entity),
        nearest=None if found.holds else next(iter(told["stopped"] + told["denied"]), None),
        **told,
    )


def _known(found: Explanation) -> set[int]:
    """What the asker knows of anyhow: whom was asked about, and the place with all above it."""
    return {found.subject.id, *ids_in(found.entity.path)}


def tell_columns(insight: Insight, subject: int) -> list[ToldRow]:
    """The four columns of the editor for a subject; those that can matter first."""
    rows = columns(subject, insight.entity)
    ids = {each for row in rows for each in (row.source, row.at) if each is not None}
    every = insight.every or insight.actor.entity == subject
    known = {subject, *ids_in(insight.entity.path)}
    named = _Names(insight.actor, ids, known, every)
    return [
        ToldRow(
            permission=row.permission,
            inherited=row.inherited,
            deny=row.deny,
            grant=row.grant,
            effective=row.effective,
            source=named.at(row.source),
            at=named.at(row.at),
        )
        for row in rows
    ]


def tell_subjects(insight: Insight) -> list[Named]:
    """Who has marks of its own at the entity and is seen by the asker, by name."""
    found = subjects(insight.entity.id)
    named = _Names(insight.actor, [each.id for each in found], set(), insight.every)
    return [each for each in map(named.of, found) if each.id is not None]


def tell_who(
    insight: Insight,
    permission: Permission,
    *,
    type: str = "USER",
    after: str | None = None,
    size: int = 50,
) -> Page[ToldHolder]:
    """A page, by name, of the entities of a type that hold the permission and that the asker
    sees."""
    seen = _seen(insight, type)
    page = who(permission, insight.entity.path, type=type, seen=seen, after=after, size=size)
    ids = {each.id for each in page.items} | {role for each in page.items for role in each.roles}
    named = _Names(insight.actor, ids, {each.id for each in page.items}, insight.every)
    items = []
    for each in page.items:
        found = [named.at(role) for role in each.roles]
        roles = [role for role in found if role is not None]
        entity = named.at(each.id)
        if entity is not None:
            items.append(ToldHolder(entity, roles))
    return Page(items, page.next)


def _seen(insight: Insight, type: str) -> Intervals:
    return EVERYTHING if insight.every else visible(insight.actor, type)


def tell_granted(insight: Insight, permission: Permission) -> list[Named]:
    """The roles that were granted the permission by marks of their own, here or above, as far as
    the asker sees them; by name."""
    found = granted_roles(permission, insight.entity.path)
    named = _Names(insight.actor, found, set(), insight.every)
    told = [each for each in map(named.at, found) if each is not None and each.id is not None]
    return sorted(told, key=lambda each: (each.name or "", each.id or 0))


def tell_granted_groups(
    actor: Actor, permission: Permission | str, entity: int
) -> tuple[list[str], int]:
    """The full paths of the groups that were granted the permission there or above, as far as the
    actor sees them, and how many roles more there are. Asks no permission."""
    path = path_of_entity(entity)
    found = granted_roles(permission, path) if path else set()
    named = _Names(actor, found, set(), actor.is_system)
    told = [each for each in map(named.at, found) if each is not None]
    paths = sorted(each.path for each in told if each.path and each.type == "GROUP")
    return paths, len(found) - len(paths)


def tell_roles(insight: Insight) -> list[ToldRole]:
    """Every role of the entity with the shortest way to it, nearest first."""
    subject = insight.entity.id
    found = roles_of(subject)
    known = ids_in(insight.entity.path)
    named = _Names(insight.actor, found.places, known, insight.actor.entity == subject)
    ways = {role: way_to(role, found.came) for role in found.places}
    ordered = sorted(ways, key=lambda role: (len(ways[role]), found.places[role].name, role))
    return [
        ToldRole(
            named.of(found.places[role]),
            [ToldStep(link, named.of(found.places[each])) for each, link in ways[role]],
        )
        for role in ordered
    ]


class _Names:
    """The names of some entities, read at once: of those `known`, and those that the actor sees."""

    def __init__(
        self, actor: Actor, ids: Iterable[int], known: Collection[int], every: bool
    ) -> None:
        self._places = places([*{*ids, *known}])
        seen = {
            kind: EVERYTHING if every else visible(actor, kind)
            for kind in {each.type for each in self._places.values()}
        }
        told = [
            each.id
            for each in self._places.values()
            if each.id in known or each.path in seen[each.type]
        ]
        self._paths = full_path(told)

    def of(self, place: Place) -> Named:
        """The entity as the actor may read it."""
        path = self._paths.get(place.id)
        if path is None:
            return Named(place.type)
        return Named(place.type, place.id, place.name, path)

    def at(self, id: int | None) -> Named | None:
        """As `of`, of an id; None for none and for one that is no longer there."""
        place = self._places.get(id) if id is not None else None
        return self.of(place) if place else None

    def chain(self, chain: Chain) -> ToldChain:
        """The chain with names."""
        return ToldChain(
            [self._step(each) for each in chain.steps],
            self.of(chain.role),
            self.of(chain.granted_at) if chain.granted_at else None,
            self.of(chain.denied_at) if chain.denied_at else None,
        )

    def _step(self, step: Step) -> ToldStep:
        return ToldStep(step.link, self.of(step.entity))
