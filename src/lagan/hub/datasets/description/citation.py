"""How a dataset is cited: as a sentence, as BibTeX; pure."""

from __future__ import annotations

import re

from lagan.hub.datasets.description.facts import Facts

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%",
    "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


def sentence(facts: Facts) -> str:
    """`Creators (Year). Title. Publisher. Dataset. Identifier` (DataCite's recommended form)."""
    names = "; ".join(each.turned for each in facts.creators) or "Anonymous"
    year = facts.year or "unpublished"
    parts = [f"{names} ({year})", facts.title, facts.publisher, "Dataset", facts.identifier]
    return _line(". ".join(part.rstrip(".") for part in parts if part))


def bibtex(facts: Facts) -> str:
    """One `@misc` entry, which every BibTeX style knows."""
    family = facts.creators[0].family or facts.creators[0].name if facts.creators else "lagan"
    key = re.sub(r"[^a-z0-9]", "", family.lower()) or "dataset"
    fields = {
        "author": " and ".join(_escaped(each.turned) for each in facts.creators),
        "title": f"{{{_escaped(facts.title)}}}",
        "year": str(facts.year or ""),
        "publisher": _escaped(facts.publisher),
        "doi": facts.doi,
        "url": facts.identifier,
        "note": "Dataset",
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@misc{{{key}{facts.year or ''}-{facts.row.id},\n" + ",\n".join(lines) + "\n}\n"


def _escaped(text: str) -> str:
    return _line("".join(_SPECIAL.get(letter, letter) for letter in text))


def _line(text: str) -> str:
    """On one line, without control characters."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
