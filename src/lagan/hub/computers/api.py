"""Laboratory computers over REST: register, show, change, test, confirm a host key, browse."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from lagan.hub.base.api import asker
from lagan.hub.computers import queries, services

router = Router(tags=["computers"])
Size = Annotated[int, Field(ge=1, le=1000)]


class ConnectionOut(Schema):
    """How the hub stands with the computer; `state` is `untold`, `unconfirmed`, `changed`,
    `failing` or `ready`."""

    state: str
    fingerprint: str
    confirmed_by: str
    confirmed_at: datetime | None
    offered: str
    tried_at: datetime | None
    worked: bool | None
    words: str


class ComputerOut(Schema):
    """A computer; `facts` by name, those that are known and may be read."""

    id: int
    name: str
    group: str
    group_id: int
    facts: dict[str, str]


class ComputerWhole(ComputerOut):
    """One computer with its connection, and the key that it must let in."""

    connection: ConnectionOut
    public_key: str


class ComputerIn(Schema):
    """A new computer: its name, the id of the GROUP that it belongs to, its facts by name."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    group: int
    facts: dict[str, str] = {}
    metadata: dict[str, list[str | int | float]] = {}


class FactsIn(Schema):
    """Other answers; empty ones are forgotten."""

    facts: dict[str, str]


class HostKeyIn(Schema):
    """The fingerprint that a person has compared."""

    fingerprint: str


class Listing(Schema):
    """A page of computers by name."""

    results: list[ComputerOut]
    next: str | None


class ItemOut(Schema):
    """A name in a folder: `kind` is file, folder, link or other; size in bytes."""

    name: str
    kind: str
    size: int
    mtime_ns: int


class FolderOut(Schema):
    """A page of a folder."""

    results: list[ItemOut]
    next: str | None


@router.get("/", response=Listing)
def list_computers(
    request: HttpRequest, after: str | None = None, size: Size = 50, text: str = ""
) -> dict[str, Any]:
    """Computers that the asker sees, by name."""
    page = queries.visible(asker(request), after=after, size=size, text=text)
    return {"results": page.items, "next": page.next}


@router.post("/", response={201: ComputerWhole})
def register_computer(request: HttpRequest, body: ComputerIn) -> tuple[int, Any]:
    """Register a computer; needs COMPUTER_CREATE on the group."""
    by = asker(request)
    made = services.register_computer(by=by, **body.dict())
    return 201, _whole(queries.computer(by, made))


@router.get("/{int:id}/", response=ComputerWhole)
def read_computer(request: HttpRequest, id: int) -> Any:
    """One computer; needs COMPUTER_READ."""
    return _whole(queries.computer(asker(request), id))


@router.patch("/{int:id}/", response=ComputerWhole)
def change_computer(request: HttpRequest, id: int, body: FactsIn) -> Any:
    """Other facts; needs COMPUTER_CHANGE."""
    by = asker(request)
    services.change_computer(by=by, computer=id, facts=body.facts)
    return _whole(queries.computer(by, id))


@router.post("/{int:id}/test/", response=ComputerWhole)
def test_connection(request: HttpRequest, id: int) -> Any:
    """Try to reach it; how that went is in `connection`. Needs COMPUTER_CHANGE."""
    by = asker(request)
    services.test_connection(by=by, computer=id)
    return _whole(queries.computer(by, id))


@router.post("/{int:id}/host-key/", response=ComputerWhole)
def confirm_host_key(request: HttpRequest, id: int, body: HostKeyIn) -> Any:
    """Confirm the host key that it showed at the last test; needs COMPUTER_CHANGE."""
    by = asker(request)
    services.confirm_host_key(by=by, computer=id, fingerprint=body.fingerprint)
    return _whole(queries.computer(by, id))


@router.get("/{int:id}/files/", response=FolderOut)
def browse(
    request: HttpRequest,
    id: int,
    folder: str = "",
    order: Literal["name", "newest"] = "name",
    after: str | None = None,
    size: Size = 200,
) -> Any:
    """What lies in a folder beneath its top; needs COMPUTER_READ. Bytes of names that are no UTF-8
    appear as \\xNN."""
    page = services.browse(
        by=asker(request), computer=id, folder=folder, order=order, after=after, size=size
    )
    items = [
        {"name": _shown(each.name), "kind": each.kind, "size": each.size, "mtime_ns": each.mtime_ns}
        for each in page.items
    ]
    return {"results": items, "next": page.next}


def _whole(row: queries.ComputerRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "group": row.group,
        "group_id": row.group_id,
        "facts": row.facts,
        "connection": queries.connection(row),
        "public_key": queries.public_key(),
    }


def _shown(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
