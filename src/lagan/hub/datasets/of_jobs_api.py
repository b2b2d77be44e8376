"""The datasets that jobs fill, over REST: for the workers of sites, which act for whoever started
the job."""

from __future__ import annotations

import os
from typing import Annotated

from django.http import HttpRequest, JsonResponse
from ninja import Router, Schema
from pydantic import Field

from lagan.hub.base.api import asker
from lagan.hub.datasets import services

router = Router(tags=["datasets"])
Number = Annotated[int, Field(ge=1, lt=2**63)]


class OfJobIn(Schema):
    """An open job of the asker's own, the id of the GROUP in which its dataset shall lie, and the
    dataset's name; without one it is named after the job. `close`: when the job has ended well."""

    job: Number
    group: Number
    name: Annotated[str, Field(max_length=500)] = ""
    close: bool = True


class OfJobOut(Schema):
    """The dataset's id and state, and the folder of the site to which its paths are relative (what
    is no UTF-8 in it as lone surrogates)."""

    dataset: int
    state: str
    folder: str


@router.post("/of-job/", response=OfJobOut)
def find_or_make(request: HttpRequest, body: OfJobIn) -> JsonResponse:
    """The dataset that a job fills, made when it is not there yet."""
    row = services.dataset_of_job(by=asker(request), **body.dict())
    assert row.dataset is not None  # noqa: S101 - `dataset_of_job` gives no other
    folder = os.fsdecode(bytes(row.folder))
    return JsonResponse({"dataset": row.dataset.pk, "state": row.dataset.state, "folder": folder})
