"""The JSON of the documented answers, field by field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lagan.hub.doors.packages_api.events import event_of
from lagan.hub.packages.queries import Context, PackageEvent, PackageRow, Status

_COMING = (Status.NEW, Status.UPLOADING)


def detail(row: PackageRow, base: str) -> dict[str, Any]:
    """A package as its own address shows it; `base` is scheme and host of the request."""
    return _package(row, f"{base}/api/v1/archive/{row.id}/{row.checksum}")


def listed(row: PackageRow, base: str) -> dict[str, Any]:
    """The same in a list, and as the answer to its upload."""
    return _package(row, f"{base}/api/v1/archive/{row.checksum}")


def found(row: PackageRow, base: str) -> dict[str, Any]:
    """The same among what was searched for."""
    return {
        "system_metadata": system_metadata(row),
        "user_metadata": row.user_metadata,
        "created_at": moment(row.created_at),
        "version": row.version,
        "status": row.status,
        "name": row.name,
        "id": row.id,
    }


def _package(row: PackageRow, content: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "created_by": row.created_by,
        "created_at": moment(row.created_at),
        "content": content,
        "checksum": row.checksum,
        "version": row.version,
        "system_metadata": system_metadata(row),
        "user_metadata": row.user_metadata,
        "next_version": row.next_version,
        "previous_metadata": row.previous_metadata,
        "status": row.status,
    }


def system_metadata(row: PackageRow) -> dict[str, Any]:
    """Size in bytes and SHA-256 as soon as the package was judged."""
    known = {} if row.status in _COMING or row.size is None else {"size": row.size}
    if row.sha256:
        known["sha256"] = row.sha256  # type: ignore[assignment]
    return {**known, "extension": row.extension, "original_filename": row.file_name}


def message(told: PackageEvent, base: str) -> dict[str, Any]:
    """An audit message. What the hub did by itself is told of the depositor, as documented."""
    row, package = told.event, told.package
    number, name = event_of(row)
    theirs = row.actor_entity is not None
    return {
        "id": row.id,
        "archive": {"id": package.id, "name": package.name, "version": package.version},
        "created_by": {
            "id": row.actor_entity if theirs else package.created_by,
            "username": row.actor if theirs else package.created_by_name,
        },
        "event": {"id": number, "name": name},
        "details": row.data.get("details"),
        "timestamp": moment(row.at),
    }


def group(context: Context) -> dict[str, Any]:
    """A group of the account."""
    return {"name": context.name, "permissions": [], "is_group_admin": context.keeps}


def moment(at: datetime) -> str:
    """Without a zone: UTC."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
