"""A dataset as DataCite Metadata Schema 4.5, in JSON and in XML; pure.

Source: https://schema.datacite.org/meta/kernel-4.5/. What the schema demands and nobody said is
named at once, all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as Tree

from lagan.hub.datasets.description.facts import Facts
from lagan.hub.datasets.description.people import Person
from lagan.hub.datasets.errors import Undescribed

NAMESPACE = "http://datacite.org/schema/kernel-4"
_PLACE = f"{NAMESPACE} https://schema.datacite.org/meta/kernel-4.5/metadata.xsd"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def missing(facts: Facts) -> Mapping[str, str]:
    """The mandatory properties that are not there, and how to give each."""
    wanted = {
        "creators": (facts.creators, "Set .Creator: the owner has no name to stand in."),
        "publisher": (facts.publisher, "Set .Publisher, or the hub's setting LAGAN_PUBLISHER."),
        "publicationYear": (facts.year, "Close the dataset: its year is that of its publication."),
    }
    return {name: how for name, (value, how) in wanted.items() if not value}


def as_json(facts: Facts) -> dict[str, Any]:
    """DataCite JSON. Undescribed names every mandatory property that is missing."""
    if lacking := missing(facts):
        words = " ".join(lacking.values())
        raise Undescribed(
            f"DataCite demands {', '.join(lacking)}. {words}",
            missing=[{"property": name, "how": how} for name, how in lacking.items()],
        )
    told: dict[str, Any] = {
        "schemaVersion": "http://datacite.org/schema/kernel-4",
        "alternateIdentifiers": [
            {"alternateIdentifier": facts.address, "alternateIdentifierType": "URL"}
        ],
        "creators": [_person(each) for each in facts.creators],
        "titles": [{"title": facts.title}],
        "publisher": {"name": facts.publisher},
        "publicationYear": str(facts.year),
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Dataset"},
        "subjects": [{"subject": each} for each in facts.keywords],
        "contributors": [
            {**_person(each), "contributorType": "Other"} for each in facts.contributors
        ],
        "dates": _dates(facts),
        "language": next(iter(facts.languages), ""),
        "version": ", ".join(facts.versions),
        "sizes": [f"{facts.row.bytes} bytes", f"{facts.row.file_count} files"],
        "rightsList": _rights(facts),
        "descriptions": [
            {"description": each, "descriptionType": "Abstract"} for each in facts.descriptions
        ],
        "geoLocations": [{"geoLocationPlace": each} for each in facts.places],
        "fundingReferences": [{"funderName": each} for each in facts.funders],
        "url": facts.address,
    }
    if facts.doi:
        prefix, _, suffix = facts.doi.partition("/")
        told |= {"doi": facts.doi, "prefix": prefix, "suffix": suffix}
    return {name: value for name, value in told.items() if value not in ("", [])}


def as_xml(facts: Facts) -> bytes:
    """DataCite XML, in UTF-8. Characters that XML cannot hold become U+FFFD. Undescribed."""
    told = as_json(facts)
    top = Tree.Element(
        "resource", {"xmlns": NAMESPACE, "xmlns:xsi": _INSTANCE, "xsi:schemaLocation": _PLACE}
    )
    kind = "DOI" if facts.doi else "URL"
    _add(top, "identifier", facts.doi or facts.address, identifierType=kind)
    _add_people(top, "creator", told["creators"])
    _add_list(top, "title", [(each["title"], {}) for each in told["titles"]])
    _add(top, "publisher", facts.publisher)
    _add(top, "publicationYear", told["publicationYear"])
    _add(top, "resourceType", "Dataset", resourceTypeGeneral="Dataset")
    _add_list(top, "subject", [(each, {}) for each in facts.keywords])
    _add_people(top, "contributor", told.get("contributors", []))
    _add_list(
        top, "date", [(each["date"], {"dateType": each["dateType"]}) for each in _dates(facts)]
    )
    if told.get("language"):
        _add(top, "language", told["language"])
    _add_list(top, "size", [(each, {}) for each in told["sizes"]])
    if told.get("version"):
        _add(top, "version", told["version"])
    rights = [
        (each["rights"], {"rightsURI": uri} if (uri := each.get("rightsUri")) else {})
        for each in _rights(facts)
    ]
    _add_list(top, "rights", rights, parent="rightsList")
    _add_list(
        top, "description", [(each, {"descriptionType": "Abstract"}) for each in facts.descriptions]
    )
    _add_nested(top, "geoLocation", "geoLocationPlace", facts.places)
    _add_nested(top, "fundingReference", "funderName", facts.funders)
    Tree.indent(top)
    body: bytes = Tree.tostring(top, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body


def xml_text(text: str) -> str:
    """The text with characters that XML 1.0 does not allow (section 2.2) replaced."""
    return "".join(letter if _allowed(ord(letter)) else "\ufffd" for letter in text)


def _allowed(code: int) -> bool:
    return (
        code in (0x9, 0xA, 0xD)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )


def _person(each: Person) -> dict[str, Any]:
    told: dict[str, Any] = {"name": each.turned, "nameType": "Personal"}
    told |= {"givenName": each.given, "familyName": each.family}
    if each.orcid:
        scheme = {"nameIdentifierScheme": "ORCID", "schemeUri": "https://orcid.org"}
        told["nameIdentifiers"] = [{"nameIdentifier": each.address, **scheme}]
    return {name: value for name, value in told.items() if value}


def _dates(facts: Facts) -> list[dict[str, str]]:
    row = facts.row
    when = {"Created": row.created, "Submitted": row.closed, "Issued": facts.published}
    return [
        {"date": each.date().isoformat(), "dateType": kind} for kind, each in when.items() if each
    ]


def _rights(facts: Facts) -> list[dict[str, str]]:
    if facts.license is None:
        return []
    told = {"rights": facts.license.name, "rightsUri": facts.license.address}
    return [{name: value for name, value in told.items() if value}]


def _add(parent: Tree.Element, name: str, text: str, **attributes: str) -> Tree.Element:
    made = Tree.SubElement(parent, name, {key: xml_text(each) for key, each in attributes.items()})
    made.text = xml_text(text)
    return made


def _add_list(
    top: Tree.Element,
    name: str,
    items: list[tuple[str, dict[str, str]]],
    parent: str = "",
) -> None:
    if items:
        around = Tree.SubElement(top, parent or f"{name}s")
        for text, attributes in items:
            _add(around, name, text, **attributes)


def _add_nested(top: Tree.Element, name: str, inner: str, texts: Any) -> None:
    if texts:
        around = Tree.SubElement(top, f"{name}s")
        for text in texts:
            _add(Tree.SubElement(around, name), inner, text)


def _add_people(top: Tree.Element, name: str, people: list[dict[str, Any]]) -> None:
    if not people:
        return
    around = Tree.SubElement(top, f"{name}s")
    for each in people:
        attributes = {"contributorType": "Other"} if name == "contributor" else {}
        one = Tree.SubElement(around, name, attributes)
        _add(one, f"{name}Name", each["name"], nameType="Personal")
        for part in ("givenName", "familyName"):
            if part in each:
                _add(one, part, each[part])
        for identifier in each.get("nameIdentifiers", ()):
            scheme = {"nameIdentifierScheme": "ORCID", "schemeURI": identifier["schemeUri"]}
            _add(one, "nameIdentifier", identifier["nameIdentifier"], **scheme)
