"""Which metadata keys the world knows, and what its standards call them; data only.

Keys are compared without regard to case. A key that is not here goes out as a PropertyValue
(schema.org, RO-Crate) and is left out where a standard has no place for it. Sources: DCMI Metadata
Terms, schema.org, DataCite 4.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A field of `Facts`, and its name in schema.org and Dublin Core (None: it has none)."""

    field: str
    schema: str
    dublin: str | None


_TITLE = Term("titles", "name", "DC.title")
_DESCRIPTION = Term("descriptions", "description", "DC.description")
_CREATOR = Term("creators", "creator", "DC.creator")
_CONTRIBUTOR = Term("contributors", "contributor", "DC.contributor")
_KEYWORD = Term("keywords", "keywords", "DC.subject")
_LICENSE = Term("licenses", "license", "DC.rights")
_IDENTIFIER = Term("dois", "identifier", "DC.identifier")
_RELATED = Term("related", "citation", "DC.relation")

TERMS: Mapping[str, Term] = {
    ".title": _TITLE,
    ".description": _DESCRIPTION,
    ".abstract": _DESCRIPTION,
    ".creator": _CREATOR,
    ".author": _CREATOR,
    ".contributor": _CONTRIBUTOR,
    ".keywords": _KEYWORD,
    ".keyword": _KEYWORD,
    ".subject": _KEYWORD,
    ".license": _LICENSE,
    ".licence": _LICENSE,
    ".rights": _LICENSE,
    ".publisher": Term("publishers", "publisher", "DC.publisher"),
    ".doi": _IDENTIFIER,
    ".language": Term("languages", "inLanguage", "DC.language"),
    ".version": Term("versions", "version", None),
    ".funder": Term("funders", "funder", None),
    ".related": _RELATED,
    ".references": _RELATED,
    ".spatial": Term("places", "spatialCoverage", "DC.coverage"),
    ".temporal": Term("periods", "temporalCoverage", "DC.coverage"),
}

LICENSES: Mapping[str, str] = {
    "cc0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "cc-by-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "cc-by-sa-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "cc-by-nc-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "cc-by-nd-4.0": "https://creativecommons.org/licenses/by-nd/4.0/",
    "cc-by-nc-sa-4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    "cc-by-nc-nd-4.0": "https://creativecommons.org/licenses/by-nc-nd/4.0/",
    "odbl-1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
    "pddl-1.0": "https://opendatacommons.org/licenses/pddl/1-0/",
    "odc-by-1.0": "https://opendatacommons.org/licenses/by/1-0/",
    "mit": "https://opensource.org/license/mit/",
    "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
}
"""SPDX identifiers of the licences that data usually has, in small letters, and where they are."""
