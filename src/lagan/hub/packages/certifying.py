"""What a certificate tells of a package: the zip and its outer checksum, the bag's verdict, when
all of it was last compared, and its versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lagan.hub.base.actors import Actor
from lagan.hub.evidence.certified import Certified, Format, Item
from lagan.hub.packages import queries
from lagan.hub.packages.chains import versions
from lagan.hub.packages.queries import PackageRow
from lagan.hub.packages.rules import KEPT, REFUSED
from lagan.hub.tree import queries as tree

KIND = "package"
ZIP = Format("ZIP Format", registry="PRONOM", key="x-fmt/263")
_LICENCES = ("license", "licence", "rights")


def tell_package(by: Actor, id: int, folder: str) -> Certified:
    """A package and its one file; none of what was removed, or of a folder. NotFound or Forbidden
    for who may not read it."""
    row = queries.package(by, id)
    files = []
    if row.stored is not None and row.removed_at is None and not folder:
        files = [Item(row.file_name, row.version, row.stored, _formats(row))]
    return Certified(id, _facts(by, row), files, licence_of(row.user_metadata))


def _facts(by: Actor, row: PackageRow) -> dict[str, Any]:
    checked = row.checked_at.isoformat() if row.checked_at else None
    return {
        "name": row.name,
        "group": tree.full_path([row.group]).get(row.group, ""),
        "depositor": row.created_by_name,
        "deposited": row.created_at.isoformat(),
        "status": row.status,
        "version": row.version,
        "checksum": {"algorithm": "sha256", "received": row.checksum, "stored": row.sha256},
        "compared": checked,
        "bag": _bag(row),
        "versions": versions(by, row.id),
    }


def _bag(row: PackageRow) -> dict[str, Any] | None:
    """What the judge found; None while there is no verdict."""
    if row.status not in KEPT | REFUSED or not row.facts:
        return None
    names = ("version", "base", "files", "bytes", "oxum", "manifests", "tag_manifests", "errors")
    told = {name: row.facts[name] for name in names if name in row.facts}
    return {"valid": row.status in KEPT, **told}


def _formats(row: PackageRow) -> tuple[Format, ...]:
    """A zip, and a bag of some version, as far as the judge found them; no bag has a key in PRONOM,
    so the document that defines it is named."""
    if row.status not in KEPT:
        return ()
    bag = Format("BagIt", str(row.facts.get("version", "")), "RFC Editor", "RFC 8493")
    return ZIP, bag


def licence_of(user_metadata: object) -> str:
    """The licence that a depositor named, whatever the case of the key; empty without one."""
    if not isinstance(user_metadata, Mapping):
        return ""
    known = {str(key).lstrip(".").lower(): value for key, value in user_metadata.items()}
    told = next((known[each] for each in _LICENCES if known.get(each)), "")
    first = told[0] if isinstance(told, list) else told
    return first.strip() if isinstance(first, str) else ""
