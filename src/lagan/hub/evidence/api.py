"""The record over HTTP: a list with filters, exports, the hub's public keys, certificates."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from lagan.hub.accounts.auth import ANYBODY
from lagan.hub.audit import queries as audit
from lagan.hub.base.api import asker
from lagan.hub.evidence import queries
from lagan.hub.evidence.certificate import as_text, make_certificate
from lagan.hub.evidence.jws import check
from lagan.hub.evidence.paper import as_pdf

router = Router(tags=["audit"])
Size = Annotated[int, Field(ge=1, le=1000)]
Sequence = Annotated[int, Field(ge=0, lt=2**63)]
T = TypeVar("T")


class Asking(Schema):
    """Which events: `who` did it (a name, or the id of an entity), `kind` (`dataset.closed`, or
    `dataset.` for all of a thing), `subject` (the id of the entity that it happened to), from
    `since` to before `until` (ISO 8601), `result`."""

    who: str = ""
    kind: str = ""
    subject: str = ""
    since: str = ""
    until: str = ""
    result: str = ""


class EventOut(Schema):
    """An event. `sequence` is its place in the chain, 0 for some seconds until it is sealed;
    `actor_entity` and `subject` are ids of entities."""

    id: int
    sequence: int
    at: datetime
    kind: str
    actor: str
    actor_entity: int | None
    subject: int | None
    data: dict[str, Any]
    result: str


class EventsOut(Schema):
    """A page of events, the newest first; `next` is the cursor of the page after it."""

    results: list[EventOut]
    next: str | None


class KeysOut(Schema):
    """Public keys as a JWK set (RFC 7517), the newest first; `kid` is the thumbprint."""

    keys: list[dict[str, str]]


class CertificateIn(Schema):
    """What is to be certified: a dataset, or a folder in it, now."""

    kind: str = "dataset"
    id: Annotated[int, Field(ge=0, lt=2**63)]
    folder: str = ""
    form: Literal["json", "pdf"] = "json"


@router.get("", response=EventsOut)
def list_events(
    request: HttpRequest, asking: Query[Asking], after: str | None = None, size: Size = 50
) -> dict[str, Any]:
    """Events that you see: your own acts, what happened to entities whose log you may read, all
    with GROUP_LOG_READ on the root."""
    asked = audit.asked(asking.dict())
    page = queries.events(asker(request), asked, after=after, size=size)
    return {"results": page.items, "next": page.next}


@router.get("export/")
def export_events(
    request: HttpRequest,
    asking: Query[Asking],
    after: Sequence = 0,
    size: Annotated[int, Field(ge=1, le=queries.LARGEST_PART)] = queries.PART,
) -> StreamingHttpResponse:
    """One part of the sealed events that you see, in order, as JSON lines that prove themselves
    (`lagan audit verify FILE`). The last line has `next`: the `after` of the following part, and
    `more`: whether there is one."""
    asked = audit.asked(asking.dict())
    lines = queries.export(asker(request), asked, after=after, size=size)
    return _stream(lines, "application/x-ndjson", "record.jsonl")


@router.get("premis.xml")
def export_premis(
    request: HttpRequest,
    asking: Query[Asking],
    after: Sequence = 0,
    size: Annotated[int, Field(ge=1, le=queries.PREMIS_PART)] = queries.PREMIS_PART,
    files: str = "",
) -> StreamingHttpResponse:
    """Sealed events that you see as PREMIS 3.0; with `files=dataset` also the files of the dataset
    that is the `subject`."""
    asked = audit.asked(asking.dict())
    pieces = queries.premis(asker(request), asked, after=after, size=size, files=files)
    return _stream(pieces, "application/xml", "premis.xml")


@router.get("keys/", response=KeysOut, auth=ANYBODY)
def list_keys(request: HttpRequest) -> dict[str, Any]:
    """The public keys that exports, anchors and certificates were signed with, for anybody."""
    keys = queries.public_keys().items()
    return {"keys": [{"kid": name, "alg": "Ed25519", "use": "sig", **key} for name, key in keys]}


@router.post("certificates/")
def certify(request: HttpRequest, body: CertificateIn) -> HttpResponse:
    """A signed certificate of what is kept: which files, which digests, which copies, when each was
    last seen good. As JSON, or as PDF with the JSON attached."""
    made = make_certificate(by=asker(request), kind=body.kind, id=body.id, folder=body.folder)
    return certificate_answer(made, body.form)


def certificate_answer(made: dict[str, Any], form: str) -> HttpResponse:
    """A certificate as a download."""
    about = made["certificate"]["about"]
    name = f"certificate-{about['kind']}-{about['id']}.{form}"
    if form == "pdf":
        data = as_pdf(made, as_text(made), check(made["jws"], made["certificate"]))
        answer = HttpResponse(data, content_type="application/pdf")
    else:
        answer = HttpResponse(as_text(made), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _stream(pieces: Iterator[T], kind: str, name: str) -> StreamingHttpResponse:
    """The first piece is made before the answer begins: what is refused is refused."""
    first = next(pieces)
    answer = StreamingHttpResponse(itertools.chain([first], pieces), content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
