"""Instruments and uploaders over REST: for the hub's own agent, its pages, and scripts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from lagan.hub.base.api import asker
from lagan.hub.base.pages import page_by_key
from lagan.hub.instruments import queries, services
from lagan.hub.instruments.queries import Registration, Uploader
from lagan.hub.instruments.services import Report, Wish

router = Router(tags=["instruments"])
Size = Annotated[int, Field(ge=1, le=1000)]
Whole = Annotated[int, Field(ge=0, lt=1 << 63)]
Text = Annotated[str, Field(max_length=4000)]


class FacilityOut(Schema):
    """A GROUP that the asker manages, and the group of its managers."""

    id: int
    name: str
    managers_id: int
    managers: str


class InstrumentOut(Schema):
    """An instrument: when one of its uploaders was heard last, what came from it, how many files
    wait to be stored, and how many could not be sent in the last run."""

    id: int
    name: str
    facility: int
    seen: datetime | None
    datasets: int
    files: int
    bytes: int
    waiting: int
    failed: int


class RegistrationOut(Schema):
    """A key's wish to stage files; `state` is `waiting`, `approved`, `refused` or `revoked`."""

    id: int
    uploader: int
    uploader_name: str
    fingerprint: str
    requester_name: str
    requester_email: str
    state: str
    asked: datetime
    decided: datetime | None
    comment: str


class RegistrationsOut(Schema):
    """A page of them, the newest first."""

    results: list[RegistrationOut]
    next: str | None


class UploaderOut(Schema):
    """An uploader in a list. `found`, `sent` and `failed` are of its last run."""

    id: int
    uuid: str
    name: str
    instrument: int | None
    facility: int | None
    program: str
    address: str
    seen: datetime
    reported: datetime | None
    found: int
    sent: int
    failed: int
    registrations: list[RegistrationOut]


class UploadersOut(Schema):
    """A page of uploaders, by age."""

    results: list[UploaderOut]
    next: str | None


class WaitingOut(Schema):
    """A file that was announced and is not stored."""

    file: int
    dataset: int
    path: str
    size: int
    announced: datetime
    reason: str


class UploaderWhole(UploaderOut):
    """One uploader with what it says of its machine, what it could not send, and what waits."""

    facts: dict[str, Any]
    problems: list[tuple[str, str]]
    waiting: list[WaitingOut]


class UploaderIn(Schema):
    """What an uploader says of itself; `instrument` is the id of its COMPUTER."""

    uuid: Annotated[str, Field(min_length=8, max_length=64)]
    name: Annotated[str, Field(max_length=300)] = ""
    instrument: Whole | None = None
    facts: dict[str, str | int | float | bool | None] = {}


class SettingsOut(Schema):
    """Settings by key. `changed` is when they were changed at the hub: whoever saved its own before
    takes these over. None while the last word was the uploader's."""

    changed: datetime | None
    settings: dict[str, str]


class SettingsIn(Schema):
    """Settings to be set, by key; the others stay. `saved` says that they were saved at the
    instrument, else they are changed at the hub."""

    settings: dict[str, str]
    saved: bool = False


class ReportIn(Schema):
    """What a run found, sent and could not send; `problems` are path and reason."""

    found: Whole
    sent: Whole
    failed: Whole
    problems: Annotated[list[tuple[Text, Text]], Field(max_length=1000)] = []


class WishIn(Schema):
    """A public key that wants to stage files."""

    public_key: Text
    fingerprint: Annotated[str, Field(min_length=1, max_length=200)]
    requester_name: Text = ""
    requester_email: Text = ""


class DecisionIn(Schema):
    """Why."""

    comment: Text = ""


@router.get("/", response=list[InstrumentOut])
def list_instruments(request: HttpRequest, facility: Whole | None = None) -> Any:
    """Instruments of the facilities that the asker manages, at most 1,000, by name."""
    return [
        {
            "id": each.instrument.id, "name": each.instrument.name,
            "facility": each.instrument.facility.id, "seen": each.seen,
            "datasets": each.datasets, "files": each.files, "bytes": each.bytes,
            "waiting": each.waiting, "failed": each.failed,
        }
        for each in queries.overview(asker(request), facility=facility)
    ]  # fmt: skip


@router.get("/facilities/", response=list[FacilityOut])
def list_facilities(request: HttpRequest) -> Any:
    """The facilities that the asker manages."""
    return queries.facilities(asker(request))


@router.get("/uploaders/", response=UploadersOut)
def list_uploaders(
    request: HttpRequest,
    after: str | None = None,
    size: Size = 50,
    uuid: str | None = None,
    facility: Whole | None = None,
) -> Any:
    """Uploaders of the facilities that the asker manages."""
    rows = queries.uploaders(asker(request))
    if uuid is not None:
        rows = rows.filter(uuid=uuid.replace("\x00", ""))
    if facility is not None:
        rows = rows.filter(facility=facility)
    page = page_by_key(rows, keys=("id",), after=after, size=size)
    wishes = queries.registrations_of(page.items)
    return {"results": [_listed(each, wishes[each.pk]) for each in page.items], "next": page.next}


