"""Keys that everybody should use for the same thing, by type of entity.

Source: seeds/dataset-archive.txt, how to edit metadata; the names follow Dublin Core and DataCite.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """A key and what it is for."""

    key: str
    words: str


_EVERYWHERE = (
    Preset(".Description", "What this is, in sentences"),
    Preset(".Contact", "Whom to ask about it"),
)
_DATASET = (
    Preset(".Creator", "Who made the data; one value a person"),
    Preset(".Title", "A title for people"),
    Preset(".Keywords", "Words to find it by; one value a word"),
    Preset(".Contributor", "Who else contributed"),
    Preset(".Publisher", "Who publishes the data"),
    Preset(".Date", "When the data was taken, as 2026-11-22"),
    Preset(".Subject", "What it is about, from a list of subjects"),
    Preset(".Type", "The kind of data"),
    Preset(".Format", "The format of the files"),
    Preset(".Identifier", "An identifier elsewhere, as a DOI"),
    Preset(".Source", "What the data was made from"),
    Preset(".Language", "The language of texts, as en"),
    Preset(".Relation", "Related data or publications"),
    Preset(".Coverage", "The place or time that it is about"),
    Preset(".Rights", "Who holds the rights"),
    Preset(".License", "The licence, as CC-BY-4.0"),
    Preset(".Project", "The project"),
    Preset(".Funding", "Who paid for it, and the number of the grant"),
    Preset(".Sample", "The sample that was measured"),
    Preset(".Instrument", "The instrument and its settings"),
)
_COMPUTER = (
    Preset(".Location", "Where it stands"),
    Preset(".Manufacturer", "Who built the instrument"),
    Preset(".Model", "Its model"),
    Preset(".SerialNumber", "Its serial number"),
    Preset(".Responsible", "Who looks after it"),
)


def presets(type: str) -> tuple[Preset, ...]:
    """The presets for entities of a type."""
    return {"DATASET": _DATASET, "COMPUTER": _COMPUTER}.get(type, ()) + _EVERYWHERE
