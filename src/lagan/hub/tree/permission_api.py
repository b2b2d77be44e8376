"""Permissions over REST: what each means, who holds which where and why, roles and members."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from lagan.hub.base.api import asker
from lagan.hub.tree import queries, services
from lagan.hub.tree.meanings import meaning
from lagan.hub.tree.models import Entity
from lagan.hub.tree.permissions import Permission, known_permission
from lagan.kit.errors import NotFound

meanings = Router(tags=["permissions"])
router = Router(tags=["permissions"])
Name = Annotated[str, Field(min_length=1, max_length=255)]
Size = Annotated[int, Field(ge=1, le=1000)]


class MeaningOut(Schema):
    """A permission, the type of entity that it is about, and what it allows in one sentence."""

    permission: str
    family: str
    meaning: str


class NamedOut(Schema):
    """An entity; one that is hidden from the asker has only its type."""

    type: str
    id: int | None
    name: str | None
    path: str | None


class PermissionOut(Schema):
    """The four columns for one permission; `source`: the role whose grant is inherited; `at`: where
    it was given."""

    permission: str
    inherited: bool
    deny: bool
    grant: bool
    effective: bool
    source: NamedOut | None
    at: NamedOut | None


class StepOut(Schema):
    """From the entity before by its `parent`, or as a `member`, to this one."""

    link: Literal["parent", "member"]
    entity: NamedOut


class ChainOut(Schema):
    """How one role speaks: the shortest way to it, and where it was granted and denied last."""

    steps: list[StepOut]
    role: NamedOut
    granted_at: NamedOut | None
    denied_at: NamedOut | None


class WhyOut(Schema):
    """The answer and every chain that makes it; `nearest` is what comes nearest when it is no."""

    holds: bool
    subject: NamedOut
    permission: str
    entity: NamedOut
    granting: list[ChainOut]
    stopped: list[ChainOut]
    denied: list[ChainOut]
    nearest: ChainOut | None


class HolderOut(Schema):
    """Who holds it, and through which roles that were granted it."""

    entity: NamedOut
    roles: list[NamedOut]


class HolderListing(Schema):
    """A page of holders by name, the key of the next one, and the roles that were granted it."""

    results: list[HolderOut]
    granted: list[NamedOut]
    next: str | None


class SubjectOut(Schema):
    """Who has marks of its own at the entity, and which."""

    entity: NamedOut
    grant: list[str]
    deny: list[str]


class RoleOut(Schema):
    """A role and the shortest way to it."""

    entity: NamedOut
    steps: list[StepOut]


class MemberListing(Schema):
    """A page of members by name and the key of the next one."""

    results: list[NamedOut]
    next: str | None


class GrantsIn(Schema):
    """All that a subject has of its own at an entity."""

    subject: int
    grant: list[str] = []
    deny: list[str] = []


class MemberIn(Schema):
    """Who becomes a member."""

    member: int


class RolesIn(Schema):
    """Which set of role groups: that of a research group or that of a laboratory."""

    kind: Literal["research", "lab"] = "research"


class GroupIn(Schema):
    """The name of the new group, without those of the department."""

    name: Name


class RoleGroupsOut(Schema):
    """A group and its role groups by the end of their names."""

    group: NamedOut
    roles: dict[str, NamedOut]


@meanings.get("/", response=list[MeaningOut])
def list_meanings(request: HttpRequest) -> Any:
    """Every permission there is, with what it allows."""
    return [
        {"permission": each, "family": each.partition("_")[0], "meaning": meaning(each)}
        for each in Permission
    ]


@router.get("/{int:id}/permissions/", response=list[PermissionOut] | list[str])
def read_permissions(request: HttpRequest, id: int, subject: int | None = None) -> Any:
    """What the asker may do there; with `subject`, four columns for that one: inherited, denied,
    granted, effective, those first that can matter there."""
    actor = asker(request)
    if subject is None:
        services.require_sight(actor=actor, entity=id)
        return sorted(queries.permissions_on(actor, id))
    insight = services.require_insight(actor=actor, entity=id, subject=subject)
    services.require_subject(insight=insight, subject=subject)
    return queries.tell_columns(insight, subject)


@router.get("/{int:id}/subjects/", response=list[SubjectOut])
def list_subjects(request: HttpRequest, id: int) -> Any:
    """Who has grants and denials of its own there."""
    insight = services.require_insight(actor=asker(request), entity=id)
    marks = queries.grants_on(id)
    return [
        {"entity": each, "grant": sorted(marks[each.id][0]), "deny": sorted(marks[each.id][1])}
        for each in queries.tell_subjects(insight)
        if each.id in marks
    ]


@router.get("/{int:id}/why/", response=WhyOut)
def explain(request: HttpRequest, id: int, permission: str, subject: int | None = None) -> Any:
    """Why the subject (the asker unless given) may or may not do this there."""
    actor = asker(request)
    about = subject if subject is not None else actor.entity
    if about is None:
        raise NotFound("Who asks has no entity.")
    insight = services.require_insight(actor=actor, entity=id, subject=about)
    services.require_subject(insight=insight, subject=about)
    return queries.tell_why(insight, about, known_permission(permission))


@router.get("/{int:id}/who/", response=HolderListing)
def list_holders(
    request: HttpRequest,
    id: int,
    permission: str,
    type: str = "USER",
    after: str | None = None,
    size: Size = 50,
) -> Any:
    """Who holds the permission there, as far as the asker sees them, by name."""
    insight = services.require_insight(actor=asker(request), entity=id)
    wanted = known_permission(permission)
    page = queries.tell_who(insight, wanted, type=type, after=after, size=size)
    granted = queries.tell_granted(insight, wanted)
    return {"results": page.items, "granted": granted, "next": page.next}


@router.get("/{int:id}/roles/", response=list[RoleOut])
def list_roles(request: HttpRequest, id: int) -> Any:
    """Every role of the entity and through what it has it; of others than oneself with READ."""
    return queries.tell_roles(services.require_insight(actor=asker(request), entity=id, subject=id))


@router.get("/{int:id}/members/", response=MemberListing)
def list_members(request: HttpRequest, id: int, after: str | None = None, size: Size = 50) -> Any:
    """Who was made a member of the group, by name; needs GROUP_READ or GROUP_MEMBER_SET."""
    group = services.require_roll(actor=asker(request), group=id)
    page = queries.members_page(group.id, after=after, size=size)
    return {"results": _named(page.items), "next": page.next}


@router.post("/{int:id}/role-groups/", response={201: RoleGroupsOut})
def make_roles(request: HttpRequest, id: int, body: RolesIn) -> Status[Any]:
    """Make the group's role groups, granted what is recommended for them."""
    made = services.make_roles(by=asker(request), group=id, kind=body.kind)
    return Status(201, _role_groups(made))


