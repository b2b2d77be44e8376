"""A dataset in schema.org's words (JSON-LD) and Dublin Core's (meta tags); pure."""

from __future__ import annotations

from typing import Any

from lagan.hub.datasets.description.facts import Facts
from lagan.hub.datasets.description.people import Person


def dataset(facts: Facts) -> dict[str, Any]:
    """The schema.org Dataset of the landing page."""
    row = facts.row
    told = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": facts.identifier,
        "url": facts.address,
        "identifier": [facts.identifier, *([facts.address] if facts.doi else [])],
        "name": facts.title,
        **properties(facts),
        "creator": [as_person(each) for each in facts.creators],
        "contributor": [as_person(each) for each in facts.contributors],
        "license": (facts.license.address or facts.license.name) if facts.license else None,
        "publisher": {"@type": "Organization", "name": facts.publisher} if facts.publisher else "",
        "isAccessibleForFree": facts.free_files,
        "distribution": [_zip(facts)] if facts.gives_files and row.file_count else [],
        "additionalProperty": [
            {"@type": "PropertyValue", "propertyID": key, "name": key.lstrip("."), "value": value}
            for key, values in facts.others.items()
            for value in values
        ],
    }
    return {name: value for name, value in told.items() if value not in (None, "", [])}


def properties(facts: Facts) -> dict[str, Any]:
    """What the landing page and an RO-Crate's root say in the same words."""
    row = facts.row
    return {
        "description": "\n\n".join(facts.descriptions),
        "keywords": list(facts.keywords),
        "inLanguage": list(facts.languages),
        "version": ", ".join(facts.versions),
        "funder": [{"@type": "Organization", "name": each} for each in facts.funders],
        "citation": list(facts.related),
        "spatialCoverage": list(facts.places),
        "temporalCoverage": list(facts.periods),
        "dateCreated": row.created.date().isoformat(),
        "dateModified": row.closed.date().isoformat() if row.closed else "",
        "datePublished": facts.published.date().isoformat() if facts.published else "",
    }


def as_person(each: Person) -> dict[str, Any]:
    """A Person, by ORCID iD where there is one."""
    told = {
        "@type": "Person",
        "@id": each.address,
        "name": each.name,
        "givenName": each.given,
        "familyName": each.family,
    }
    return {name: value for name, value in told.items() if value}


def _zip(facts: Facts) -> dict[str, Any]:
    return {
        "@type": "DataDownload",
        "encodingFormat": "application/zip",
        "contentUrl": f"{facts.root}/api/datasets/{facts.row.id}/zip",
    }


def meta_tags(facts: Facts) -> list[tuple[str, str]]:
    """Dublin Core in pairs of name and content, as `<meta>` has them."""
    pairs = [
        ("DC.title", [facts.title]),
        ("DC.creator", [each.turned for each in facts.creators]),
        ("DC.contributor", [each.turned for each in facts.contributors]),
        ("DC.description", facts.descriptions),
        ("DC.subject", facts.keywords),
        ("DC.publisher", [facts.publisher]),
        ("DC.date", [str(facts.year or "")]),
        ("DC.type", ["Dataset"]),
        ("DC.identifier", [facts.identifier]),
        ("DC.language", facts.languages),
        ("DC.rights", [facts.license.address or facts.license.name] if facts.license else []),
        ("DC.relation", facts.related),
        ("DC.coverage", [*facts.places, *facts.periods]),
    ]
    return [(name, value) for name, values in pairs for value in values if value]
