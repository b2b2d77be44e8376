"""The short forms of a dataset's metadata: their names, media types and makers in one table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from lagan.hub.datasets.description import citation, datacite, schema_org
from lagan.hub.datasets.description.facts import Facts

FORMS: Mapping[str, tuple[str, Callable[[Facts], Any]]] = {
    "schema-org.json": ("application/ld+json", schema_org.dataset),
    "datacite.json": ("application/vnd.datacite.datacite+json", datacite.as_json),
    "datacite.xml": ("application/vnd.datacite.datacite+xml", datacite.as_xml),
    "citation.bib": ("application/x-bibtex", citation.bibtex),
    "citation.txt": ("text/x-bibliography", citation.sentence),
}
"""The last part of the form's address, the media type by which it is asked for, what makes it."""

CRATE = "ro-crate-metadata.json"
"""The long form, which is streamed (`ro_crate`)."""
CRATE_TYPE = 'application/ld+json;profile="https://w3id.org/ro/crate"'


def form(about: Facts, name: str) -> tuple[str, bytes]:
    """The facts in one of FORMS: its content type, its bytes."""
    kind, make = FORMS[name]
    body = make(about)
    if isinstance(body, bytes):
        return kind, body
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=1)
    return f"{kind}; charset=utf-8", text.encode("utf-8", "replace")


def links(about: Facts) -> list[tuple[str, dict[str, str]]]:
    """Where to go from the landing page, as pairs of address and attributes of a `Link` header.
    Source: https://signposting.org/FAIR/, level 1."""
    api = f"{about.root}/api/datasets/{about.row.id}"
    found = [(about.identifier, {"rel": "cite-as"}), (f"{api}/{CRATE}", {
        "rel": "describedby",
        "type": "application/ld+json",
        "profile": "https://w3id.org/ro/crate/1.1",
    })]  # fmt: skip
    found += [
        (f"{api}/{name}", {"rel": "describedby", "type": kind}) for name, (kind, _) in FORMS.items()
    ]
    found += [
        ("https://schema.org/Dataset", {"rel": "type"}),
        ("https://schema.org/AboutPage", {"rel": "type"}),
    ]
    found += [(each.address, {"rel": "author"}) for each in about.creators if each.address]
    if about.license and about.license.address:
        found.append((about.license.address, {"rel": "license"}))
    if about.gives_files and about.row.file_count:
        found.append((f"{api}/zip", {"rel": "item", "type": "application/zip"}))
    return found