@router.post("/{int:id}/research-groups/", response={201: RoleGroupsOut})
def make_research_group(request: HttpRequest, id: int, body: GroupIn) -> Status[Any]:
    """Make a research group of this department with its role groups."""
    made = services.make_research_group(by=asker(request), within=id, name=body.name)
    return Status(201, _role_groups(made))


@router.post("/{int:id}/labs/", response={201: RoleGroupsOut})
def make_lab(request: HttpRequest, id: int, body: GroupIn) -> Status[Any]:
    """Make a laboratory of this department with its role groups."""
    made = services.make_lab(by=asker(request), within=id, name=body.name)
    return Status(201, _role_groups(made))


@router.put("/{int:id}/grants/", response={204: None})
def set_grants(request: HttpRequest, id: int, body: GrantsIn) -> Status[None]:
    """Make these all that the subject has of its own there; needs `<type>_PERM_SET`."""
    services.set_grants(
        by=asker(request), subject=body.subject, object=id, grant=body.grant, deny=body.deny
    )
    return Status(204, None)


@router.post("/{int:id}/members/", response={204: None})
def add_member(request: HttpRequest, id: int, body: MemberIn) -> Status[None]:
    """Make an entity a member of the group."""
    services.add_member(by=asker(request), member=body.member, group=id)
    return Status(204, None)


@router.delete("/{int:id}/members/{int:member}/", response={204: None})
def remove_member(request: HttpRequest, id: int, member: int) -> Status[None]:
    """End a membership."""
    services.remove_member(by=asker(request), member=member, group=id)
    return Status(204, None)


def _role_groups(made: services.RoleGroups) -> dict[str, Any]:
    group, *roles = _named([made.group, *made.roles.values()])
    return {"group": group, "roles": dict(zip(made.roles, roles, strict=True))}


def _named(rows: list[Entity]) -> list[queries.Named]:
    paths = queries.full_path([each.id for each in rows])
    return [queries.Named(each.type, each.id, each.name, paths[each.id]) for each in rows]
