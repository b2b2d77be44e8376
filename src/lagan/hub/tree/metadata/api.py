"""Metadata over REST, beneath the address of its entity."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router, Schema, Status
from pydantic import Field as Limits
from pydantic import StrictFloat, StrictInt, StrictStr

from lagan.hub.base.api import asker
from lagan.hub.tree import services
from lagan.hub.tree.metadata import formats, queries

router = Router(tags=["metadata"])
Single = StrictStr | StrictInt | StrictFloat
Values = dict[str, Single | list[Single]]
Format = Literal["json", "csv"]


class Change(Schema):
    """One key's values before and after an act."""

    at: datetime
    by: str
    key: str
    before: list[str]
    after: list[str]


class History(Schema):
    """A page of changes, newest first, and the key of the next one."""

    results: list[Change]
    next: str | None


class DifferenceOut(Schema):
    """A key that would change."""

    key: str
    before: list[str]
    after: list[str]


class ReasonOut(Schema):
    """Why a key's values are not as they should be."""

    key: str
    reason: str
    code: str


class Import(Schema):
    """What a document changes (or would), and why it would be refused."""

    applied: bool
    differences: list[DifferenceOut]
    reasons: list[ReasonOut]


class CopyIn(Schema):
    """The entity to copy from; the keys to copy, or all of them."""

    source: int
    keys: list[str] | None = None


class CopyOut(Schema):
    """The keys that were copied, and what is saved now."""

    copied: list[str]


class PresetOut(Schema):
    """A key that others use too."""

    key: str
    words: str


@router.get("/{int:id}/metadata/", response=dict[str, list[str]])
def read_metadata(request: HttpRequest, id: int) -> Any:
    """What is saved; needs `<type>_METADATA_READ`."""
    return queries.metadata(asker(request), id)


@router.put("/{int:id}/metadata/", response={204: None})
def replace_metadata(request: HttpRequest, id: int, body: Body[Values]) -> Status[None]:
    """Make these all open metadata; needs `<type>_CHANGE`. 400 with every reason."""
    services.replace_metadata(by=asker(request), entity=id, values=_listed(body))
    return Status(204, None)


@router.patch("/{int:id}/metadata/", response={204: None})
def set_metadata(request: HttpRequest, id: int, body: Body[Values]) -> Status[None]:
    """Replace the values of these keys; an empty list removes one. Needs `<type>_CHANGE`."""
    services.set_metadata(by=asker(request), entity=id, values=_listed(body))
    return Status(204, None)


@router.get("/{int:id}/metadata/export/")
def export_metadata(request: HttpRequest, id: int, format: Format = "json") -> HttpResponse:
    """What is saved, as a file."""
    text = formats.write(queries.metadata(asker(request), id), format)
    named = f'attachment; filename="metadata-{id}.{format}"'
    headers = {"Content-Disposition": named}
    return HttpResponse(text, content_type=formats.MEDIA[format], headers=headers)


@router.post("/{int:id}/metadata/import/", response=Import)
def import_metadata(
    request: HttpRequest,
    id: int,
    format: Format = "json",
    replace: bool = False,
    apply: bool = False,
) -> dict[str, Any]:
    """Take in a document that is the body: what it changes and, with `apply`, all of it in one
    write. With `replace`, keys that it lacks are removed."""
    actor = asker(request)
    values = formats.read(request.body, format)
    changes, reasons = services.preview_metadata(
        by=actor, entity=id, values=values, replace=replace
    )
    if apply:
        write = services.replace_metadata if replace else services.set_metadata
        write(by=actor, entity=id, values=values)
    return {
        "applied": apply,
        "differences": [
            {"key": each.key, "before": list(each.before), "after": list(each.after)}
            for each in changes
        ],
        "reasons": [each.as_dict() for each in reasons],
    }


@router.get("/{int:id}/metadata/history/", response=History)
def read_history(
    request: HttpRequest,
    id: int,
    key: str = "",
    after: str | None = None,
    size: Annotated[int, Limits(ge=1, le=1000)] = 50,
) -> dict[str, Any]:
    """Every change, newest first; needs `<type>_METADATA_READ`."""
    page = queries.history(asker(request), id, key=key, after=after, size=size)
    return {"results": page.items, "next": page.next}


@router.post("/{int:id}/metadata/copy/", response=CopyOut)
def copy_metadata(request: HttpRequest, id: int, body: CopyIn) -> dict[str, Any]:
    """Copy from another entity whose metadata the asker may read."""
    copied = services.copy_metadata(
        by=asker(request), source=body.source, target=id, keys=body.keys
    )
    return {"copied": copied}


@router.get("/{int:id}/metadata/presets/", response=list[PresetOut])
def read_presets(request: HttpRequest, id: int, type: str | None = None) -> Any:
    """Keys to choose from, for the entity itself or, with `type`, for a new one in it."""
    found = services.require_sight(actor=asker(request), entity=id)
    return queries.presets_at(id, type) if type else queries.presets_at(found.parent_id, found.type)


def _listed(values: Values) -> dict[str, list[Any]]:
    return {key: each if isinstance(each, list) else [each] for key, each in values.items()}
