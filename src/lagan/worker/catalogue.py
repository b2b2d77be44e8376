"""Which steps a workflow may name, with their arguments: known to the hub, which checks a workflow
before anything runs, and to the workers, which run it.

Source: seeds/workflow-hub.txt, "Workflow Steps", and its changelog for arguments' older names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lagan.kit.errors import BadInput


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a step; without `default` it must be given."""

    kind: type[bool] | type[int] | type[str]
    about: str
    default: bool | int | str | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class StepKind:
    """A step that workflows may name. `about` says what it does to each path. `as_owner`: it acts
    at the hub for whoever started the job."""

    name: str
    about: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    changes: bool = True
    """Whether it changes anything at the site."""
    as_owner: bool = False
    folders: bool = False
    """Whether what it works on are folders, which no walk takes apart."""


_STUB = Argument(int, "Bytes that stay readable at the beginning of the file.", 0)
_HASH = Argument(bool, "Do not compare the content with its digest.", False)
_PROVE = Argument(bool, "Read the content at the target once more and compare it.", False)

STEPS: tuple[StepKind, ...] = (
    StepKind(
        "hsm.migrate",
        "Copy the content to the target, verify it, free its space.",
        {
            "premigrate": Argument(bool, "Keep the content here as well.", False),
            "stub_size": _STUB,
            "overwrite": Argument(bool, "Replace the target's object of this name.", False),
            "target": Argument(str, "Which target; the site's first one unless named.", ""),
            "even_pinned": Argument(bool, "Free the space of pinned files too.", False),
        },
        ("dynamo.tasks.migrate",),
    ),
    StepKind(
        "hsm.recall",
        "Bring the content of migrated files back.",
        {"skip_hash": _HASH},
        ("dynamo.tasks.recall",),
    ),
    StepKind(
        "hsm.reverse_stub",
        "Make files here whose content is at the target.",
        {
            "hydrate": Argument(bool, "Bring the content too.", False),
            "stub_size": Argument(int, "Files up to so many bytes come with their content.", 0),
            "skip_hash": _HASH,
            "overwrite": Argument(bool, "Replace files that are here.", False),
            "verify": _PROVE,
            "target": Argument(str, "Which target; the site's first one unless named.", ""),
        },
        ("dynamo.tasks.reverse_stub",),
    ),
    StepKind(
        "hsm.send",
        "Copy the content to a target that another site has too, verify it, and tell there what"
        " files, folders and links are like.",
        {
            "verify": _PROVE,
            "target": Argument(str, "Which target; the site's first one unless named.", ""),
        },
        changes=False,
    ),
    StepKind(
        "hsm.receive",
        "Make the files, folders and links here that another site sent.",
        {
            "hydrate": Argument(bool, "Bring the content too.", False),
            "stub_size": Argument(int, "Files up to so many bytes come with their content.", 0),
            "skip_hash": _HASH,
            "overwrite": Argument(bool, "Replace files that are here.", False),
            "verify": _PROVE,
            "target": Argument(str, "Which target; the site's first one unless named.", ""),
        },
    ),
    StepKind(
        "hsm.delete",
        "Remove files and empty folders from the site's filesystem.",
        aliases=("dynamo.tasks.delete_paths_from_gpfs",),
    ),
    StepKind(
        "hsm.reconcile",
        "Compare what the site's folders need with what the targets hold; remove what nobody has"
        " needed for long.",
        {
            "target": Argument(str, "Which target; all of the site's unless named.", ""),
            "grace_days": Argument(int, "Days for which an object that nobody needs stays.", 30),
            "orphans": Argument(bool, "Also end objects of which nothing speaks.", False),
            "dry_run": Argument(bool, "Only say what would be done.", False),
        },
        changes=False,
        folders=True,
    ),
    StepKind(
        "hsm.undelete",
        "Make stubs again of files that were removed, as the target remembers them.",
        {
            "hydrate": Argument(bool, "Bring the content too.", False),
            "target": Argument(str, "Which target; all of the site's unless named.", ""),
        },
        folders=True,
    ),
    StepKind("hsm.stat", "Look at each path and say what state it is in.", changes=False),
    StepKind(
        "dataset.archive",
        "Store the files as a dataset in the archive.",
        {
            "group": Argument(str, "The group of the dataset: an id or a path like /NTNU/NV.",
                              required=True),
            "dataset_name": Argument(str, "The dataset's name; the job's own unless given.", ""),
            "close": Argument(bool, "Close the dataset when all is there.", True),
        },
        as_owner=True,
        changes=False,
    ),
    StepKind(
        "dataset.put",
        "Write a dataset's files beneath each path, which is a folder.",
        {
            "dataset": Argument(str, "The dataset's id.", required=True),
            "overwrite": Argument(bool, "Replace files that are here and differ.", False),
        },
        as_owner=True,
        folders=True,
    ),
)  # fmt: skip

BY_NAME: Mapping[str, StepKind] = {
    name: step for step in STEPS for name in (step.name, *step.aliases)
}
"""Every step by each of its names."""

OLDER = {"skip-check-hash": "skip_hash", "overwrite-remote": "overwrite", "stub-size": "stub_size",
         "overwrite-local": "overwrite", "skip-hash": "skip_hash"}  # fmt: skip
"""Arguments' names as older workflows write them."""


def step_kind(name: str) -> StepKind:
    """The step that `name` means; BadInput names those that there are."""
    try:
        return BY_NAME[name]
    except KeyError:
        known = ", ".join(step.name for step in STEPS)
        raise BadInput(f"There is no step called {name!r}; there are {known}.", step=name) from None


def defaults(step: StepKind) -> dict[str, Any]:
    """What its arguments are when nothing is said."""
    return {name: each.default for name, each in step.arguments.items() if not each.required}
