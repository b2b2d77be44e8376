"""The workflows and file status types that every hub begins with.

Source: seeds/workflow-hub.txt: migrate, premigrate, recall and send as its web pages and commands
offer them, delete as its changelog names it.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from lagan.hub.jobs.models import FileStatusType, Workflow
from lagan.hub.jobs.workflows.rules import Definition

SEND_FIELDS: list[dict[str, Any]] = [
    {"name": "target_site", "label": "Destination site", "type": "enum[site]"},
    {"name": "hydrate", "label": "Hydrate files on destination", "type": "bool"},
    {"name": "verify", "label": "Read the content once more and compare it", "type": "bool"},
]

WORKFLOWS: tuple[Definition, ...] = (
    Definition("migrate", "Migrate", [{"name": "hsm.migrate"}]),
    Definition("premigrate", "Premigrate", [{"name": "hsm.migrate", "premigrate": True}]),
    Definition("recall", "Recall", [{"name": "hsm.recall"}]),
    Definition(
        "send",
        "Send",
        [
            {"name": "hsm.send", "verify": "&verify"},
            {
                "name": "hsm.receive",
                "site": "&target_site",
                "hydrate": "&hydrate",
                "verify": "&verify",
            },
        ],
        SEND_FIELDS,
    ),
    Definition("delete", "Delete", [{"name": "hsm.delete"}]),
)

STATUS_TYPES: tuple[tuple[str, str, str, str], ...] = (
    ("unmanaged", "Online", "#e5e7eb", "#1f2937"),
    ("premigrated", "Premigrated", "#dbeafe", "#1e3a8a"),
    ("migrated", "Offline", "#1e3a8a", "#ffffff"),
    ("modified", "Modified", "#fef3c7", "#78350f"),
    ("missing", "Missing at target", "#fee2e2", "#7f1d1d"),
)
"""Key, label, background and text colour; each pair has the contrast of WCAG AA."""


def ensure_defaults() -> None:
    """Make what is missing. What was changed stays changed, what was removed stays removed: this
    runs whenever a hub starts."""
    with transaction.atomic():
        known = set(Workflow.objects.values_list("name", flat=True))
        Workflow.objects.bulk_create(
            [row_of(each) for each in WORKFLOWS if each.name not in known], ignore_conflicts=True
        )
        FileStatusType.objects.bulk_create(
            [
                FileStatusType(key=key, label=label, background_color=background, text_color=text)
                for key, label, background, text in STATUS_TYPES
            ],
            ignore_conflicts=True,
        )


def default_of(name: str) -> Definition | None:
    """The workflow of that name as Lagan brings it."""
    return next((each for each in WORKFLOWS if each.name == name), None)


def row_of(definition: Definition) -> Workflow:
    """A new row for a workflow that Lagan brings."""
    return Workflow(
        name=definition.name,
        label=definition.label,
        icon=definition.icon,
        steps=list(definition.steps),
        fields=list(definition.fields),
        default=True,
    )
