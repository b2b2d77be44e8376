"""Templates over REST: their fields, their assignments, and what is in effect where."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field as Limits

from lagan.hub.base.api import asker
from lagan.hub.tree import queries as tree
from lagan.hub.tree import services
from lagan.hub.tree.templates import queries
from lagan.hub.tree.templates.patterns import matcher
from lagan.hub.tree.templates.queries import PlaceRow
from lagan.hub.tree.templates.shapes import FieldShape, shape

router = Router(tags=["templates"])
Name = Annotated[str, Limits(min_length=1, max_length=500)]


class TemplateLine(Schema):
    """A template in a list."""

    id: int
    name: str
    parent: int
    path: str


class TemplateOut(TemplateLine):
    """A template and its fields in their order."""

    fields: list[FieldShape]


class TemplateIn(Schema):
    """A new template: its name, which no other has, the group it will be in, its fields."""

    name: Name
    parent: int
    fields: list[FieldShape] = []


class TemplateChange(Schema):
    """Another name, other fields, or both."""

    name: Name | None = None
    fields: list[FieldShape] | None = None


class Listing(Schema):
    """A page of templates by name, and the key of the next one."""

    results: list[TemplateLine]
    next: str | None


class Assigned(Schema):
    """A group that the template is assigned to, for entities of a type."""

    group: int
    path: str
    type: str


class Trial(Schema):
    """An expression and texts to try it on."""

    regex: Annotated[str, Limits(max_length=1000)]
    values: Annotated[list[Annotated[str, Limits(max_length=10_000)]], Limits(max_length=100)] = []


class TrialOut(Schema):
    """Whether each text matches as a whole."""

    matches: list[bool]


@router.get("/", response=Listing)
def list_templates(
    request: HttpRequest,
    text: str = "",
    after: str | None = None,
    size: Annotated[int, Limits(ge=1, le=1000)] = 50,
) -> dict[str, Any]:
    """Templates that the asker sees, by name."""
    page = tree.visible_entities(asker(request), "TEMPLATE", text=text, after=after, size=size)
    paths = tree.full_path([each.id for each in page.items])
    lines = [
        {"id": each.id, "name": each.name, "parent": each.parent_id, "path": paths[each.id]}
        for each in page.items
    ]
    return {"results": lines, "next": page.next}


@router.post("/", response={201: TemplateOut})
def create_template(request: HttpRequest, body: TemplateIn) -> Status[Any]:
    """A new template in a group; needs TEMPLATE_CREATE there, and TEMPLATE_CHANGE for fields."""
    made = services.create_template(
        by=asker(request),
        name=body.name,
        parent=body.parent,
        fields=[each.field() for each in body.fields],
    )
    return Status(201, _whole(request, made.id))


@router.post("/regex/", response=TrialOut)
def try_regex(request: HttpRequest, body: Trial) -> dict[str, Any]:
    """Try a regular expression on texts, as a template would; 400 says what is wrong with it."""
    fits = matcher(body.regex)
    return {"matches": [fits(each) for each in body.values]}


@router.get("/{int:id}/", response=TemplateOut)
def read_template(request: HttpRequest, id: int) -> Any:
    """One template; needs TEMPLATE_READ."""
    return _whole(request, id)


@router.patch("/{int:id}/", response=TemplateOut)
def change_template(request: HttpRequest, id: int, body: TemplateChange) -> Any:
    """Another name, other fields, or both, in one act; needs TEMPLATE_CHANGE."""
    fields = None if body.fields is None else [each.field() for each in body.fields]
    services.change_template(by=asker(request), template=id, name=body.name, fields=fields)
    return _whole(request, id)


@router.delete("/{int:id}/", response={204: None})
def remove_template(request: HttpRequest, id: int) -> Status[None]:
    """Remove a template that is assigned nowhere; needs TEMPLATE_DELETE."""
    queries.fields(asker(request), id)
    services.remove(by=asker(request), entity=id)
    return Status(204, None)


@router.put("/{int:id}/fields/", response=TemplateOut)
def set_fields(request: HttpRequest, id: int, body: list[FieldShape]) -> Any:
    """Make these all fields, in this order; needs TEMPLATE_CHANGE."""
    services.set_template(by=asker(request), template=id, fields=[each.field() for each in body])
    return _whole(request, id)


@router.put("/{int:id}/fields/{key}/", response=TemplateOut)
def set_field(request: HttpRequest, id: int, key: str, body: FieldShape) -> Any:
    """Set what the template says of a key; another `key` in the body gives it that name."""
    known = {each.key for each in queries.fields(asker(request), id)}
    services.set_field(
        by=asker(request), template=id, field=body.field(), key=key if key in known else None
    )
    return _whole(request, id)


@router.delete("/{int:id}/fields/{key}/", response=TemplateOut)
def remove_field(request: HttpRequest, id: int, key: str) -> Any:
    """Take a key out of the template."""
    services.remove_field(by=asker(request), template=id, key=key)
    return _whole(request, id)


@router.get("/{int:id}/assignments/", response=list[Assigned])
def read_assigned(request: HttpRequest, id: int) -> Any:
    """Where the template is assigned and as what, as far as the asker sees the groups."""
    return queries.assigned(asker(request), id)


def _whole(request: HttpRequest, id: int) -> dict[str, Any]:
    fields = queries.fields(asker(request), id)
    row = tree.rows([id])[id]
    path = tree.full_path([id])[id]
    shapes = [shape(each) for each in fields]
    return {"id": id, "name": row.name, "parent": row.parent, "path": path, "fields": shapes}


places = Router(tags=["templates"])
"""What belongs to an entity: mounted beneath its address."""


class Assignment(Schema):
    """A template on a group's list; without a name when the asker may not see it."""

    template: int
    name: str | None


