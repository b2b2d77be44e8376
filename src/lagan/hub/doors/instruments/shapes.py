"""The JSON of this door's resources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from lagan.hub.accounts.queries import User
from lagan.hub.doors.instruments.asking import uri
from lagan.hub.instruments.queries import (
    DescribedRow,
    ExperimentRow,
    Facility,
    FileRow,
    Instrument,
)

SCHEMA = "http://mytardis.org/schemas/mydata/defaultexperiment"
_PARAMETERS = ("uploader", "user_folder_name", "group_folder_name")


def moment(at: datetime | None) -> str | None:
    """A time without its zone, which is UTC."""
    if at is None:
        return None
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def group(id: int, name: str) -> dict[str, Any]:
    """A group of people."""
    return {"id": id, "name": name, "resource_uri": uri("group", id)}


def facility(row: Facility) -> dict[str, Any]:
    """A facility with its managers' group."""
    return {
        "id": row.id,
        "name": row.name,
        "manager_group": group(row.managers_id, row.managers),
        "created_time": None,
        "modified_time": None,
        "resource_uri": uri("facility", row.id),
    }


def instrument(row: Instrument) -> dict[str, Any]:
    """An instrument, its facility embedded."""
    return {
        "id": row.id,
        "name": row.name,
        "facility": facility(row.facility),
        "created_time": None,
        "modified_time": None,
        "resource_uri": uri("instrument", row.id),
    }


def user(row: User, groups: Sequence[tuple[int, str]]) -> dict[str, Any]:
    """A user by the number of its entity, which is also who gets rights."""
    first, last = row.first_name, row.last_name
    if not first and not last:
        first, _, last = row.full_name.rpartition(" ")
    return {
        "id": row.entity_id,
        "username": row.username,
        "first_name": first,
        "last_name": last,
        "email": row.email,
        "groups": [group(*each) for each in groups],
        "resource_uri": uri("user", row.entity_id),
    }


def experiment(row: ExperimentRow, datasets: Sequence[DescribedRow] | None) -> dict[str, Any]:
    """An experiment; what it holds is summed up only where it was asked for alone."""
    held = None if datasets is None else [each.row for each in datasets]
    return {
        "id": row.id,
        "title": row.title,
        "description": row.description,
        "institution_name": "",
        "approved": False,
        "authors": [],
        "created_by": uri("user", row.created_by),
        "created_time": moment(row.created_at),
        "update_time": moment(row.created_at),
        "start_time": None,
        "end_time": None,
        "url": None,
        "handle": None,
        "locked": False,
        "public_access": 1,
        "is_publication": False,
        "owner_ids": list(row.owners),
        "dataset_count": None if held is None else len(held),
        "datafile_count": None if held is None else sum(each.file_count for each in held),
        "experiment_size": None if held is None else sum(each.bytes for each in held),
        "parameter_sets": [_parameters(row)],
        "resource_uri": uri("mydata_experiment", row.id),
    }


def _parameters(row: ExperimentRow) -> dict[str, Any]:
    values = dict(zip(_PARAMETERS, (row.uploader, row.user_folder, row.group_folder), strict=True))
    return {
        "id": row.id,
        "experiment": uri("experiment", row.id),
        "resource_uri": uri("experimentparameterset", row.id),
        "schema": {
            "id": 1,
            "name": "MyData Default Experiment",
            "namespace": SCHEMA,
            "hidden": True,
            "immutable": True,
            "subtype": "",
            "type": 1,
            "resource_uri": uri("schema", 1),
        },
        "parameters": [
            {
                "id": row.id * 10 + number,
                "name": uri("parametername", number),
                "parameterset": uri("experimentparameterset", row.id),
                "string_value": values[name],
                "numerical_value": None,
                "datetime_value": None,
                "link_id": None,
                "value": None,
                "resource_uri": uri("experimentparameter", row.id * 10 + number),
            }
            for number, name in enumerate(_PARAMETERS, 1)
            if values[name] is not None
        ],
    }


def dataset(row: DescribedRow, instruments: dict[int, Instrument]) -> dict[str, Any]:
    """A dataset, its instrument embedded where the asker manages it."""
    known = instruments.get(row.row.computer_id or 0)
    return {
        "id": row.row.id,
        "description": row.description,
        "directory": None,
        "immutable": row.immutable or row.row.state != "open",
        "experiments": [uri("experiment", row.row.group_id)],
        "instrument": instrument(known) if known else None,
        "parameter_sets": [],
        "dataset_size": row.row.bytes,
        "dataset_datafile_count": row.row.file_count,
        "dataset_experiment_count": 1,
        "created_time": moment(row.row.created),
        "modified_time": moment(row.row.closed or row.row.created),
        "resource_uri": uri("dataset", row.row.id),
    }


def file(row: FileRow) -> dict[str, Any]:
    """A file and its one replica."""
    return {
        "id": row.id,
        "filename": row.filename,
        "directory": row.directory,
        "size": row.size,
        "md5sum": row.md5,
        "sha512sum": "",
        "mimetype": row.mimetype,
        "dataset": uri("dataset", row.dataset),
        "datafile": None,
        "version": 1,
        "deleted": False,
        "deleted_time": None,
        "created_time": row.created or None,
        "modification_time": row.modified or None,
        "resource_uri": uri("mydata_dataset_file", row.id),
        "replicas": [_replica(row)],
    }


def replica(row: FileRow, size: int | None) -> dict[str, Any]:
    """A replica by itself, with the bytes that are there."""
    return {**_replica(row), "size": size, "resource_uri": uri("mydata_replica", row.id)}


def _replica(row: FileRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "datafile": uri("dataset_file", row.id),
        "uri": row.staged or f"{row.dataset}/{quote(row.path)}",
        "verified": row.verified,
        "location": "archive" if row.verified else "staging",
        "created_time": moment(row.announced_at),
        "last_verified_time": moment(row.stored_at),
        "resource_uri": uri("replica", row.id),
    }
