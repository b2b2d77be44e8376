"""Datasets over REST: list, create, look, close, remove."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from lagan.hub.base.api import asker
from lagan.hub.datasets import queries, services

router = Router(tags=["datasets"])
router.add_router("", "lagan.hub.datasets.citizens_api.router")
router.add_router("", "lagan.hub.datasets.of_jobs_api.router")
Size = Annotated[int, Field(ge=1, le=1000)]


class DatasetOut(Schema):
    """A dataset; sizes in bytes, times in UTC."""

    id: int
    name: str
    state: str
    owner: str
    group: str
    file_count: int
    bytes: int
    created: datetime
    closed: datetime | None
    type: str
    computer: str | None
    computer_id: int | None
    source_path: str
    acquire_job: int | None
    expires: datetime | None
    due: bool
    removed: datetime | None


class DatasetIn(Schema):
    """What a new dataset needs: its name and the id of the GROUP that will own it.

    An automated one also the id of the COMPUTER and the path on it that is fetched.
    """

    name: Annotated[str, Field(min_length=1, max_length=255)]
    group: int
    type: Literal["manual", "automated"] = "manual"
    computer: int | None = None
    source_path: Annotated[str, Field(max_length=4096)] = ""
    metadata: dict[str, list[str | int | float]] = {}


class FileOut(Schema):
    """A file or folder directly in a folder of a dataset; `mtime_ns` is the file's time of change
    where it came from, in nanoseconds since the epoch."""

    name: str
    path: str
    is_folder: bool
    size: int | None
    sha256: str | None
    version: int | None
    added: datetime | None
    mtime_ns: int | None


class ExpiryIn(Schema):
    """Another expire date: `2030-01-31`, `2030-01-31T12:00:00Z`, `+6 months` from now, `never`."""

    expires: Annotated[str, Field(min_length=1, max_length=60)]


class LogOut(Schema):
    """A line of the log; levels are DEBUG, INFO, WARN, ERROR, FATAL."""

    at: datetime
    level: str
    text: str
    by: str


class LogListing(Schema):
    """A page of the log and the key of the next one."""

    results: list[LogOut]
    next: str | None


class JobOut(Schema):
    """The id of the job that fetches it."""

    job: int


class VersionOut(Schema):
    """One version of a path; `restored` names the version that it brought back."""

    version: int
    size: int
    sha256: str | None
    blake3: str | None
    crc32c: int
    crc32: int
    mtime_ns: int
    added: datetime
    by: str | None
    restored: int | None
    current: bool


class VersionListing(Schema):
    """All versions of a path, newest first."""

    results: list[VersionOut]


class RestoreIn(Schema):
    """Which version of which path shall be the newest again."""

    path: Annotated[str, Field(min_length=1, max_length=4096)]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class RemovalIn(Schema):
    """Paths whose files are removed."""

    paths: Annotated[list[str], Field(min_length=1, max_length=1000)]


class RemovedOut(Schema):
    """A path without a current file; `version` was its newest."""

    path: str
    version: int
    removed: datetime
    by: str | None


class RemovedListing(Schema):
    """A page of removed paths and the key of the next one."""

    results: list[RemovedOut]
    next: str | None


class Listing(Schema):
    """A page of datasets and the key of the next one."""

    results: list[DatasetOut]
    next: str | None


class FileListing(Schema):
    """A page of files and the key of the next one."""

    results: list[FileOut]
    next: str | None


@router.get("/", response=Listing)
def list_datasets(
    request: HttpRequest,
    after: str | None = None,
    size: Size = 50,
    text: str = "",
    state: str | None = None,
) -> dict[str, Any]:
    """Datasets the asker may read, newest first."""
    page = queries.visible(asker(request), after=after, size=size, text=text, state=state)
    return {"results": page.items, "next": page.next}


@router.post("/", response={201: DatasetOut})
def create_dataset(request: HttpRequest, body: DatasetIn) -> Status[Any]:
    """A new open dataset in a group."""
    made = services.create_dataset(by=asker(request), **body.dict())
    return Status(201, queries.dataset(asker(request), made.pk))


@router.get("/{int:id}/", response=DatasetOut)
def read_dataset(request: HttpRequest, id: int) -> Any:
    """One dataset."""
    return queries.dataset(asker(request), id)


@router.get("/{int:id}/files/", response=FileListing)
def list_files(
    request: HttpRequest,
    id: int,
    folder: str = "",
    after: str | None = None,
    size: Size = 200,
    start: str = "",
    text: str = "",
) -> dict[str, Any]:
    """What lies directly in a folder of the dataset: from the name `start` on, with `text` in its
    name. With `text` a page may be empty and still be followed by another."""
    page = queries.folder(
        asker(request), id, folder=folder, after=after, size=size, start=start, text=text
    )
    return {"results": page.items, "next": page.next}


@router.post("/{int:id}/close/", response=DatasetOut)
def close_dataset(request: HttpRequest, id: int) -> Any:
    """No more files after this."""
    services.close_dataset(by=asker(request), dataset=id)
    return queries.dataset(asker(request), id)


@router.delete("/{int:id}/", response={204: None})
def remove_dataset(request: HttpRequest, id: int) -> Status[None]:
    """Mark as removed."""
    services.remove_dataset(by=asker(request), dataset=id)
    return Status(204, None)


@router.post("/{int:id}/restore/", response=DatasetOut)
def restore_dataset(request: HttpRequest, id: int) -> Any:
    """Take a removal back, within 30 days; for administrators."""
    services.restore_dataset(by=asker(request), dataset=id)
    return queries.dataset(asker(request), id)


@router.put("/{int:id}/expiry/", response=DatasetOut)
def set_expiry(request: HttpRequest, id: int, body: ExpiryIn) -> Any:
    """Another expire date, within the lifespan policy; needs DATASET_DELETE."""
    services.set_expiry(by=asker(request), dataset=id, date=body.expires)
    return queries.dataset(asker(request), id)


@router.post("/{int:id}/acquire/", response={202: JobOut})
def acquire_again(request: HttpRequest, id: int) -> Status[dict[str, int]]:
    """Fetch once more what the last try could not; needs DATASET_CHANGE."""
    return Status(202, {"job": services.acquire_again(by=asker(request), dataset=id)})


@router.get("/{int:id}/log/", response=LogListing)
def read_log(
    request: HttpRequest,
    id: int,
    level: str = "INFO",
    after: str | None = None,
    size: Size = 100,
) -> dict[str, Any]:
    """The log from a level on, newest first; needs DATASET_LOG_READ."""
    page = queries.log(asker(request), id, level=level, after=after, size=size)
    return {"results": page.items, "next": page.next}


@router.get("/{int:id}/versions/", response=VersionListing)
def list_versions(request: HttpRequest, id: int, path: str) -> dict[str, Any]:
    """All versions of a path, newest first, also of one whose file was removed."""
    return {"results": queries.versions(asker(request), id, path)}


@router.post("/{int:id}/versions/restore/", response=VersionOut)
def restore_version(request: HttpRequest, id: int, body: RestoreIn) -> Any:
    """Make an old version the newest; the dataset must be open."""
    return services.restore_version(
        by=asker(request), dataset=id, path=body.path, version=body.version
    )


@router.post("/{int:id}/files/remove/", response={204: None})
def remove_files(request: HttpRequest, id: int, body: RemovalIn) -> tuple[int, None]:
    """Take files off their paths while the dataset is open; their versions stay."""
    services.remove_files(by=asker(request), dataset=id, paths=body.paths)
    return 204, None


@router.get("/{int:id}/removed/", response=RemovedListing)
def list_removed(
    request: HttpRequest, id: int, after: str = "", size: Size = 100
) -> dict[str, Any]:
    """Paths whose files were removed, by path."""
    page = queries.removed(asker(request), id, after=after, size=size)
    return {"results": page.items, "next": page.next}
