"""What a MyTardis server is told of a file and of a dataset's experiment: pure."""

from __future__ import annotations

import json
import mimetypes
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lagan.agent.settings import Settings
from lagan.agent.structures import LEVELS, Level
from lagan.client.described import Described

SCHEMA = "http://mytardis.org/schemas/mydata/defaultexperiment"
"""The namespace of what uploaders note about experiments that they make."""
NOBODY = "USER NOT FOUND IN MYTARDIS"


def told_time(nanoseconds: int) -> str:
    """A time as these servers take it: local, without a zone, with microseconds."""
    moment = datetime.fromtimestamp(nanoseconds / 1e9).astimezone().replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds")


def same_time(told: object, nanoseconds: int) -> bool:
    """Whether a record's time is the file's, to the second."""
    return isinstance(told, str) and told[:19] == told_time(nanoseconds)[:19]


def of_file(dataset: str, path: str, size: int, md5: str, mtime_ns: int) -> dict[str, Any]:
    """A file's record; `path` is relative to its dataset."""
    directory, _, name = path.rpartition("/")
    moment = told_time(mtime_ns)
    return {
        "dataset": f"/api/v1/dataset/{dataset}/", "filename": name, "directory": directory,
        "md5sum": md5, "size": size, "mimetype": mimetypes.guess_type(name)[0],
        "created_time": moment, "modification_time": moment,
    }  # fmt: skip


def form(record: Mapping[str, Any]) -> tuple[str, bytes, bytes]:
    """A multipart form around a file's bytes: its boundary, what goes before and after them."""
    boundary = secrets.token_hex(16)
    name = str(record["filename"]).replace("\\", "\\\\").replace('"', '\\"')
    name = "".join(each if each >= " " else "_" for each in name)
    before = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="json_data"\r\n\r\n'
        f"{json.dumps(dict(record))}\r\n"
        f'--{boundary}\r\nContent-Disposition: form-data; name="attached_file"; '
        f'filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    )
    return boundary, before.encode(), f"\r\n--{boundary}--\r\n".encode()


def folder_names(settings: Settings, wanted: Described) -> tuple[str | None, str | None]:
    """The user's and the group's folder that an experiment is noted to be of."""
    if wanted.owner_kind != "group":
        return wanted.folder or wanted.owner, None
    levels = LEVELS[settings.folder_structure]
    title = wanted.experiment or ""
    name = title.removeprefix(f"{settings.instrument_name} - ")
    return (
        name if Level.FULL_NAME in levels else None,
        wanted.owner.removeprefix(settings.group_prefix),
    )


def experiment(
    settings: Settings, title: str, names: tuple[str | None, str | None], uploader: str, host: str
) -> dict[str, Any]:
    """A new experiment with what uploaders note about it."""
    user, group = names
    noted = [
        {"name": "uploader", "value": uploader},
        {"name": "user_folder_name", "value": user},
    ]
    lines = [f"Instrument: {settings.instrument_name}"]
    if user:
        lines.append(f"User folder name: {user}")
    if group:
        noted.append({"name": "group_folder_name", "value": group})
        lines.append(f"Group folder name: {group}")
    lines.append(f"Uploaded from: {host}:{settings.data_directory}")
    return {
        "title": title, "description": "\n".join(lines), "immutable": False,
        "parameter_sets": [{"schema": SCHEMA, "parameters": noted}],
    }  # fmt: skip


def grant(kind: str, entity: object, experiment: int) -> dict[str, Any]:
    """An owner's access to an experiment; `kind` is django_user or django_group."""
    return {
        "pluginId": kind, "entityId": str(entity),
        "content_object": f"/api/v1/experiment/{experiment}/", "content_type": "experiment",
        "object_id": experiment, "aclOwnershipType": 1, "isOwner": True, "canRead": True,
        "canWrite": True, "canDelete": False, "effectiveDate": None, "expiryDate": None,
    }  # fmt: skip