class AssignmentsIn(Schema):
    """The whole list for a type, in its order: later ones override earlier ones."""

    type: str = "DATASET"
    templates: list[int]


class AssignmentIn(Schema):
    """One template more, for entities of a type; it becomes the last of the list."""

    type: str = "DATASET"
    template: int


class PlaceOut(Schema):
    """A template at a group; without names that the asker may not see."""

    group: int
    path: str | None
    template: int
    name: str | None


class EffectiveField(FieldShape):
    """A key in effect: where its definition is, which it overrides, which are held off by its
    NONOVERRIDE."""

    origin: PlaceOut
    overridden: list[PlaceOut]
    held_off: list[PlaceOut]


@places.get("/{int:id}/template/", response=list[EffectiveField])
def read_effective(request: HttpRequest, id: int, type: str = "DATASET") -> Any:
    """The template in effect for entities of a type there, with the origin of every key."""
    rows = queries.effective(asker(request), id, type)
    return [
        {
            **shape(each.field),
            "origin": _place(each.origin),
            "overridden": [_place(other) for other in each.overridden],
            "held_off": [_place(other) for other in each.held_off],
        }
        for each in rows
    ]


@places.get("/{int:id}/templates/", response=list[Assignment])
def read_assignments(request: HttpRequest, id: int, type: str = "DATASET") -> Any:
    """The templates assigned to the group for entities of a type, in their order."""
    return queries.assignments(asker(request), id, type)


@places.put("/{int:id}/templates/", response=list[Assignment])
def set_assignments(request: HttpRequest, id: int, body: AssignmentsIn) -> Any:
    """Make these the list for a type; needs GROUP_TEMPLATE_ASSIGN."""
    services.set_assignments(by=asker(request), group=id, type=body.type, templates=body.templates)
    return queries.assignments(asker(request), id, body.type)


@places.post("/{int:id}/templates/", response={201: list[Assignment]})
def assign_template(request: HttpRequest, id: int, body: AssignmentIn) -> Status[Any]:
    """Assign one more template; needs GROUP_TEMPLATE_ASSIGN."""
    services.assign_template(by=asker(request), group=id, type=body.type, template=body.template)
    return Status(201, queries.assignments(asker(request), id, body.type))


@places.delete("/{int:id}/templates/{int:template}/", response={204: None})
def unassign_template(
    request: HttpRequest, id: int, template: int, type: str = "DATASET"
) -> Status[None]:
    """Take a template off the list; needs GROUP_TEMPLATE_ASSIGN."""
    services.unassign_template(by=asker(request), group=id, type=type, template=template)
    return Status(204, None)


def _place(row: PlaceRow) -> dict[str, Any]:
    return {"group": row.group, "path": row.path, "template": row.template, "name": row.name}
