"""File status types over HTTP, as documented."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from lagan.hub.base.api import asker
from lagan.hub.base.numbered import numbered
from lagan.hub.jobs.api.bodies import In, NumberedOut
from lagan.hub.jobs.models import FileStatusType
from lagan.hub.jobs.workflows import queries, services

router = Router(tags=["filestatustypes"])


class StatusTypeOut(In):
    """How files in a state are shown: a label and two colours, as `#1a7f37`."""

    key: str
    label: str
    background_color: str
    text_color: str
    url: str


class StatusTypesOut(NumberedOut):
    """A numbered page of file status types."""

    results: list[StatusTypeOut]


class StatusTypePatch(In):
    """Another label, other colours; what is not named stays."""

    label: Any = None
    background_color: Any = None
    text_color: Any = None


@router.get("", response=StatusTypesOut)
def list_status_types(request: HttpRequest) -> Any:
    """All file status types."""
    return numbered(request, queries.status_types(), lambda row: _shown(request, row))


@router.get("{key}/", response=StatusTypeOut)
def show_status_type(request: HttpRequest, key: str) -> Any:
    """One file status type."""
    return _shown(request, queries.status_type(key))


@router.patch("{key}/", response=StatusTypeOut)
def change_status_type(request: HttpRequest, key: str, body: StatusTypePatch) -> Any:
    """Change how files in a state are shown."""
    row = services.change_status_type(by=asker(request), key=key, **body.dict())
    return _shown(request, row)


def _shown(request: HttpRequest, row: FileStatusType) -> dict[str, Any]:
    names = ("key", "label", "background_color", "text_color")
    url = request.build_absolute_uri(f"/api/filestatustypes/{row.key}/")
    return {**{name: getattr(row, name) for name in names}, "url": url}
