"""What of a hub is worth keeping without it: the files of a dataset or the zips of a package, and
beside them documents of what the hub knows of it.

A document is the same bytes as long as the hub knows the same: what only the passing of time
changes (states of a package, due dates) is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lagan.client.ahead import Remote, remote_files
from lagan.client.hub import Hub
from lagan.client.metadata import Metadata
from lagan.kit.errors import Conflict, Forbidden, NotFound

Row = Mapping[str, Any]
_DATASET = (
    "id", "name", "state", "owner", "group", "type", "computer", "computer_id", "source_path",
    "file_count", "bytes", "created", "closed",
)  # fmt: skip
_ENTITY = ("id", "type", "name", "parent", "path", "created")
_PACKAGE = (
    "id", "name", "created_by", "created_at", "checksum", "version", "system_metadata",
    "user_metadata", "previous_metadata",
)  # fmt: skip
KEPT = frozenset({"3", "6", "7"})
"""Status codes of packages whose content is kept: stored, preparing a download, ready for one."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The hub that things come from, and who asks."""

    hub: str
    address: str
    institution: str
    name: str
    person: str

    def urn(self, kind: str, id: object) -> str:
        """A name that stays: the hub's own id, the kind of thing, its number there."""
        return f"urn:lagan:{self.hub}:{kind}/{id}"


def origin(hub: Hub) -> Origin:
    """Where things come from, and who takes them out: a mailto: address, or else a urn."""
    itself, me = hub.itself(), hub.me()
    person = f"mailto:{me['email']}" if me["email"] else f"urn:lagan:{itself['id']}:user/"
    return Origin(
        str(itself["id"]),
        str(itself["address"]) or hub.http.base,
        str(itself["institution"]),
        str(me["name"] or me["username"]),
        person if me["email"] else f"{person}{me['entity']}",
    )


def datasets_below(hub: Hub, entity: str) -> Iterator[str]:
    """The ids of the datasets that an entity is or holds, as far as we see them."""
    row = hub.entities.show(entity)
    if row["type"] == "DATASET":
        yield str(row["id"])
        return
    for child in hub.entities.children(str(row["id"]), ("GROUP", "DATASET")):
        if child["type"] == "DATASET":
            yield str(child["id"])
        elif child["id"] != row["id"]:  # the root lies in itself
            yield from datasets_below(hub, str(child["id"]))


def dataset_documents(hub: Hub, dataset: str, files: Sequence[Remote]) -> dict[str, bytes]:
    """What the hub knows of a dataset, by the documents' names. What we may not read of it is left
    out."""
    found = {
        "dataset.json": _json(_some(hub.dataset(dataset), _DATASET)),
        "entity.json": _json(_some(hub.entities.show(dataset), _ENTITY)),
        "files.jsonl": _lines(
            {
                "path": each.path, "size": each.size, "sha256": each.sha256,
                "version": each.version, "mtime_ns": each.mtime_ns, "added": each.added,
            }
            for each in sorted(files, key=lambda each: each.path.encode())
        ),
    }  # fmt: skip
    try:
        found["metadata.json"] = _json(Metadata(hub, dataset).saved())
    except (Forbidden, NotFound):
        return found
    return found


def events(hub: Hub, subject: str) -> bytes:
    """What was done to it, as far as we see it, oldest first, a JSON object a line."""
    return _lines(reversed(list(hub.events(subject))))


def files_of(hub: Hub, dataset: str) -> list[Remote]:
    """All files of a dataset by path."""
    return sorted(remote_files(hub, dataset), key=lambda each: each.path.encode())


def package_document(row: Row) -> bytes:
    """What the hub knows of a package."""
    return _json(_some(row, _PACKAGE))


def package_versions(hub: Hub, package: int) -> list[dict[str, Any]]:
    """All versions of the package that this is one of, oldest first; none when this is no package.

    Conflict when one of them is not kept yet or any more, or may not be seen.
    """
    try:
        row = hub.packages.one(package)
    except NotFound:
        return []
    versions = [row]
    if row["version"] > 1:
        before = {each["next_version"]: each for each in hub.packages.all()}
        while versions[0]["version"] > 1:
            if versions[0]["id"] not in before:
                raise Conflict(f"The version before package {versions[0]['id']} is not to be seen.")
            versions.insert(0, before[versions[0]["id"]])
    while (following := versions[-1]["next_version"]) is not None:
        versions.append(hub.packages.one(int(following)))
    for each in versions:
        if each["status"] not in KEPT:
            raise Conflict(f"Package {each['id']} is not kept: its status is {each['status']}.")
    return versions


def _some(row: Row, keys: Iterable[str]) -> dict[str, Any]:
    return {key: row[key] for key in keys if key in row}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _lines(rows: Iterable[Row]) -> bytes:
    return b"".join(
        json.dumps(each, ensure_ascii=False, sort_keys=True).encode() + b"\n" for each in rows
    )
