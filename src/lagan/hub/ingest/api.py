"""What an instrument's agent asks before and after it sends: instruments, datasets, look-ups."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from lagan.hub.base.api import asker
from lagan.hub.ingest import instruments, lookup
from lagan.hub.ingest.instruments import OwnerKind, Wanted
from lagan.hub.ingest.lookup import Held
from lagan.kit.errors import LaganError

router = Router(tags=["ingest"])
Name = Annotated[str, Field(min_length=1, max_length=255)]
Whole = Annotated[int, Field(ge=0, lt=1 << 63)]
Nanoseconds = Annotated[int, Field(gt=-(1 << 63), lt=1 << 63)]


class InstrumentIn(Schema):
    """A facility (a GROUP's name) and an instrument in it."""

    facility: Name
    name: Name


class InstrumentOut(Schema):
    """The instrument's COMPUTER entity."""

    id: int
    name: str
    facility: str


class DatasetWanted(Schema):
    """A dataset folder that the agent found."""

    name: Name
    owner: Name | None = None
    owner_kind: OwnerKind = "username"
    experiment: Name | None = None
    created: str | None = None


class DatasetsIn(Schema):
    """Dataset folders of one instrument."""

    instrument: int
    datasets: Annotated[list[DatasetWanted], Field(max_length=1000)]


class LookupIn(Schema):
    """Files of one dataset: path, size in bytes, modification time in ns since the epoch."""

    dataset: int
    files: list[tuple[str, Whole, Nanoseconds]]


class LookupsIn(Schema):
    """Files of several datasets; `verified` also asks whether all replicas are there and were
    checked."""

    lookups: list[LookupIn]
    verified: bool = False


@router.post("/instruments/", response=InstrumentOut)
def register_instrument(request: HttpRequest, body: InstrumentIn) -> Any:
    """Find or make an instrument."""
    return instruments.register_instrument(
        by=asker(request), facility=body.facility, name=body.name
    )


@router.post("/datasets/")
def ensure_datasets(request: HttpRequest, body: DatasetsIn) -> dict[str, Any]:
    """Find or make datasets; an answer for each, in order."""
    by = asker(request)
    instrument = instruments.instrument(by=by, id=body.instrument)
    wanted = [
        Wanted(each.name, each.owner, each.owner_kind, each.experiment) for each in body.datasets
    ]
    return {
        "datasets": [
            _said(each)
            for each in instruments.ensure_datasets(by=by, instrument=instrument, wanted=wanted)
        ]
    }


@router.post("/lookup/")
def look_up(request: HttpRequest, body: LookupsIn) -> dict[str, Any]:
    """Which files are here already."""
    asked = [(each.dataset, [Held(*file) for file in each.files]) for each in body.lookups]
    answers = lookup.look_up(by=asker(request), lookups=asked, verified=body.verified)
    return {
        "lookups": [
            {"dataset": each.dataset, "states": each.states, "digests": each.digests}
            for each in answers
        ]
    }


def _said(outcome: instruments.Ensured | LaganError) -> dict[str, Any]:
    if isinstance(outcome, LaganError):
        return {"error": {"type": f"/problems/{outcome.code}", "detail": outcome.sentence}}
    return {"id": outcome.id, "state": outcome.state, "owner": outcome.owner}
