"""A fixity certificate: which files, with which digests, in which copies, when each was last seen
good, signed by the hub."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from lagan import __version__
from lagan.hub.archive import queries as archive
from lagan.hub.archive import services as volumes
from lagan.hub.audit import queries as audit
from lagan.hub.audit.kinds import Kind
from lagan.hub.audit.services import record
from lagan.hub.base.actors import Actor
from lagan.hub.evidence.certified import Certified, Item, certified
from lagan.hub.evidence.keys import signed
from lagan.hub.evidence.rights import rights_of
from lagan.kit.digests import Digests
from lagan.kit.errors import NotFound, TooLarge

FORMAT = 1
MOST = 20_000
"""Files of one certificate: it is one signed text, which people open. Larger things are certified
folder by folder."""
_BATCH = 2000
_SEEN = {"written": "while it was written", "crc": "by CRC-32C", "full": "by SHA-256"}


@transaction.atomic
def make_certificate(*, by: Actor, kind: str, id: int, folder: str = "") -> dict[str, Any]:
    """The certificate of a thing, or of a folder in it, as it is now: `{"certificate", "jws"}`.

    NotFound or Forbidden as for reading it, and NotFound when there are no files; TooLarge beyond
    20,000 files.
    """
    value = facts_of(by, kind, id, folder)
    if not value["files"]:
        raise NotFound("There are no files to certify.", kind=kind, id=id, folder=folder)
    facts = {"kind": kind, "folder": value["folder"], **value["totals"]}
    record(kind=Kind.CERTIFICATE_MADE, by=by, subject=id, data=facts)
    return {"certificate": value, "jws": signed(value)}


def as_text(made: dict[str, Any]) -> bytes:
    """A certificate as a file of JSON that people can read."""
    return json.dumps(made, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")


def facts_of(by: Actor, kind: str, id: int, folder: str = "") -> dict[str, Any]:
    """What a certificate would say, signed by nobody. Errors as those of `make_certificate`, but
    there may be no files."""
    thing = certified(by, kind, id, folder)
    told = list(islice(_told(thing.files), MOST + 1))
    if len(told) > MOST:
        raise TooLarge(
            f"A certificate holds {MOST:,} files; ask for one of each folder.", most=MOST
        )
    value = _about(by, kind, thing, folder.strip("/"), timezone.now())
    value["rights"] = rights_of(by, thing.id, thing.licence)
    return value | {"files": told, "totals": _totals(told)}


def _about(by: Actor, kind: str, thing: Certified, folder: str, now: datetime) -> dict[str, Any]:
    sequence, seal = audit.head()
    address = settings.CONFIG.address
    hub = {"id": str(volumes.hub_id()), "address": address, "lagan": __version__}
    publisher = settings.CONFIG.institution.get("name", "") or settings.CONFIG.publisher
    return {
        "lagan": "fixity certificate",
        "format": FORMAT,
        "made": now.isoformat(),
        "hub": hub | {"institution": publisher},
        "asked_by": by.name,
        "about": {"kind": kind, "id": thing.id, **thing.facts},
        "folder": folder,
        "record": {"sequence": sequence, "hash": seal},
    }


def _totals(files: Iterable[dict[str, Any]]) -> dict[str, int]:
    told = list(files)
    good = sum(copy["state"] == "good" for each in told for copy in each["copies"])
    copies = sum(len(each["copies"]) for each in told)
    return {
        "files": len(told),
        "bytes": sum(each["size"] for each in told),
        "copies": copies,
        "good_copies": good,
    }


def _told(files: Iterable[Item]) -> Iterator[dict[str, Any]]:
    rest = iter(files)
    while some := list(islice(rest, _BATCH)):
        stored = [each.stored for each in some]
        known, kept = archive.digests(stored), archive.health(stored)
        for each in some:
            copies = kept[each.stored].replicas if each.stored in kept else []
            yield {
                "path": each.path,
                "version": each.version,
                "id": str(each.stored),
                **_digests(known[each.stored]),
                **({"formats": list(map(asdict, each.formats))} if each.formats else {}),
                "copies": [_copy(copy) for copy in copies],
            }


def _digests(known: Digests) -> dict[str, Any]:
    told: dict[str, Any] = {"size": known.size, "crc32c": f"{known.crc32c:08x}"}
    told |= {"sha256": known.sha256} if known.sha256 else {}
    return told | ({"blake3": known.blake3} if known.blake3 else {})


def _copy(row: archive.ReplicaRow) -> dict[str, Any]:
    seen = row.verified_at.isoformat() if row.verified_at else None
    how = _SEEN.get(row.depth, row.depth)
    return {"volume": row.volume, "state": row.state, "seen": seen, "how": how}
