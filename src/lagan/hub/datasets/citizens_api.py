"""Datasets as citizens of the web, over REST: metadata for the world, publication, share links."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Router, Schema, Status
from pydantic import Field

from lagan.hub.accounts.auth import ANYBODY
from lagan.hub.base.api import asker
from lagan.hub.datasets import publishing, sharing
from lagan.hub.datasets.description.facts import facts
from lagan.hub.datasets.description.forms import form
from lagan.hub.datasets.description.ro_crate import crate_pieces
from lagan.hub.datasets.reach import reach

router = Router(tags=["datasets"])
Size = Annotated[int, Field(ge=1, le=1000)]


class PublicationIn(Schema):
    """Whether the files are for anybody too, or only the description."""

    files: bool = False


class PublicationOut(Schema):
    """What is published of a dataset, since when, and its address."""

    files: bool
    published: datetime
    address: str


class ShareLinkIn(Schema):
    """A link to a dataset or a folder in it. Days from now; a password of 8 characters or more."""

    folder: str = ""
    days: int = sharing.DAYS
    password: str = ""
    most_downloads: int | None = None
    note: str = ""


class ShareLinkOut(Schema):
    """A link; `state` is active, expired, revoked or used-up. Its token is never told again."""

    id: int
    folder: str
    note: str
    by: str
    created: datetime
    expires: datetime
    revoked: datetime | None
    has_password: bool
    most_downloads: int | None
    downloads: int
    used: datetime | None
    state: str


class ShareLinkMade(ShareLinkOut):
    """A new link with its address, shown this once."""

    address: str


class ShareLinkListing(Schema):
    """A page of links and the key of the next one."""

    results: list[ShareLinkOut]
    next: str | None


@router.get("/{int:id}/ro-crate-metadata.json", auth=ANYBODY, include_in_schema=True)
def read_ro_crate(request: HttpRequest, id: int) -> StreamingHttpResponse:
    """The dataset as an RO-Crate 1.1 metadata file, streamed."""
    pieces = crate_pieces(reach(asker(request), id), root_of(request))
    return StreamingHttpResponse(pieces, content_type="application/ld+json")


@router.get("/{int:id}/datacite.json", auth=ANYBODY)
def read_datacite_json(request: HttpRequest, id: int) -> HttpResponse:
    """DataCite 4.5 in JSON; 409 names every mandatory property that is missing."""
    return _told(request, id, "datacite.json")


@router.get("/{int:id}/datacite.xml", auth=ANYBODY)
def read_datacite_xml(request: HttpRequest, id: int) -> HttpResponse:
    """DataCite 4.5 in XML; 409 names every mandatory property that is missing."""
    return _told(request, id, "datacite.xml")


@router.get("/{int:id}/schema-org.json", auth=ANYBODY)
def read_schema_org(request: HttpRequest, id: int) -> HttpResponse:
    """The dataset in schema.org's words (JSON-LD)."""
    return _told(request, id, "schema-org.json")


@router.get("/{int:id}/citation.bib", auth=ANYBODY)
def read_bibtex(request: HttpRequest, id: int) -> HttpResponse:
    """How to cite it, in BibTeX."""
    return _told(request, id, "citation.bib")


@router.get("/{int:id}/citation.txt", auth=ANYBODY)
def read_citation(request: HttpRequest, id: int) -> HttpResponse:
    """How to cite it, as a sentence."""
    return _told(request, id, "citation.txt")


@router.put("/{int:id}/publication/", response=PublicationOut)
def publish_dataset(request: HttpRequest, id: int, body: PublicationIn) -> dict[str, Any]:
    """Publish a closed dataset, or change what is given out of it."""
    made = publishing.publish(by=asker(request), dataset=id, files=body.files)
    address = f"{root_of(request)}/d/{id}/"
    return {"files": made.files, "published": made.at, "address": address}


@router.delete("/{int:id}/publication/", response={204: None})
def unpublish_dataset(request: HttpRequest, id: int) -> Status[None]:
    """Publish it no longer."""
    publishing.unpublish(by=asker(request), dataset=id)
    return Status(204, None)


@router.get("/{int:id}/shares/", response=ShareLinkListing)
def list_share_links(
    request: HttpRequest, id: int, after: str | None = None, size: Size = 50
) -> dict[str, Any]:
    """The dataset's share links, newest first."""
    page = sharing.links(asker(request), id, after=after, size=size)
    return {"results": page.items, "next": page.next}


@router.post("/{int:id}/shares/", response={201: ShareLinkMade})
def make_share_link(request: HttpRequest, id: int, body: ShareLinkIn) -> Status[dict[str, Any]]:
    """A new share link; its address is told this once."""
    made, token = sharing.create_link(by=asker(request), dataset=id, **body.dict())
    told = {name: getattr(made, name) for name in ShareLinkOut.model_fields}
    return Status(201, {**told, "address": f"{root_of(request)}/s/{token}/"})


@router.delete("/{int:id}/shares/{int:link}/", response={204: None})
def revoke_share_link(request: HttpRequest, id: int, link: int) -> Status[None]:
    """End a share link."""
    sharing.revoke_link(by=asker(request), dataset=id, link=link)
    return Status(204, None)


def root_of(request: HttpRequest) -> str:
    """The hub's address as the asker called it, without a slash at the end."""
    return request.build_absolute_uri("/").rstrip("/")


def _told(request: HttpRequest, id: int, name: str) -> HttpResponse:
    kind, body = form(facts(reach(asker(request), id), root_of(request)), name)
    return HttpResponse(body, content_type=kind)
