"""What sites keep in the archive, over REST: which targets there are, how much is in them, and
which sites are together there. For administrators."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from lagan.hub.base.api import asker
from lagan.hub.targets import sharing
from lagan.hub.targets.models import Participant

router = Router(tags=["targets"])
Name = Annotated[str, Field(max_length=64)]


class SiteInTarget(Schema):
    """A site that takes part: its objects there, their bytes, and whether it reads what the others
    that are `together` keep."""

    site: str
    together: bool
    objects: int
    bytes: int


class TargetOut(Schema):
    """A target of the archive and the sites that take part."""

    name: str
    sites: list[SiteInTarget]


class TargetsOut(Schema):
    """All of them, by name: there are tens, not thousands."""

    results: list[TargetOut]


class TogetherIn(Schema, extra="forbid"):
    """The sites that read each other's objects; an empty list keeps each to its own."""

    sites: Annotated[list[Name], Field(max_length=1000)]


@router.get("", response=TargetsOut)
def targets(request: HttpRequest) -> TargetsOut:
    """The targets of the archive."""
    found: dict[str, TargetOut] = {}
    for row in sharing.participants(asker(request)):
        home = found.setdefault(row.target.name, TargetOut(name=row.target.name, sites=[]))
        home.sites.append(_site(row))
    return TargetsOut(results=list(found.values()))


@router.put("{name}/together/", response=TargetOut)
def put_together(request: HttpRequest, name: str, body: TogetherIn) -> TargetOut:
    """Have exactly these sites read each other's objects there."""
    by = asker(request)
    sharing.put_together(by=by, target=name, sites=body.sites)
    rows = sharing.participants(by).filter(target__name=name)
    return TargetOut(name=name, sites=[_site(row) for row in rows])


def _site(row: Participant) -> SiteInTarget:
    return SiteInTarget(
        site=row.site, together=row.together, objects=row.objects_count, bytes=row.objects_bytes
    )
