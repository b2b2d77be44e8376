"""What events happened to as objects of PREMIS: things, their files with digests, formats and
copies, and the rights that are known.

Source: PREMIS Data Dictionary for Preservation Metadata, version 3.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lagan.hub.evidence.premis_units import ENTITY, FILE, identified, object, text, unit

RIGHTS = "Lagan rights"
_DIGESTS = (("sha256", "SHA-256"), ("blake3", "BLAKE3"), ("crc32c", "CRC-32C"))
_UNKNOWN = {"name": "application/octet-stream"}


def entities(subjects: Iterable[int], thing: Mapping[str, Any] | None) -> Iterator[str]:
    """The intellectual entities; the thing's own with its name, and, where it has versions, which
    others they are."""
    known = dict.fromkeys(subjects, "")
    versions: list[Mapping[str, Any]] = []
    if thing:
        about = thing["about"]
        known[about["id"]] = str(about.get("name", ""))
        versions = [each for each in about.get("versions", ()) if each["id"] != about["id"]]
        known |= {each["id"]: known.get(each["id"], "") for each in versions}
    for entity, name in sorted(known.items()):
        own = thing is not None and entity == thing["about"]["id"]
        related = [_related(each, thing) for each in versions] if own else []
        named = [text("originalName", name)] if name else []
        yield object("intellectualEntity", identified("object", ENTITY, str(entity)), *named,
                     *related)  # fmt: skip


def _related(version: Mapping[str, Any], thing: Mapping[str, Any] | None) -> str:
    assert thing is not None  # noqa: S101
    earlier = version["version"] < thing["about"]["version"]
    return unit(
        "relationship",
        text("relationshipType", "derivation"),
        text("relationshipSubType", "has source" if earlier else "is source of"),
        identified("relatedObject", ENTITY, str(version["id"])),
    )


def file(told: Mapping[str, Any], entity: int) -> str:
    """A file as the certificate tells it, part of an entity."""
    fixity = [
        unit("fixity", text("messageDigestAlgorithm", shown), text("messageDigest", told[name]))
        for name, shown in _DIGESTS
        if name in told
    ]
    formats = map(_format, told.get("formats") or [_UNKNOWN])
    return object(
        "file",
        identified("object", FILE, told["id"]),
        unit("objectCharacteristics", *fixity, text("size", str(told["size"])), *formats),
        text("originalName", told["path"]),
        *(_storage(each["volume"]) for each in told["copies"]),
        unit(
            "relationship",
            text("relationshipType", "structural"),
            text("relationshipSubType", "is part of"),
            identified("relatedObject", ENTITY, str(entity)),
        ),
    )


def _format(told: Mapping[str, str]) -> str:
    version = [text("formatVersion", told["version"])] if told.get("version") else []
    registry = []
    if told.get("key"):
        name, key = told["registry"], told["key"]
        registry = [unit("formatRegistry", text("formatRegistryName", name),
                         text("formatRegistryKey", key))]  # fmt: skip
    designation = unit("formatDesignation", text("formatName", told["name"]), *version)
    return unit("format", designation, *registry)


def _storage(volume: str) -> str:
    place = (text("contentLocationType", "Lagan volume"), text("contentLocationValue", volume))
    return unit("storage", unit("contentLocation", *place))


def statements(thing: Mapping[str, Any]) -> Iterator[str]:
    """A statement for each right that is known of the thing."""
    entity = str(thing["about"]["id"])
    for told in thing["rights"]:
        licensed = told["basis"] == "license"
        yield unit(
            "rights",
            unit(
                "rightsStatement",
                identified("rightsStatement", RIGHTS, f"{entity}/{told['basis']}"),
                text("rightsBasis", "license" if licensed else "other"),
                *(_license(told) if licensed else _permission(told)),
                identified("linkingObject", ENTITY, entity),
            ),
        )


def _license(told: Mapping[str, Any]) -> list[str]:
    terms = text("licenseTerms", told["terms"])
    where = told["address"]
    written = [identified("licenseDocumentation", "URI", where)] if where else []
    return [unit("licenseInformation", *written, terms)]


def _permission(told: Mapping[str, Any]) -> list[str]:
    others = told["others"]
    groups = [f"members of {each}" for each in told["groups"]]
    more = [f"{others} others who were granted it"] if others else []
    who = "Only " + (", ".join([*groups, *more]) or "the hub's administrators") + "."
    basis = text("otherRightsBasis", "permission of the repository")
    granted = unit("rightsGranted", text("act", told["act"]), text("restriction", who))
    return [unit("otherRightsInformation", basis), granted]
