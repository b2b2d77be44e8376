"""The form that runs a workflow: its fields by type, how files are found, filters; what was posted,
and the reasons against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http.request import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lagan.hub.base.actors import Actor
from lagan.hub.jobs.workflows import queries
from lagan.hub.jobs.workflows.running import RECURSIVE, SNAPDIFF
from lagan.hub.web.browsing import Picked
from lagan.kit.errors import LaganError, NotFound

SHOWN = 20
"""Paths of a selection that a confirmation lists."""
ICONS = {
    "migrate": "cloud-upload",
    "premigrate": "copy-check",
    "recall": "cloud-download",
    "send": "send",
    "delete": "trash-2",
}
DISCOVERIES: tuple[tuple[str, str | Promise], ...] = (
    (RECURSIVE, _("Everything beneath")),
    (SNAPDIFF, _("What is new or changed since the last completed run")),
    ("", _("These paths alone, as they are")),
)
FILTERS = ("include", "exclude", "min_size", "max_size", "older_than", "newer_than")


@dataclass(frozen=True, slots=True)
class Offered:
    """A workflow as the menu shows it."""

    name: str
    label: str
    icon: str
    dangerous: bool


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a workflow as its form shows it."""

    name: str
    label: str
    kind: str
    required: bool
    value: str
    options: Sequence[tuple[str, str]]


def offered() -> list[Offered]:
    """All workflows, those that Lagan brings first."""
    return [
        Offered(row.name, row.label, icon(row.name), row.name == "delete")
        for row in queries.workflows()
    ]


def icon(name: str) -> str:
    """The icon of a workflow; those that people made have one in common."""
    return ICONS.get(name, "workflow")


def workflow(name: str) -> Any:
    """The workflow of that name, else NotFound."""
    row = queries.named(name)
    if row is None:
        raise NotFound("There is no such workflow.")
    return row


def form_fields(actor: Actor, row: Any, given: Mapping[str, Any]) -> list[FormField]:
    """What whoever runs it fills in, with what was filled in so far."""
    return [
        FormField(
            name=each.name,
            label=each.label,
            kind=each.type.kind,
            required=each.required,
            value=given.get(f"field:{each.name}", _text(each.default)),
            options=queries.choices(actor, each.type) if each.type.kind == "enum" else (),
        )
        for each in queries.form_fields(row)
    ]


def values(given: QueryDict, row: Any) -> dict[str, Any]:
    """What was filled in; a box that is not ticked is false."""
    found: dict[str, Any] = {}
    for each in queries.form_fields(row):
        name = f"field:{each.name}"
        found[each.name] = name in given if each.type.kind == "bool" else given.get(name, "")
    return found


def discovery(given: Mapping[str, Any], picked: Picked) -> str | None:
    """How files are found; files alone are taken as they are."""
    chosen: str = given.get("discovery", RECURSIVE if picked.folders else "")
    return chosen or None


def discoveries(given: Mapping[str, Any], picked: Picked) -> list[tuple[str, str | Promise, bool]]:
    """The ways to find files, and which is chosen."""
    chosen = discovery(given, picked) or ""
    return [(value, words, value == chosen) for value, words in DISCOVERIES]


def filters(given: QueryDict, picked: Picked) -> dict[str, Any]:
    """The filters that were filled in; patterns one a line."""
    if discovery(given, picked) is None:
        return {}
    found: dict[str, Any] = {}
    for name in FILTERS:
        text = given.get(f"filter:{name}", "").strip()
        if text:
            several = [each.strip() for each in text.splitlines() if each.strip()]
            found[name] = several if name in ("include", "exclude") else text
    return found


def reasons(refusal: LaganError) -> dict[str, Sequence[str]]:
    """Why it was refused, by what it is about; `all` for what is about nothing alone."""
    given = getattr(refusal, "reasons", None)
    if isinstance(given, Mapping):
        return {str(field): list(said) for field, said in given.items()}
    return {str(refusal.facts.get("field") or "all"): [refusal.sentence]}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else ""
    return "" if value is None else str(value)
