"""The facts of one dataset, gathered once for every standard: from its row, its metadata, its owner
and its instrument."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from lagan.hub.accounts import queries as accounts
from lagan.hub.datasets import reach as reaching
from lagan.hub.datasets.description.people import Person, person
from lagan.hub.datasets.description.terms import LICENSES, TERMS
from lagan.hub.datasets.queries import DatasetRow
from lagan.hub.datasets.reach import Reach
from lagan.hub.tree import queries as tree

_DOI = re.compile(r"(?:doi:|https?://(?:dx\.)?doi\.org/)?(10\.\d{4,9}/\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class License:
    """What it is called, and where it is written (empty when that is not known)."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Facts:
    """A dataset as the world may know it. `address` is its landing page, `others` the open keys
    that no standard knows; sizes in bytes."""

    row: DatasetRow
    address: str
    root: str
    title: str
    owner: Person | None
    published: datetime | None
    gives_files: bool
    """Whether the asker may have the files."""
    free_files: bool
    """Whether anybody may."""
    instrument: tuple[int, str] | None
    descriptions: Sequence[str] = ()
    creators: Sequence[Person] = ()
    contributors: Sequence[Person] = ()
    keywords: Sequence[str] = ()
    license: License | None = None
    publisher: str = ""
    doi: str = ""
    languages: Sequence[str] = ()
    versions: Sequence[str] = ()
    funders: Sequence[str] = ()
    related: Sequence[str] = ()
    places: Sequence[str] = ()
    periods: Sequence[str] = ()
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def year(self) -> int | None:
        """The year of publication: when it was published here, else when it was closed; None
        before."""
        when = self.published or self.row.closed
        return when.year if when else None

    @property
    def identifier(self) -> str:
        """What to cite: the DOI's address, else the landing page's."""
        return f"https://doi.org/{self.doi}" if self.doi else self.address


def facts(reach: Reach, root: str) -> Facts:
    """The facts of what `reach` leads to; `root` is the hub's address without a slash at the end.

    Metadata is told to everybody once it is published, before that to those with
    DATASET_METADATA_READ.
    """
    row = reaching.described(reach)
    public = reaching.published(row.id)
    told = public is not None or tree.may(reach.by, "DATASET_METADATA_READ", row.id)
    values, others = sorted_out(tree.metadata(row.id) if told else {})
    owner = _owner(row)
    creators = [person(each) for each in values.get("creators", ())]
    return Facts(
        row=row,
        address=f"{root}/d/{row.id}/",
        root=root,
        title=next(iter(values.get("titles", ())), row.name),
        owner=owner,
        published=public.at if public else None,
        gives_files=reach.files,
        free_files=public is not None and public.files,
        instrument=(row.computer_id, row.computer) if row.computer_id and row.computer else None,
        descriptions=values.get("descriptions", ()),
        creators=creators or ([owner] if owner else []),
        contributors=[person(each) for each in values.get("contributors", ())],
        keywords=_split(values.get("keywords", ())),
        license=next((license_named(each) for each in values.get("licenses", ())), None),
        publisher=next(iter(values.get("publishers", ())), settings.CONFIG.publisher),
        doi=next((found for each in values.get("dois", ()) if (found := doi(each))), ""),
        languages=values.get("languages", ()),
        versions=values.get("versions", ()),
        funders=values.get("funders", ()),
        related=values.get("related", ()),
        places=values.get("places", ()),
        periods=values.get("periods", ()),
        others=others,
    )


def sorted_out(
    metadata: Mapping[str, Sequence[Any]],
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Values by the fields of `Facts`, and those of open keys that no standard knows. The system's
    own keys are told to nobody."""
    known: dict[str, list[str]] = {}
    others: dict[str, list[str]] = {}
    for key, values in metadata.items():
        texts = [text for each in values if (text := _text(each))]
        if not key.startswith(".") or not texts:
            continue
        term = TERMS.get(key.lower())
        target, name = (known, term.field) if term else (others, key)
        target.setdefault(name, []).extend(texts)
    return known, others


def doi(text: str) -> str:
    """The DOI in a text, in small letters; empty when it is none."""
    found = _DOI.fullmatch(text.strip())
    return found[1].lower() if found else ""


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value).strip()


def _split(values: Sequence[str]) -> list[str]:
    """Keywords one by one, also where somebody wrote several into one value."""
    words = [word.strip() for each in values for word in re.split(r"[;,\n]", each)]
    return list(dict.fromkeys(word for word in words if word))


def license_named(text: str) -> License:
    """A licence as people write it: an address, or a name whose address may be known."""
    if text.startswith(("https://", "http://")) and " " not in text:
        return License(text, text)
    return License(text, LICENSES.get(text.lower().replace(" ", "-"), ""))


def _owner(row: DatasetRow) -> Person | None:
    """The owner by full name; None for one who was made anonymous, or is no person."""
    user = accounts.find_user(username=row.owner)
    if user is None or user.entity_id != row.owner_id or row.owner == f"removed-{row.owner_id}":
        return None
    return person(user.get_full_name(), getattr(user, "orcid", ""))