@router.post("/uploaders/", response=UploaderWhole)
def note_uploader(request: HttpRequest, body: UploaderIn) -> Any:
    """Take down what an uploader says of itself: found by its `uuid`, or made."""
    row = services.note_uploader(
        by=asker(request), uuid=body.uuid, name=body.name, facts=body.facts,
        instrument_id=body.instrument, address=request.META.get("REMOTE_ADDR") or "",
    )  # fmt: skip
    return _whole(row)


@router.get("/uploaders/{int:id}/", response=UploaderWhole)
def read_uploader(request: HttpRequest, id: int) -> Any:
    """One uploader."""
    return _whole(queries.uploader(asker(request), id))


@router.get("/uploaders/{int:id}/settings/", response=SettingsOut)
def read_settings(request: HttpRequest, id: int) -> Any:
    """Its settings; its API key is never among them."""
    return _settings(queries.uploader(asker(request), id))


@router.patch("/uploaders/{int:id}/settings/", response=SettingsOut)
def change_settings(request: HttpRequest, id: int, body: SettingsIn) -> Any:
    """Set some of its settings; secrets are dropped."""
    by, pairs = asker(request), list(body.settings.items())
    act = services.note_settings if body.saved else services.change_settings
    return _settings(act(by=by, uploader_id=id, pairs=pairs))


@router.post("/uploaders/{int:id}/report/", response={204: None})
def note_report(request: HttpRequest, id: int, body: ReportIn) -> Any:
    """What its last run found, sent, and could not send and why."""
    report = Report(body.found, body.sent, body.failed, body.problems)
    services.note_report(by=asker(request), uploader_id=id, report=report)
    return Status(204, None)


@router.post("/uploaders/{int:id}/registrations/", response={201: RegistrationOut})
def ask_for_approval(request: HttpRequest, id: int, body: WishIn) -> Any:
    """Ask to stage files with a key."""
    wish = Wish(
        fingerprint=body.fingerprint, public_key=body.public_key,
        requester_name=body.requester_name, requester_email=body.requester_email,
    )  # fmt: skip
    made = services.ask_for_approval(by=asker(request), uploader_id=id, wish=wish)
    return Status(201, _registration(made))


@router.get("/registrations/", response=RegistrationsOut)
def list_registrations(
    request: HttpRequest,
    state: Literal["waiting", "approved", "refused", "revoked"] | None = None,
    after: str | None = None,
    size: Size = 50,
) -> Any:
    """Keys that ask to stage files, the newest first."""
    rows = queries.registrations(asker(request))
    if state is not None:
        rows = rows.filter(state=state)
    page = page_by_key(rows, keys=("-id",), after=after, size=size)
    return {"results": [_registration(each) for each in page.items], "next": page.next}


@router.post("/registrations/{int:id}/approve/", response=RegistrationOut)
def approve(request: HttpRequest, id: int, body: DecisionIn) -> Any:
    """Let the key stage files; needs COMPUTER_PERM_SET on the facility."""
    return _registration(services.approve(by=asker(request), registration=id, comment=body.comment))


@router.post("/registrations/{int:id}/refuse/", response=RegistrationOut)
def refuse(request: HttpRequest, id: int, body: DecisionIn) -> Any:
    """Say no; needs COMPUTER_PERM_SET on the facility."""
    return _registration(services.refuse(by=asker(request), registration=id, comment=body.comment))


@router.post("/registrations/{int:id}/revoke/", response=RegistrationOut)
def revoke(request: HttpRequest, id: int, body: DecisionIn) -> Any:
    """Take an approval back; needs COMPUTER_PERM_SET on the facility."""
    return _registration(services.revoke(by=asker(request), registration=id, comment=body.comment))


def _listed(row: Uploader, wishes: list[Registration]) -> dict[str, Any]:
    facts = row.facts
    words = (facts.get("user_agent_name"), facts.get("user_agent_version"))
    return {
        "id": row.pk, "uuid": row.uuid, "name": row.name, "instrument": row.instrument_id,
        "facility": row.facility_id, "program": " ".join(str(each) for each in words if each),
        "address": row.address, "seen": row.seen_at, "reported": row.reported_at,
        "found": row.report.get("found", 0), "sent": row.report.get("sent", 0),
        "failed": row.report.get("failed", 0),
        "registrations": [_registration(each, row) for each in wishes],
    }  # fmt: skip


def _whole(row: Uploader) -> dict[str, Any]:
    return {
        **_listed(row, queries.registrations_of([row])[row.pk]),
        "facts": row.facts,
        "problems": row.report.get("problems", []),
        "waiting": queries.waiting_of(row),
    }


def _settings(row: Uploader) -> dict[str, Any]:
    settings = {each.key: each.value for each in queries.settings_of(row)}
    return {"changed": row.settings_changed_at, "settings": settings}


def _registration(row: Registration, whose: Uploader | None = None) -> dict[str, Any]:
    uploader = whose or row.uploader
    return {
        "id": row.pk, "uploader": uploader.pk, "uploader_name": uploader.name,
        "fingerprint": row.fingerprint, "requester_name": row.requester_name,
        "requester_email": row.requester_email, "state": row.state, "asked": row.asked_at,
        "decided": row.decided_at, "comment": row.comment,
    }  # fmt: skip
